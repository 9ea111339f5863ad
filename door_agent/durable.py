"""Granted entries that wait until the journal holds their fact, at most 150 ms (DESIGN 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from contract.canonical import Object
from door_agent.portal import Admission

JOURNAL_WITHIN_S = 0.150


@dataclass(frozen=True, slots=True)
class Entry:
    """decision: the fact's number, `body` what it says; company: who goes through, one or more; toggles: the door is
    held open with it, or that ends."""

    decision: int
    until: float
    door: str
    access_point: str
    company: tuple[Admission, ...]
    body: Object
    extended: bool
    toggles: bool = False


class DurableEntries:
    """Each entry comes out once: released in time, or late."""

    def __init__(self) -> None:
        self._waiting: list[Entry] = []

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def deadline(self) -> float | None:
        """When the first of them is late."""
        return min([each.until for each in self._waiting]) if self._waiting else None

    def pending(self, door: str) -> bool:
        """Does somebody wait for `door` to be released?"""
        return any(each.door == door for each in self._waiting)

    def wait(self, entry: Entry) -> None:
        self._waiting.append(entry)

    def released(self, through: int, now: float) -> list[Entry]:
        """Those whose fact is among the first `through`, which are durable now, and that are not late."""
        return self._taken([each for each in self._waiting if each.decision <= through and now <= each.until])

    def late(self, now: float) -> list[Entry]:
        """Those that waited too long; a commit that comes later releases nothing."""
        return self._taken([each for each in self._waiting if now > each.until])

    def _taken(self, taken: list[Entry]) -> list[Entry]:
        if taken:
            self._waiting = [each for each in self._waiting if each not in taken]
        return taken
