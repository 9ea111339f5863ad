"""The `sekisho` command and the demo building: imports every package, is imported by none."""
