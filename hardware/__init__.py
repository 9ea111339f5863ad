"""Drivers: readers, locks, inputs, indicators and the simulated bench. They yield bits and levels only."""
