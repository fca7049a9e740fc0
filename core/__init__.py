"""Words that everyone uses, and that import nothing of ours."""
