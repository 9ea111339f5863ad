"""ID-12LA, ID-20LA and RDM6300: forty bits of an EM4100 card as hex between STX and ETX.

9600 baud, 8N1. STX, 10 hex digits, 2 hex digits (the XOR of the 5 bytes), CR LF on ID-12LA and ID-20LA only, ETX.
Forty bits, most significant first: the first byte is the card's version, the other four are the number printed on it.
An RDM6300 repeats its frame for as long as the card lies there: it wants a repeat window.
Sources: ID-2LA/12LA/20LA data sheet (ID Innovations, 2013), section 4; Seeed wiki, 125 kHz RFID module, where card
62E3086CED has the check 08.
"""

from hardware.readers.framing.enclosed import Enclosed
from hardware.readers.framing.framer import HEX, Finding, Flaw, Frame, bits_of, xor_of
from hardware.signal import FaultKind


class StxEtxHex(Enclosed):
    """An STX always begins a new frame. Noise between frames is reported once, until the next STX."""

    def __init__(self) -> None:
        super().__init__(_checked, longest=14)


def _checked(body: bytes, now: float) -> Finding:
    if len(body) == 14 and body.endswith(b"\r\n"):
        body = body[:12]
    if len(body) != 12 or not HEX.issuperset(body):
        return Flaw(FaultKind.GARBAGE, "a frame that is not 12 hex digits", now)
    data = bytes.fromhex(body.decode("ascii"))
    if xor_of(data):
        return Flaw(FaultKind.BAD_CHECKSUM, "the checksum does not fit", now)
    return Frame(bits_of(data[:5]), now)
