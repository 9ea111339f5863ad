"""Card readers: how bytes and edges become frames of bits, and the threads which own the wires."""
