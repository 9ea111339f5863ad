"""What a controller and a door must agree on to the bit: pure values and functions, no clock, file, socket or log."""
