"""Taking doors out of service; bringing them back is `premises.restoring`.

The law: nobody is locked in. The last exit of a room stays while the room can be entered, and goes only once it is
certain that nobody is inside: by what the doors recorded, or because somebody looked and says so. A door that is in no
list of its agent lets everybody out and nobody in. What is retired is never deleted: its facts keep its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from controller import line
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.operator import Operator
from controller.premises import door as doors
from controller.premises import room_rules
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door, Moving
from controller.premises.site import Site
from controller.record import alarm, occupancy
from controller.refusal import Refused


@dataclass(frozen=True, slots=True)
class WithoutDoor:
    """A room that a door guards, as it would be without it: the doors of the entries and exits that are left; lost: the
    door has an exit of this room; inside: how many are believed to be, uncertain: somebody else may be."""

    area: Area
    entries: Sequence[Door]
    exits: Sequence[Door]
    lost: bool
    inside: int
    uncertain: bool

    @property
    def traps(self) -> bool:
        """People could come in, and no reader would let them out."""
        return self.lost and bool(self.entries) and not self.exits

    @property
    def must_be_empty(self) -> bool:
        """The last exit goes while somebody may be inside."""
        return self.lost and not self.exits and (self.inside > 0 or self.uncertain)


def without(session: Session, door: Door) -> list[WithoutDoor]:
    """What would be left of each room that `door` guards."""
    inside, unsure = occupancy.counts(session), occupancy.uncertain(session)
    own = doors.access_points(session, door)
    return [
        WithoutDoor(
            area,
            _other_doors(session, doors.entries_into(session, area), door),
            _other_doors(session, doors.exits_from(session, area), door),
            any(point.exit_mode is not None and point.from_area_id == area.id for point in own),
            inside.get(area.id, 0),
            area.id in unsure,
        )
        for area in room_rules.rooms_of(session, door)
    ]


def retire_door(session: Session, by: Operator, now: datetime, door: Door, reason: str, *, empty: bool = False) -> int:
    """Take a door out of service; its place in the ledger. empty: `by` looked, and nobody is in the rooms whose last
    exit this is. Refused reason-missing, door-retired, door-moving, last-exit,
    people-inside.

    Alarms that wait about it are acknowledged with the reason.
    """
    why = line.reason(reason)
    # Whoever retires the other exit of the same room at this moment waits for this one.
    session.refresh(session.get_one(Site, door.site_id), with_for_update=True)
    session.refresh(door, with_for_update=True)
    doors.require_service(door)
    if door.moving == Moving.LEAVING:
        raise Refused("door-moving", door=door.key)
    left = without(session, door)
    for each in left:
        if each.traps:
            raise Refused("last-exit", area=each.area.key)
        if each.must_be_empty and not empty:
            raise Refused("people-inside", area=each.area.key)
    door.retired_at = now
    session.flush()
    stated = sorted(each.area.id for each in left if each.must_be_empty)
    closed = alarm.close_of_door(session, by, now, door.id, why)
    plain = {"stated_empty": stated, "alarms": closed}
    return append(session, Kind.DOOR_RETIRED, by.actor, now, _subjects(door, left), plain, line.opening(why))


def _subjects(door: Door, left: Sequence[WithoutDoor]) -> dict[str, object]:
    return {"door": door.id, "agent": door.agent_id, "areas": [each.area.id for each in left]}


def _other_doors(session: Session, points: Sequence[AccessPoint], door: Door) -> list[Door]:
    found = dict.fromkeys(point.door_id for point in points if point.door_id != door.id)
    return [session.get_one(Door, each) for each in found]
