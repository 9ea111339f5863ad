"""Bytes from a serial reader become frames of bits. Sans-I/O: bytes and time come in, frames and flaws go out.

The law: no input raises, grows memory or is guessed at; what is not a whole, well-formed frame is a `Flaw`. The same
bytes at the same times give the same frames however they were cut into pieces.
"""

from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from hardware.signal import FaultKind

INTER_BYTE_GAP: Final = 0.1
"""Seconds of silence inside a frame after which the part is dropped."""

_STX, _ETX, _CR, _LF = 0x02, 0x03, 0x0D, 0x0A
_HEX: Final = frozenset(b"0123456789ABCDEFabcdef")


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame; `mono` is the stamp of its last byte or edge."""

    bits: str
    mono: float


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that was no frame. `detail` never holds the bytes themselves: they may be half a card number."""

    kind: FaultKind
    detail: str
    mono: float


Finding = Frame | Flaw


class Framer(ABC):
    """Collects bytes of one wire. `feed` and `tick` never raise for any bytes and any non-decreasing times."""

    def __init__(self) -> None:
        self._part = bytearray()
        self._last = 0.0

    @property
    @abstractmethod
    def pending(self) -> bool:
        """Is a frame (or a spoilt line) begun and not ended, so that `tick` is wanted after `INTER_BYTE_GAP`?"""

    @abstractmethod
    def reset(self) -> None:
        """Forget what was begun: the wire was opened anew."""

    @abstractmethod
    def _take(self, byte: int, now: float) -> Finding | None: ...

    @abstractmethod
    def _abandon(self, now: float) -> Flaw | None: ...

    def feed(self, data: bytes, now: float) -> list[Finding]:
        """Take `data`, which arrived at `now` (monotonic seconds); return what it completed, in order."""
        found = self.tick(now)
        if data:
            self._last = now
        found.extend(finding for byte in data if (finding := self._take(byte, now)) is not None)
        return found

    def tick(self, now: float) -> list[Finding]:
        """Drop a part that has been silent for `INTER_BYTE_GAP`; return the flaw if it was not reported yet."""
        if not self.pending or now - self._last < INTER_BYTE_GAP:
            return []
        flaw = self._abandon(now)
        return [] if flaw is None else [flaw]


class StxEtxHex(Framer):
    """STX, 10 hex digits, 2 hex digits that are the XOR of the 5 bytes, ETX; ID-12LA puts CR LF before the ETX.

    An STX always begins a new frame. Noise between frames is reported once, until the next STX.
    """

    _BODY: Final = 12
    _LIMIT: Final = 14

    def __init__(self) -> None:
        super().__init__()
        self._inside = False
        self._noisy = False

    @property
    def pending(self) -> bool:
        return self._inside

    def reset(self) -> None:
        self._part.clear()
        self._inside = self._noisy = False

    def _abandon(self, now: float) -> Flaw | None:
        self._drop()
        return Flaw(FaultKind.TIMEOUT, "a frame stopped half way", now)

    def _take(self, byte: int, now: float) -> Finding | None:
        if byte == _STX:
            return self._begin(now)
        if not self._inside:
            return self._noise(byte, now)
        if byte == _ETX:
            body = bytes(self._part)
            self._drop()
            return _checked(body, now)
        self._part.append(byte)
        if len(self._part) > self._LIMIT:
            self._drop()
            self._noisy = True
            return Flaw(FaultKind.OVERLONG, "no ETX within the length of a frame", now)
        return None

    def _begin(self, now: float) -> Flaw | None:
        cut_short = bool(self._part)
        self._drop()
        self._inside = True
        return Flaw(FaultKind.GARBAGE, "a new frame began inside a frame", now) if cut_short else None

    def _noise(self, byte: int, now: float) -> Flaw | None:
        if self._noisy or byte in (_CR, _LF):
            return None
        self._noisy = True
        return Flaw(FaultKind.GARBAGE, "bytes outside a frame", now)

    def _drop(self) -> None:
        self.reset()


