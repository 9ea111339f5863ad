"""The `sekisho` command and the demo building: imports every package, is imported by none."""

__version__ = "0.1.0"
