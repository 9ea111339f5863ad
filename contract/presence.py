"""Presence: the area a holder last passed into, folded from passages. Door and controller fold alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody went through: `holder` handle (None when a passage cannot be given to anybody), and where to.

    inferred: it is likely, not certain, that this holder went through.
    """

    holder: bytes | None
    from_area: str
    to_area: str
    inferred: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The area a holder last passed into, and whether that passage was certain."""

    area: str
    certain: bool


def moved(presence: Mapping[bytes, Whereabouts], passage: Passage) -> dict[bytes, Whereabouts]:
    """The presence after `passage`."""
    after = dict(presence)
    if passage.holder is not None:
        after[passage.holder] = Whereabouts(passage.to_area, certain=not passage.inferred)
    return after
