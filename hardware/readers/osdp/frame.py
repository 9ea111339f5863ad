"""One message on the bus: header, security block, payload, MAC and check. Sans-I/O (SIA OSDP v2.2, message format).

The law: what does not check out is no frame, and no bytes can make the deframer hold more than one longest message.
"""

from binascii import crc_hqx
from dataclasses import dataclass, field
from typing import Final

MARK: Final = 0xFF
"""Line marking: sent once before a message so that a receiver on a shared bus sees a clean start."""
SOM: Final = 0x53
CONFIGURATION_ADDRESS: Final = 0x7F
"""Every reader listens to it, whatever its own address: for a bench with exactly one reader."""
HIGHEST_ADDRESS: Final = 0x7E
LONGEST: Final = 1440
REPLY: Final = 0x80
SEQUENCE: Final = 0x03
CRC: Final = 0x04
BLOCK: Final = 0x08
HEADER: Final = 5
MAC: Final = 4
FIRST_WITH_MAC: Final = 0x15


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. `payload` begins with its code; `block` is the security block with its length byte, or empty.

    `mac` is 4 bytes exactly if the block is of a type that carries one (SCS_15 to SCS_18).
    """

    address: int
    reply: bool
    sequence: int
    payload: bytes = field(repr=False)
    block: bytes = b""
    mac: bytes = b""
    crc: bool = True

    def covered(self) -> bytes:
        """What the MAC is computed over: everything before it, with the length that the whole message has."""
        tail = (MAC if carries_mac(self.block) else 0) + (2 if self.crc else 1)
        length = HEADER + len(self.block) + len(self.payload) + tail
        control = self.sequence | (CRC if self.crc else 0) | (BLOCK if self.block else 0)
        head = bytes((SOM, self.address | (REPLY if self.reply else 0))) + length.to_bytes(2, "little")
        return head + bytes((control,)) + self.block + self.payload

    def encode(self) -> bytes:
        """The message as the wire carries it, without a mark."""
        body = self.covered() + self.mac
        return body + (crc16(body) if self.crc else checksum(body))


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that look like a message and are none; `detail` says why, without any of them."""

    detail: str


def crc16(body: bytes) -> bytes:
    """CRC-16/AUG-CCITT, low byte first (Annex C)."""
    return crc_hqx(body, 0x1D0F).to_bytes(2, "little")


def checksum(body: bytes) -> bytes:
    """The two's complement of the sum of all bytes, modulo 256."""
    return bytes((-sum(body) & 0xFF,))


def carries_mac(block: bytes) -> bool:
    """Does a message with this security block end in a MAC?"""
    return len(block) > 1 and block[1] >= FIRST_WITH_MAC


def decode(raw: bytes) -> Frame | Damaged:
    """The frame that `raw` is, exactly; Damaged if it is anything less or more."""
    if len(raw) < HEADER + 2 or raw[0] != SOM or int.from_bytes(raw[2:4], "little") != len(raw):
        return Damaged("its length is wrong")
    control = raw[4]
    if control & ~(SEQUENCE | CRC | BLOCK):
        return Damaged("its control byte has reserved bits")
    tail = 2 if control & CRC else 1
    body, check = raw[:-tail], raw[-tail:]
    if check != (crc16(body) if control & CRC else checksum(body)):
        return Damaged("its check does not fit")
    return _opened(body, control)


def _opened(body: bytes, control: int) -> Frame | Damaged:
    rest = body[HEADER:]
    block = b""
    if control & BLOCK:
        if not rest or not 2 <= rest[0] <= len(rest):
            return Damaged("its security block is cut")
        block, rest = rest[: rest[0]], rest[rest[0] :]
    mac = b""
    if carries_mac(block):
        rest, mac = rest[:-MAC], rest[-MAC:]
    if not rest or (carries_mac(block) and len(mac) != MAC):
        return Damaged("it has no code")
    address = body[1]
    return Frame(address & ~REPLY, bool(address & REPLY), control & SEQUENCE, rest, block, mac, crc=bool(control & CRC))


class Deframer:
    """Finds replies in what the line says. Skips marks, noise and the echo of our own messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def pending(self) -> bool:
        """Has a message begun that is not whole?"""
        return bool(self._held)

    def reset(self) -> None:
        """Forget what has begun."""
        self._held.clear()

    def feed(self, data: bytes) -> list[Frame | Damaged]:
        """What `data` completed, in order. After a damaged message the search goes on one byte behind its start."""
        found: list[Frame | Damaged] = []
        for start in range(0, len(data), LONGEST):
            self._held += data[start : start + LONGEST]
            while (end := self._whole()) > 0:
                frame = decode(bytes(self._held[:end]))
                found.append(frame)
                del self._held[: 1 if isinstance(frame, Damaged) else end]
        return found

    def _whole(self) -> int:
        """Throw away what cannot begin a reply; the length of the whole message at the front, or 0."""
        while self._held:
            start = self._held.find(SOM)
            del self._held[: len(self._held) if start < 0 else start]
            if self._impossible():
                del self._held[:1]
                continue
            length = int.from_bytes(self._held[2:4], "little")
            return length if len(self._held) >= HEADER and len(self._held) >= length else 0
        return 0

    def _impossible(self) -> bool:
        held = self._held
        if len(held) > 1 and not held[1] & REPLY:
            return True
        return len(held) >= HEADER and not HEADER + 2 <= int.from_bytes(held[2:4], "little") <= LONGEST
