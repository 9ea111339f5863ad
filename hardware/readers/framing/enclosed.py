"""Frames between STX and ETX, with or without a check byte after the ETX.

Generic readers: STX, 4 to 64 digits, an optional CR, LF or both, ETX, and with `lrc` one byte more: the XOR of
everything after the STX up to and including the ETX (the longitudinal redundancy check of ISO 1155). The check byte may
have any value, that of an STX or ETX too: it is taken by its place.
"""

from collections.abc import Callable

from hardware.readers.framing.framer import CR, ETX, LF, STX, Finding, Flaw, Framer, xor_of
from hardware.readers.framing.line import LONGEST, CardDigits
from hardware.signal import FaultKind


class Enclosed(Framer):
    """An STX begins a new frame, but where the check byte stands. Noise between frames is reported once.

    `read` makes a finding of what stands between; more than `longest` bytes between are no frame.
    """

    def __init__(self, read: Callable[[bytes, float], Finding], longest: int, *, lrc: bool = False) -> None:
        super().__init__()
        self._read = read
        self._longest = longest
        self._lrc = lrc
        self._inside = False
        self._check_next = False
        self._noisy = False

    @property
    def pending(self) -> bool:
        return self._inside

    def reset(self) -> None:
        self._part.clear()
        self._inside = self._check_next = self._noisy = False

    def _abandon(self, now: float) -> list[Finding]:
        self.reset()
        return [Flaw(FaultKind.TIMEOUT, "a frame stopped half way", now)]

    def _take(self, byte: int, now: float) -> list[Finding]:
        if self._check_next:
            return self._check(byte, now)
        if byte == STX:
            return self._begin(now)
        if not self._inside:
            return self._noise(byte, now)
        if byte == ETX:
            self._check_next = self._lrc
            return [] if self._lrc else self._end(now)
        self._part.append(byte)
        if len(self._part) > self._longest:
            self.reset()
            self._noisy = True
            return [Flaw(FaultKind.OVERLONG, "no ETX within the length of a frame", now)]
        return []

    def _check(self, byte: int, now: float) -> list[Finding]:
        if byte == xor_of(bytes(self._part)) ^ ETX:
            return self._end(now)
        self.reset()
        flaw = Flaw(FaultKind.BAD_CHECKSUM, "the check byte does not fit", now)
        # The check byte itself was lost, and this is the next frame's beginning.
        return [flaw, *self._begin(now)] if byte == STX else [flaw]

    def _end(self, now: float) -> list[Finding]:
        body = bytes(self._part)
        self.reset()
        return [self._read(body, now)]

    def _begin(self, now: float) -> list[Finding]:
        cut_short = bool(self._part)
        self.reset()
        self._inside = True
        return [Flaw(FaultKind.GARBAGE, "a new frame began inside a frame", now)] if cut_short else []

    def _noise(self, byte: int, now: float) -> list[Finding]:
        if self._noisy or byte in (CR, LF):
            return []
        self._noisy = True
        return [Flaw(FaultKind.GARBAGE, "bytes outside a frame", now)]


class EnclosedDigits(Enclosed):
    """Digits that are a card, with or without a line ending before the ETX."""

    def __init__(self, card: CardDigits, *, lrc: bool = False) -> None:
        super().__init__(self._digits, LONGEST + 2, lrc=lrc)
        self._card = card

    def _digits(self, body: bytes, now: float) -> Finding:
        for ending in (b"\r\n", b"\r", b"\n"):
            if body.endswith(ending):
                return self._card.read(body.removesuffix(ending), now)
        return self._card.read(body, now)
