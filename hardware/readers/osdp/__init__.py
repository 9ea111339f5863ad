"""An OSDP v2.2 control panel: readers on an RS-485 bus, their Secure Channel, and the one thread that owns the wire.

The law: everything but `line`, `port` and `pairing` is sans-I/O; time, bytes and randomness are arguments. Nothing here
ever speaks in the clear with a reader that has a key. Names in `osdp_…` and annexes are those of SIA OSDP v2.2
(IEC 60839-11-5).
"""
