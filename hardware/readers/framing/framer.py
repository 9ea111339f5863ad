"""What every framer is: bytes and time come in, frames and flaws go out. Sans-I/O.

The law: no input raises, grows memory or is guessed at; what is not a whole, well-formed frame is a `Flaw`. The same
bytes at the same times give the same findings however they were cut into pieces.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

from hardware.readers.reader import Shown
from hardware.signal import FaultKind

INTER_BYTE_GAP: Final = 0.1
"""Seconds of silence inside a frame after which the part is dropped."""

STX: Final = 0x02
ETX: Final = 0x03
CR: Final = 0x0D
LF: Final = 0x0A
HEX: Final = frozenset(b"0123456789ABCDEFabcdef")


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
    """Collects bytes of one wire. `feed` and `tick` never raise for any bytes and any non-decreasing times.

    A reader that has to be `asked` also says what to put on the wire, with `outgoing`.
    """

    asked: ClassVar[bool] = False

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
    def _take(self, byte: int, now: float) -> list[Finding]: ...

    @abstractmethod
    def _abandon(self, now: float) -> list[Finding]: ...

    @property
    def answers(self) -> bool | None:
        """Does the reader answer our questions? None: not known yet, or it only speaks by itself."""
        return None

    def feed(self, data: bytes, now: float) -> list[Finding]:
        """Take `data`, which arrived at `now` (monotonic seconds); return what it completed, in order."""
        found = self.tick(now)
        if data:
            self._last = now
        for byte in data:
            found += self._take(byte, now)
        return found

    def tick(self, now: float) -> list[Finding]:
        """Drop a part that has been silent for `INTER_BYTE_GAP`; return what that brings to light."""
        if not self.pending or now - self._last < INTER_BYTE_GAP:
            return []
        return self._abandon(now)

    def wanted(self, now: float) -> float | None:
        """In how many seconds a `tick` or `outgoing` is wanted if no byte comes before; None: not at all."""
        return max(0.0, self._last + INTER_BYTE_GAP - now) if self.pending else None

    def outgoing(self, now: float) -> bytes:  # noqa: ARG002 - who only listens needs no time
        """What to put on the wire now; nothing for a reader that only speaks by itself."""
        return b""

    def show(self, shown: Shown, now: float) -> None:  # noqa: B027 - most readers have no lights that we can reach
        """Ask the reader to show this with the next `outgoing`."""


def bits_of(data: bytes) -> str:
    """Eight bits for each byte, most significant first, in the order of the bytes."""
    return "".join(f"{value:08b}" for value in data)


def bits_of_hex(digits: bytes) -> str:
    """Four bits for each hex digit, most significant first."""
    return f"{int(digits, 16):0{4 * len(digits)}b}"


def xor_of(data: bytes) -> int:
    """All bytes, exclusive-ored: the check byte of most card readers."""
    total = 0
    for value in data:
        total ^= value
    return total
