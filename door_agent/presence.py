"""Who is in which area as far as this agent knows, and where it cannot be sure; folded from its own facts and what its
peers tell. What was forgiven stays known: whether it still counts is asked of the list each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from contract.presence import Whereabouts, forgiven
from contract.record import Flag, Record
from contract.situation import ELSEWHERE, EMPTY, Inside, Moment, Standing
from door_agent.events import Record as JournalRecord

_CLASSES: Final = (Flag.SUPERVISOR, Flag.HOST, Flag.VISITOR)


class Presence:
    """Presence by holder handle, and the areas where somebody may have come or gone unseen, each with the number of the
    posture under which that happened. `forgiven_at` says under which posture an area was last forgiven."""

    def __init__(
        self, known: Mapping[bytes, Whereabouts], uncertain: Mapping[str, int], forgiven_at: Callable[[str], int]
    ) -> None:
        self._known: dict[bytes, Whereabouts] = {}
        self._uncertain = dict(uncertain)
        self._forgiven_at = forgiven_at
        self._inside: dict[str, Counter[Flag]] = {}
        for holder, where in known.items():
            self.learn(holder, where)

    def __getitem__(self, holder: bytes) -> Whereabouts:
        return self._known[holder]

    def known(self, holder: bytes) -> Whereabouts | None:
        """Where the holder last passed into; None if they never did."""
        return self._known.get(holder)

    def standing(self, record: Record, area: str, moment: Moment) -> Standing:
        """Where the holder of `record` is thought to be, as a rule of `area` looks at it."""
        where = self._known.get(record.holder)
        if where is None:
            return ELSEWHERE
        for_s = None if where.at is None or not moment.trusted else max(0, moment.earliest_s - where.at)
        return Standing(where.area, for_s, forgiven(where, record.forgiven, self._forgiven_at(area)))

    def others(self, area: str, holder: bytes | None) -> Inside:
        """How many are thought to be in `area` besides this holder."""
        inside = self._inside.get(area)
        if not inside:
            return EMPTY
        own = self._known.get(holder) if holder else None
        flags = _classes(own) if own is not None and own.area == area else ()
        people, *classes = (inside[each] - (each in flags) for each in (Flag.NONE, *_CLASSES))
        return Inside(people, *classes)

    def others_before(self, area: str, holder: bytes, stamp: int) -> int:
        """How many of those who are thought to be in `area` came in before that stamp, this holder not counted."""
        known = self._known.items()
        return sum(each.area == area and each.stamp < stamp and other != holder for other, each in known)

    @property
    def whole(self) -> bool:
        """Nothing was missed anywhere since commissioning, or since it was forgiven."""
        return not self._uncertain or all(self.certain(area) for area in self._uncertain)

    def certain(self, area: str) -> bool:
        """Nobody came into or left `area` unseen since it was last forgiven."""
        doubted = self._uncertain.get(area)
        return doubted is None or doubted < self._forgiven_at(area)

    def doubt(self, areas: Iterable[str], posture: int) -> None:
        """Somebody may have come into or left these areas unseen."""
        self._uncertain.update(dict.fromkeys(areas, posture))

    def learn(self, holder: bytes, where: Whereabouts) -> None:
        """The holder passed into `where`."""
        before = self._known.get(holder)
        if before is not None:
            self._inside[before.area].subtract(_classes(before))
        self._known[holder] = where
        self._inside.setdefault(where.area, Counter()).update(_classes(where))

    def fold(self, record: JournalRecord) -> None:
        """What this fact changes."""
        if record.uncertain:
            self.doubt(record.uncertain, record.posture)
        if record.moved is not None:
            self.learn(record.moved.holder, record.moved.to)


def _classes(where: Whereabouts) -> tuple[Flag, ...]:
    """As which a holder inside is counted; everybody counts as NONE, which is to say as one of the people."""
    return (Flag.NONE, *(each for each in _CLASSES if where.flags & each))
