"""Stamped edges of the two Wiegand lines become frames of bits. Sans-I/O; no pins here.

The law: frames are cut by the stamps of the edges, never by when our code came to see them. A frame with anything
doubtful in it (both lines at once, a lost edge, time running backwards, a line that stays low) is a flaw as a whole:
a dropped bit would be another card.
"""

from collections.abc import Collection
from typing import Final

from hardware.readers.framing.framer import Finding, Flaw, Frame
from hardware.signal import FaultKind

FRAME_GAP: Final = 0.025
SHORTEST_GAP: Final = 0.005
LONGEST_GAP: Final = 0.1
GLITCH: Final = 20e-6
SHORTEST: Final = 4
LONGEST: Final = 128
NONE_LOW: Final[frozenset[int]] = frozenset()
_LOST: Final = (FaultKind.LOST_EDGE, "edges were lost")


class WiegandFrame:
    """Collects falling edges: line 0 is D0 (a zero), line 1 is D1 (a one). Stamps in seconds of one monotonic clock.

    `gap` must be longer than the reader's spacing of bits (0.2 to 20 ms) and is 5 to 100 ms.
    """

    def __init__(self, gap: float = FRAME_GAP, glitch: float = GLITCH, longest: int = LONGEST) -> None:
        if not SHORTEST_GAP <= gap <= LONGEST_GAP:
            raise ValueError("the gap that ends a frame is 0.005 to 0.1 s")
        self._gap = gap
        self._glitch = glitch
        self._longest = longest
        self._bits: list[str] = []
        self._last: tuple[int, float] | None = None
        self._flaw: tuple[FaultKind, str] | None = None
        self._told = False
        self._closed_at: float | None = None

    @property
    def pending(self) -> bool:
        """Is a frame begun, so that `tick` is wanted one gap after its last edge?"""
        return self._last is not None

    def wanted(self, stamp: float) -> float | None:
        """In how many seconds `tick` is wanted."""
        return None if self._last is None else max(0.0, self._last[1] + self._gap - stamp)

    def opened(self, stamp: float) -> None:
        """The lines are listened to since `stamp`: of a frame that was under way then the beginning is lost."""
        self._closed_at = stamp

    def edge(self, line: int, stamp: float, *, after_loss: bool = False) -> list[Finding]:
        """Take one falling edge; return the frame before it, if this edge's stamp shows that it had ended.

        `after_loss`: edges before this one were lost. They were the end of one frame or the beginning of the next.
        """
        if after_loss:
            self._flaw = _LOST
        found = self.tick(stamp)
        if after_loss:
            self._flaw = _LOST
        if self._last is None:
            self._begin(stamp)
        else:
            since = stamp - self._last[1]
            if 0 <= since < self._glitch and line == self._last[0]:
                return found  # the same pulse, ringing
            if since < self._glitch:
                self._flaw = (FaultKind.GARBAGE, "both lines at once, or stamps out of order")
        self._last = (line, stamp if self._last is None else max(stamp, self._last[1]))
        return found + self._append(line)

    def tick(self, stamp: float, low: Collection[int] = NONE_LOW) -> list[Finding]:
        """Close the frame if one gap has passed on the clock of the stamps; `low`: the lines that are low even now."""
        if self._last is None or stamp - self._last[1] < self._gap:
            return []
        if low:
            self._flaw = (FaultKind.STUCK, described(low))
        return self._close(self._last[1])

    def _begin(self, stamp: float) -> None:
        # Of a frame that was closed too early, or began before we listened, the remainder at least must be no card.
        if self._closed_at is not None and stamp - self._closed_at < self._gap:
            self._flaw = (FaultKind.LOST_EDGE, "a frame without its beginning")

    def _append(self, line: int) -> list[Finding]:
        if len(self._bits) < self._longest:
            self._bits.append("1" if line else "0")
            return []
        self._flaw = (FaultKind.OVERLONG, f"more than {self._longest} bits without a gap")
        if self._told or self._last is None:
            return []
        self._told = True  # told at once: a line that never rests would never be told otherwise
        return [Flaw(*self._flaw, self._last[1])]

    def _close(self, ended: float) -> list[Finding]:
        bits, flaw, told = "".join(self._bits), self._flaw, self._told
        self._bits.clear()
        self._last = self._flaw = None
        self._told = False
        self._closed_at = ended
        if told:
            return []
        if flaw is not None:
            return [Flaw(*flaw, ended)]
        if len(bits) < SHORTEST:
            return [Flaw(FaultKind.GARBAGE, "fewer than 4 bits", ended)]
        return [Frame(bits, ended)]


def described(low: Collection[int]) -> str:
    """Which lines stay low, for a fault's detail."""
    if len(low) > 1:
        return "both lines stay low: no power, a short, or a cut with a pull-down"
    return f"D{next(iter(low))} stays low"