def _checked(body: bytes, now: float) -> Finding:
    if len(body) == 14 and body.endswith(b"\r\n"):
        body = body[:12]
    if len(body) != 12 or not _HEX.issuperset(body):
        return Flaw(FaultKind.GARBAGE, "a frame that is not 12 hex digits", now)
    *data, checksum = bytes.fromhex(body.decode("ascii"))
    total = 0
    for value in data:
        total ^= value
    if total != checksum:
        return Flaw(FaultKind.BAD_CHECKSUM, "the checksum does not fit", now)
    return Frame(bits_of_hex(body[:10]), now)


class LineHex(Framer):
    """4 to 64 hex digits, ended by CR, LF or both. One wrong byte spoils its line (there is no checksum to trust).

    With `digits`, only lines of exactly that many digits are frames: say it where the card format is known, because a
    line of which the beginning was lost is otherwise a shorter, valid line.
    """

    _SHORTEST: Final = 4
    _LONGEST: Final = 64

    def __init__(self, digits: int | None = None) -> None:
        super().__init__()
        if digits is not None and not self._SHORTEST <= digits <= self._LONGEST:
            raise ValueError("a line has 4 to 64 hex digits")
        self._digits = digits
        self._skipping = False

    @property
    def pending(self) -> bool:
        return self._skipping or bool(self._part)

    def reset(self) -> None:
        self._part.clear()
        self._skipping = False

    def _abandon(self, now: float) -> Flaw | None:
        reported = self._skipping
        self.reset()
        return None if reported else Flaw(FaultKind.TIMEOUT, "a line stopped half way", now)

    def _take(self, byte: int, now: float) -> Finding | None:
        if byte in (_CR, _LF):
            return self._end(now)
        if self._skipping:
            return None
        if byte not in _HEX:
            return self._spoil(FaultKind.GARBAGE, "a byte that is no hex digit", now)
        self._part.append(byte)
        if len(self._part) > self._LONGEST:
            return self._spoil(FaultKind.OVERLONG, "a line of more than 64 digits", now)
        return None

    def _end(self, now: float) -> Finding | None:
        digits = bytes(self._part)
        self.reset()
        if not digits:
            return None
        if len(digits) < self._SHORTEST or (self._digits is not None and len(digits) != self._digits):
            return Flaw(FaultKind.GARBAGE, "a line with the wrong number of digits", now)
        return Frame(bits_of_hex(digits), now)

    def _spoil(self, kind: FaultKind, detail: str, now: float) -> Flaw:
        self._part.clear()
        self._skipping = True
        return Flaw(kind, detail, now)


def bits_of_hex(digits: bytes) -> str:
    """Four bits for each hex digit, most significant first."""
    return f"{int(digits, 16):0{4 * len(digits)}b}"


def framer_named(name: str) -> Framer:
    """A fresh framer for a wiring file's word: `stx-etx-hex` or `line-hex`. ValueError for any other."""
    match name:
        case "stx-etx-hex":
            return StxEtxHex()
        case "line-hex":
            return LineHex()
    raise ValueError(f"unknown framing {name!r}: it is stx-etx-hex or line-hex")


class RepeatSuppression:
    """Swallows the same bits within `window` seconds of their last sight: readers repeat while a card lies on them.

    Each swallowed repeat renews the window. `window` 0 swallows nothing. At most `_MOST` cards are remembered.
    """

    _MOST: Final = 64

    def __init__(self, window: float) -> None:
        if window < 0:
            raise ValueError("the window is a number of seconds, not below 0")
        self._window = window
        self._seen: OrderedDict[str, float] = OrderedDict()

    def fresh(self, bits: str, now: float) -> bool:
        """Is this a new presentation? Remembers the sight in either case."""
        before = self._seen.pop(bits, None)
        self._seen[bits] = now
        if len(self._seen) > self._MOST:
            self._seen.popitem(last=False)
        return before is None or now - before >= self._window
