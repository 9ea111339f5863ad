"""What keeps a door unlocked beyond single releases: the list's hours, and a holder who presents twice.

Both end at a restart, on a posture that closes the room, and never touch a door into a private room. Hours are judged
again at every quarter hour of a schedule, and whenever the list changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from contract.record import Flag
from contract.schedule import SLOT_S
from contract.situation import Moment
from door_agent.door import HOURS, TWICE, Door
from door_agent.durable import Entry
from door_agent.events import Command, Record
from door_agent.portal import Admission
from door_agent.rulebook import Hours, Rulebook

TWICE_WITHIN_S = 5.0
_LOOK_AGAIN_S = 60.0
"""A clock that was set meanwhile is noticed at the latest then."""


class Modes:
    """Asked at every tick whether a door's mode changes, and told of whoever comes in."""

    def __init__(self, rulebook: Rulebook, doors: Mapping[str, Door]) -> None:
        self._rulebook, self._doors = rulebook, doors
        self._armed: set[str] = set()
        self._once: dict[str, tuple[bytes, float]] = {}
        self.deadline: float | None = 0.0
        """When `due` must be asked; None while no door has hours."""

    def twice(self, door: str, admission: Admission, mono: float) -> bool:
        """Whether this grant is the second in a row, and soon enough, of a holder who may hold this door open."""
        if not (admission.holder and admission.flags & Flag.HOLD and self._rulebook.may_hold(door)):
            return False
        holder, since = self._once.pop(door, (b"", 0.0))
        if holder == admission.holder and mono - since <= TWICE_WITHIN_S:
            return True
        self._once[door] = admission.holder, mono
        return False

    def toggle(self, entry: Entry, moment: Moment) -> list[Command]:
        """Hold the door open, or end that."""
        door = self._doors[entry.door]
        change = door.lock if door.holds(TWICE) else door.unlock
        return change(moment, TWICE, entry.decision)

    def passed(self, record: Record) -> None:
        """Somebody came in: a supervisor begins the hours of a door that waits for one."""
        if record.entered is None or record.moved is None or not record.moved.to.flags & Flag.SUPERVISOR:
            return
        point = record.entered.access_point
        self._armed.update(name for name, door in self._doors.items() if point in door.wired.points)
        self.deadline = 0.0

    def due(self, moment: Moment) -> list[Command]:
        """What the hours change now."""
        commands: list[Command] = []
        waits = None
        for name, door in self._doors.items():
            hours = self._rulebook.hours(name, moment)
            if hours is not Hours.NONE:
                waits = moment.mono + min(_LOOK_AGAIN_S, SLOT_S - moment.latest_s % SLOT_S)
            if hours is not Hours.AFTER_A_SUPERVISOR:
                self._armed.discard(name)
            open_now = hours is Hours.OPEN or name in self._armed
            if open_now != door.holds(HOURS):
                commands += (door.unlock if open_now else door.lock)(moment, HOURS)
            if door.holds(TWICE) and not self._rulebook.may_hold(name):
                commands += door.lock(moment, TWICE)
        self.deadline = waits
        return commands
