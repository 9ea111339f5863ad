"""Edges of a bouncing contact become settled levels. Sans-I/O: it lives on the edges' own stamps.

The law: a level counts when it has stood for `period`, and is stamped with its first edge. With `eager`, an activation
counts at once and only its end has to settle: that is for the inputs which save lives.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settled:
    """The input is `active` (or not) since `stamp`."""

    active: bool
    stamp: float


class Debounce:
    """Stamps are seconds of one monotonic clock, never decreasing; an earlier stamp is read as 'no time passed'."""

    def __init__(self, period: float, active: bool, *, eager: bool = False) -> None:
        if period < 0:
            raise ValueError("the debounce period is a number of seconds, not below 0")
        self._period = period
        self._eager = eager
        self._active = active
        self._candidate: Settled | None = None

    @property
    def active(self) -> bool:
        """The last level that counted."""
        return self._active

    @property
    def waiting(self) -> bool:
        """Is a level waiting to settle, so that `settle` is wanted one period after its edge?"""
        return self._candidate is not None

    def edge(self, active: bool, stamp: float) -> list[Settled]:
        """Take one raw edge; return the levels that count by now, in order."""
        found = self.settle(stamp)
        if active == self._active:
            self._candidate = None
        elif self._period == 0 or (active and self._eager):
            found.append(self._adopt(Settled(active, stamp)))
        elif self._candidate is None:
            self._candidate = Settled(active, stamp)
        return found

    def settle(self, stamp: float) -> list[Settled]:
        """Let time pass up to `stamp`; return the waiting level if it has stood long enough."""
        waiting = self._candidate
        if waiting is None or stamp - waiting.stamp < self._period:
            return []
        return [self._adopt(waiting)]

    def _adopt(self, settled: Settled) -> Settled:
        self._active = settled.active
        self._candidate = None
        return settled
