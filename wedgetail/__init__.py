"""Switches on the house: the command line, the wiring, the embedded servers, the simulated fleet."""
