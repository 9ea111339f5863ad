"""Gwiot 7941E: a binary frame whose second byte is its whole length.

9600 baud, 8N1. STX, length of the whole frame, kind of card, 4 to 10 bytes of identifier, check byte, ETX. The check
byte is the XOR of everything between STX and check byte. All bytes between may be 02 or 03, so the length leads.
The bits are the identifier's bytes in the order of the wire, most significant bit first, without the kind of card: 40
for an EM4100 card (the same 40 as from an RDM6300), 32 for a four-byte MIFARE number.
Source: github.com/herra/rfidtagsclone, section 12 and 13 (`02 0A 02 2E 00 B6 D7 B5 F2 03` is card 2E00B6D7B5).
"""

from typing import Final

from hardware.readers.framing.framer import ETX, STX, Finding, Flaw, Frame, Framer, bits_of, xor_of
from hardware.signal import FaultKind

_AROUND: Final = 5
_SHORTEST: Final = _AROUND + 4
_LONGEST: Final = _AROUND + 10


class Gwiot7941(Framer):
    """A wrong frame costs its first byte only: what follows is searched again, so noise before a card loses no card."""

    def __init__(self) -> None:
        super().__init__()
        self._noisy = False

    @property
    def pending(self) -> bool:
        return bool(self._part)

    def reset(self) -> None:
        self._part.clear()
        self._noisy = False

    def _take(self, byte: int, now: float) -> list[Finding]:
        self._part.append(byte)
        return self._search(now)

    def _abandon(self, now: float) -> list[Finding]:
        del self._part[:1]
        found: list[Finding] = [Flaw(FaultKind.TIMEOUT, "a frame stopped half way", now)]
        # What waited behind the beginning of a frame that never came may hold a whole one, long complete.
        while self._part:
            found += self._search(self._last)
            del self._part[:1]
        self.reset()
        return found

    def _search(self, now: float) -> list[Finding]:
        found: list[Finding] = []
        while self._part:
            if self._part[0] != STX or (len(self._part) > 1 and not _SHORTEST <= self._part[1] <= _LONGEST):
                found += self._noise(now)
            elif len(self._part) < 2 or len(self._part) < self._part[1]:
                break
            else:
                found += self._whole(bytes(self._part[: self._part[1]]), now)
        return found

    def _whole(self, frame: bytes, now: float) -> list[Finding]:
        if frame[-1] != ETX or xor_of(frame[1:-1]):
            del self._part[:1]
            self._noisy = True
            return [Flaw(FaultKind.BAD_CHECKSUM, "the check byte does not fit", now)]
        del self._part[: len(frame)]
        self._noisy = False
        return [Frame(bits_of(frame[3:-2]), now)]

    def _noise(self, now: float) -> list[Finding]:
        del self._part[:1]
        if self._noisy:
            return []
        self._noisy = True
        return [Flaw(FaultKind.GARBAGE, "bytes outside a frame", now)]
