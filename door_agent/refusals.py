"""Refused messages are recorded; but garbage must not fill the journal: a few a minute, then only counted."""

from __future__ import annotations

WINDOW_S = 60.0
A_WINDOW = 5


class Refusals:
    """Counts refusals of one kind; `count(now)` says how many the next fact stands for, None when none is due."""

    def __init__(self) -> None:
        self._window_from = -WINDOW_S
        self._recorded = 0
        self._unrecorded = 0

    def count(self, now: float) -> int | None:
        self._unrecorded += 1
        if now - self._window_from >= WINDOW_S:
            self._window_from, self._recorded = now, 0
        if self._recorded >= A_WINDOW:
            return None
        self._recorded += 1
        told, self._unrecorded = self._unrecorded, 0
        return told
