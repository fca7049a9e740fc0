"""Samples through: one Faust app, the pipeline as a visible list of pure steps, the recorder."""
