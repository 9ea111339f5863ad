"""The simulated bench: a process of its own that agents see as ordinary serial ports and GPIO pins."""
