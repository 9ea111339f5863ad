"""Samples of a supervised line become settled states. Sans-I/O: it lives on the samples' own stamps.

The law: a state counts when it has stood for `settle`; a line that comes to no rest is a FAULT after `PATIENCE` times
that, whatever it shows in between. With `eager`, an activation counts with its first sample: for what saves lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hardware.loop import Bands
from hardware.signal import LineState

PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class LineChange:
    """The line is in this state since `stamp`, its first sample."""

    state: LineState
    stamp: float


class LineClassifier:
    """Stamps are seconds of one monotonic clock, never decreasing."""

    def __init__(self, bands: Bands, settle: float, *, eager: bool = False) -> None:
        if settle < 0:
            raise ValueError("the time to settle is a number of seconds, not below 0")
        self._bands = bands
        self._settle = settle
        self._eager = eager
        self._state: LineState | None = None
        self._seen: LineState | None = None
        self._seen_since = 0.0
        self._unrest_since: float | None = None

    @property
    def state(self) -> LineState | None:
        """The last state that counted; None before the first."""
        return self._state

    def classify(self, value: float | None, mono: float) -> list[LineChange]:
        """Take one sample (None: it could not be measured); return the change that counts by now, if any."""
        seen = self._bands.state(value, self._seen)
        if seen is not self._seen:
            self._seen, self._seen_since = seen, mono
        if self._counts_at_once(seen):
            return self._adopt(seen, mono)
        if self._unrest_since is None:
            if seen is self._state:
                return []
            self._unrest_since = mono
        if mono - self._seen_since >= self._settle:
            return self._adopt(seen, self._seen_since)
        if mono - self._unrest_since >= PATIENCE * self._settle:
            return self._adopt(LineState.FAULT, self._unrest_since)
        return []

    def _counts_at_once(self, seen: LineState) -> bool:
        """What stands when we begin to look did not bounce, unless it is trouble; and lives do not wait."""
        if self._state is None:
            return not seen.trouble
        return self._eager and seen is LineState.ACTIVE and self._state is not LineState.ACTIVE

    def _adopt(self, state: LineState, stamp: float) -> list[LineChange]:
        self._unrest_since = None
        if state is self._state:
            return []
        self._state = state
        return [LineChange(state, stamp)]
