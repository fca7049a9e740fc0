"""Who must know: the lifecycle of an alert, its words, its handling."""
