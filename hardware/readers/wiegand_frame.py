"""Stamped edges of the two Wiegand lines become frames of bits. Sans-I/O; no pins here.

The law: frames are cut by the stamps of the edges, never by when our code came to see them. A frame with anything
doubtful in it (both lines at once, time running backwards) is a flaw as a whole: a dropped bit would be another card.
"""

from typing import Final

from hardware.readers.framing import Finding, Flaw, Frame
from hardware.signal import FaultKind

FRAME_GAP: Final = 0.025
GLITCH: Final = 20e-6
SHORTEST: Final = 4
LONGEST: Final = 128


class WiegandFrame:
    """Collects falling edges: line 0 is D0 (a zero), line 1 is D1 (a one). Stamps in seconds of one monotonic clock."""

    def __init__(self, gap: float = FRAME_GAP, glitch: float = GLITCH, longest: int = LONGEST) -> None:
        self._gap = gap
        self._glitch = glitch
        self._longest = longest
        self._bits: list[str] = []
        self._last: tuple[int, float] | None = None
        self._flaw: tuple[FaultKind, str] | None = None

    @property
    def pending(self) -> bool:
        """Is a frame begun, so that `tick` is wanted one gap after its last edge?"""
        return self._last is not None

    def edge(self, line: int, stamp: float) -> list[Finding]:
        """Take one falling edge; return the frame before it, if this edge's stamp shows that it had ended."""
        found = self.tick(stamp)
        if self._last is not None:
            since = stamp - self._last[1]
            if 0 <= since < self._glitch and line == self._last[0]:
                return found  # the same pulse, ringing
            if since < self._glitch:
                self._flaw = (FaultKind.GARBAGE, "both lines at once, or stamps out of order")
        self._last = (line, stamp if self._last is None else max(stamp, self._last[1]))
        self._append(line)
        return found

    def tick(self, stamp: float) -> list[Finding]:
        """Close the frame if one gap has passed on the clock of the stamps."""
        if self._last is None or stamp - self._last[1] < self._gap:
            return []
        return [self._close(self._last[1])]

    def _append(self, line: int) -> None:
        if len(self._bits) < self._longest:
            self._bits.append("1" if line else "0")
        else:
            self._flaw = (FaultKind.OVERLONG, f"more than {self._longest} bits without a gap")

    def _close(self, ended: float) -> Finding:
        bits, flaw = "".join(self._bits), self._flaw
        self._bits.clear()
        self._last = self._flaw = None
        if flaw is not None:
            return Flaw(*flaw, ended)
        if len(bits) < SHORTEST:
            return Flaw(FaultKind.GARBAGE, "fewer than 4 bits", ended)
        return Frame(bits, ended)
