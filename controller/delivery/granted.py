"""At how many doors what was decided about a permission is in force, whether it opens one room or an access level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.delivery import distribution
from controller.delivery.distribution import InForce
from controller.ledger.ledger import LedgerRow
from controller.people import access_level as levels
from controller.people.access_level import AccessLevel
from controller.people.permission import Grant
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.door import Door


def doors_of(session: Session, grants: Iterable[Grant]) -> Sequence[Door]:
    """The doors of all rooms that these permissions open, each once."""
    return _together(doors_of_each(session, grants).values())


def doors_of_each(session: Session, grants: Iterable[Grant]) -> Mapping[int, Sequence[Door]]:
    """The doors of the rooms that each of these permissions opens, by its id, in two statements."""
    given = list(grants)
    by_level = levels.areas_of_each(session, {each.access_level_id for each in given if each.access_level_id})
    rooms = {each.id: by_level.get(each.access_level_id or 0, [each.area_id or 0]) for each in given}
    guarded = doors.of_areas(session, chain.from_iterable(rooms.values()))
    return {each: _together(guarded.get(area, ()) for area in areas) for each, areas in rooms.items()}


def doors_of_areas(session: Session, areas: Iterable[Area]) -> Sequence[Door]:
    """The doors of these rooms, each once, by id."""
    return _together(doors.of_areas(session, [area.id for area in areas]).values())


def _together(some: Iterable[Iterable[Door]]) -> Sequence[Door]:
    found = {door.id: door for each in some for door in each}
    return [found[key] for key in sorted(found)]


def in_force(session: Session, grant: Grant) -> InForce:
    """How far its last change has come."""
    return in_force_each(session, [grant])[grant.ledger_sequence]


def level_in_force(session: Session, level: AccessLevel, ledger_sequence: int) -> InForce:
    """How far a change of a level has come: at the doors of every room that it opened before or opens since."""
    return level_in_force_each(session, level, [ledger_sequence])[ledger_sequence]


def level_in_force_each(session: Session, level: AccessLevel, places: Iterable[int]) -> Mapping[int, InForce]:
    """The same of many changes of one level, by the rows that record them, in as many statements as for one."""
    rooms = _rooms_of_changes(session, level, set(places))
    guarded = doors.of_areas(session, chain.from_iterable(rooms.values()))
    concerned = {each: _together(guarded.get(area, ()) for area in areas) for each, areas in rooms.items()}
    return distribution.in_force_of_each(session, concerned)


def _rooms_of_changes(session: Session, level: AccessLevel, places: set[int]) -> dict[int, list[int]]:
    """The ids of the rooms that each of these rows names; of one that is no change of this level, the level's own."""
    own, found = levels.areas_of_each(session, [level.id])[level.id], dict[int, list[int]]()
    for row in session.scalars(select(LedgerRow).where(LedgerRow.sequence.in_(places))):
        named = row.subjects.get("areas") if row.subjects.get("access_level") == level.id else None
        if isinstance(named, list):
            found[row.sequence] = [each for each in named if isinstance(each, int)]
    return {each: found.get(each, own) for each in places}


def in_force_each(session: Session, grants: Iterable[Grant]) -> Mapping[int, InForce]:
    """How far the last change of each has come, by the number of its ledger row, in as many statements as for one."""
    given = list(grants)
    at = doors_of_each(session, given)
    return distribution.in_force_of_each(session, {each.ledger_sequence: at[each.id] for each in given})
