"""The demo building: a whole Sekisho on loopback, with simulated fittings and real processes."""
