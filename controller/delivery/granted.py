"""At how many doors what was decided about a permission is in force, whether it opens one room or an access level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from controller.delivery import distribution
from controller.delivery.distribution import InForce
from controller.ledger.ledger import LedgerRow
from controller.people import access_level as levels
from controller.people import permission as permissions
from controller.people.access_level import AccessLevel
from controller.people.permission import Grant
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.door import Door


def doors_of(session: Session, grants: Iterable[Grant]) -> Sequence[Door]:
    """The doors of all rooms that these permissions open, each once."""
    return doors_of_areas(session, (area for grant in grants for area in permissions.areas_of(session, grant)))


def doors_of_areas(session: Session, areas: Iterable[Area]) -> Sequence[Door]:
    """The doors of these rooms, each once, by id."""
    found = {door.id: door for area in dict.fromkeys(areas) for door in doors.of_area(session, area)}
    return [found[key] for key in sorted(found)]


def in_force(session: Session, grant: Grant) -> InForce:
    """How far its last change has come."""
    return in_force_each(session, [grant])[grant.ledger_sequence]


def level_in_force(session: Session, level: AccessLevel, ledger_sequence: int) -> InForce:
    """How far a change of a level has come: at the doors of every room that it opened before or opens since."""
    return distribution.in_force_at(session, doors_of_level(session, level, ledger_sequence), ledger_sequence)


def doors_of_level(session: Session, level: AccessLevel, ledger_sequence: int) -> Sequence[Door]:
    """The doors that such a change concerns, by the row that records it; of none, those of the level's rooms."""
    row = session.get(LedgerRow, ledger_sequence)
    named = row.subjects.get("areas") if row is not None and row.subjects.get("access_level") == level.id else None
    if not isinstance(named, list):
        return doors_of_areas(session, levels.opening(session, level).areas)
    return doors_of_areas(session, (session.get_one(Area, each) for each in named))


def in_force_each(session: Session, grants: Iterable[Grant]) -> Mapping[int, InForce]:
    """The same of many, by the number of the ledger row; what the doors of one room carry is read once."""
    together: dict[tuple[int | None, int | None], list[Grant]] = {}
    for grant in grants:
        together.setdefault((grant.area_id, grant.access_level_id), []).append(grant)
    found: dict[int, InForce] = {}
    for alike in together.values():
        rows = {grant.ledger_sequence for grant in alike}
        found |= distribution.in_force_at_each(session, doors_of(session, alike[:1]), rows)
    return found
