"""Presence: the area a holder last passed into. It moves on a passage, never on a swipe."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The area a holder last passed into, and whether that passage was certain."""

    area: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """`holder` (a handle) went through. inferred: it is likely, not certain, that it was this holder."""

    holder: bytes
    from_area: str
    to_area: str
    inferred: bool

    @property
    def leads_to(self) -> Whereabouts:
        return Whereabouts(self.to_area, certain=not self.inferred)
