"""Muster: who is inside now, room by room, and of whom that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from controller.premises import area as areas
from controller.premises.area import Area
from controller.premises.site import Site
from controller.record import occupancy
from controller.record.occupancy import AreaUncertainty, Inside


@dataclass(frozen=True, slots=True)
class Mustered:
    """One room; uncertain: since when and why somebody may have come or gone unseen, None while nobody can have."""

    area: Area
    people: Sequence[Inside]
    uncertain: AreaUncertainty | None

    @property
    def count(self) -> int:
        return len(self.people)

    def is_certain(self, each: Inside) -> bool:
        """Whether it is certain that this one is here: they badged, and nobody can have left unseen since."""
        return each.certain and self.uncertain is None


def of_rooms(session: Session, site: Site, area_id: int | None = None) -> Sequence[Mustered]:
    """Every room that needs permission, or one of them."""
    unsure = occupancy.uncertain(session)
    rooms = [each for each in areas.guarded_of_site(session, site) if area_id in (None, each.id)]
    inside = occupancy.inside_each(session, (each.id for each in rooms))
    return [Mustered(each, inside.get(each.id, []), unsure.get(each.id)) for each in rooms]
