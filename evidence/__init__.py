"""What was recorded, for others to keep: flights as files, and bundles that anybody can check."""
