"""Where may it fly: zones, the index that finds them, the monitor that watches them."""
