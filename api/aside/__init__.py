"""What the door has done aside, by a process of its own, so that nobody who is looking waits for it."""
