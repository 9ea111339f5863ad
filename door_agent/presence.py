"""Who is in which area as far as this agent knows, and where it cannot be sure; folded from its own facts."""

from __future__ import annotations

from collections.abc import Iterable

from contract.presence import Whereabouts
from door_agent.events import Record


class Presence:
    """Presence by holder handle, and the areas where somebody may have come or gone unseen."""

    def __init__(self, known: dict[bytes, Whereabouts], uncertain: Iterable[str]) -> None:
        self._known = dict(known)
        self._uncertain = set(uncertain)

    def __getitem__(self, holder: bytes) -> Whereabouts:
        return self._known[holder]

    def area_of(self, holder: bytes | None) -> str | None:
        """The area the holder last passed into; None if they never did, or nobody is named."""
        where = self._known.get(holder) if holder else None
        return where.area if where else None

    @property
    def whole(self) -> bool:
        """Nothing was missed anywhere since commissioning."""
        return not self._uncertain

    def certain(self, area: str) -> bool:
        """Nobody came into or left `area` unseen."""
        return area not in self._uncertain

    def doubt(self, areas: Iterable[str]) -> None:
        """Somebody may have come into or left these areas unseen."""
        self._uncertain.update(areas)

    def fold(self, record: Record) -> None:
        """What this fact changes."""
        self._uncertain.update(record.uncertain)
        if record.moved is not None:
            self._known[record.moved.holder] = record.moved.leads_to
