"""What the carried list says of the agent's own doors, as far as their wiring permits it (DESIGN 3.13)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from contract.policy import AccessPointPolicy, AreaPolicy, DoorMode, DoorPolicy, ExitMode, Relock
from contract.record import Record
from contract.room_rules import ALONE
from contract.situation import Moment
from door_agent.lists import Lists
from door_agent.portal import Times
from door_agent.wiring import WiredDoor

DEFAULT_RELEASE_S = 5.0


class Hours(Enum):
    """What the list's hours make of a door now: no hours are set, closed, open, open once a supervisor has come in."""

    NONE = auto()
    CLOSED = auto()
    OPEN = auto()
    AFTER_A_SUPERVISOR = auto()


class Rulebook:
    """Asked afresh each time: it keeps nothing of the list, which may change between two questions."""

    def __init__(self, lists: Lists, doors: Mapping[str, WiredDoor]) -> None:
        self._lists, self._doors = lists, doors
        self._door_of = {point: door for door in doors.values() for point in door.points}

    @property
    def unlisted(self) -> bool:
        """Whether there is no list, and nobody knows what it would say."""
        return self._lists.carried is None

    def point(self, access_point: str) -> AccessPointPolicy | None:
        """What the list says of this access point; None without a list, or where the list does not know it."""
        carried = self._lists.carried
        return carried.policy.access_points.get(access_point) if carried is not None else None

    def record(self, access_point: str, key: bytes) -> Record | None:
        """What the list says there of the card with this look-up key."""
        carried, point = self._lists.carried, self.point(access_point)
        return carried.find(point.guarded, key) if carried is not None and point is not None else None

    def controlled(self, door: str) -> bool:
        """Whether a card is needed to leave by `door`: the list says so, and the wiring permits it."""
        wired = self._doors[door]
        points = (self.point(point) for point in wired.points)
        return wired.permits_control and any(p is not None and p.exit_mode is ExitMode.CONTROLLED for p in points)

    def not_permitted(self) -> tuple[str, ...]:
        """Exits that the list wants controlled and the wiring does not permit; they run as recorded."""
        wanted = (self.point(point) for point in self._door_of)
        return tuple(
            point.id
            for point in wanted
            if point is not None
            and point.exit_mode is ExitMode.CONTROLLED
            and not self._door_of[point.id].permits_control
        )

    def guarded(self, door: str) -> tuple[str, ...]:
        """The areas that `door` leads into or out of, by their tables."""
        points = (self.point(point) for point in self._doors[door].points)
        return tuple(sorted({point.guarded for point in points if point is not None}))

    def posture(self) -> int:
        """The number of the site's posture that the list carries."""
        carried = self._lists.carried
        return carried.policy.posture if carried is not None else 0

    def forgiven_at(self, area: str) -> int:
        """Under which posture presence in `area` was last forgiven; 0 when it never was."""
        policy = self._area(area)
        return policy.posture.forgiven if policy is not None else 0

    def company_within_s(self, access_point: str) -> float:
        """How long somebody waits there for company."""
        point = self.point(access_point)
        policy = self._area(point.guarded) if point is not None else None
        return policy.company.within_s if policy is not None else ALONE.within_s

    def may_unlock(self, door: str) -> bool:
        """Whether `door` may stay unlocked at all now: it guards no private room, and no posture closes one of them."""
        policy, areas = self._door(door), [self._area(area) for area in self.guarded(door)]
        closed = any(a is None or a.private or a.posture.lockdown or a.posture.evacuation for a in areas)
        return policy is not None and policy.mode is DoorMode.NORMAL and not closed

    def may_hold(self, door: str) -> bool:
        """Whether somebody who may can hold `door` open by presenting twice."""
        policy = self._door(door)
        return policy is not None and policy.may_hold and self.may_unlock(door)

    def hours(self, door: str, moment: Moment) -> Hours:
        """Whether the list's hours unlock `door` now."""
        carried, policy = self._lists.carried, self._door(door)
        if carried is None or policy is None or policy.unlock is None:
            return Hours.NONE
        if not (moment.trusted and self.may_unlock(door) and carried.policy.scheduled(policy.unlock, moment)):
            return Hours.CLOSED
        return Hours.AFTER_A_SUPERVISOR if policy.unlock_first else Hours.OPEN

    def areas(self) -> tuple[str, ...]:
        """Every area that a door of this agent guards."""
        return tuple(sorted({area for door in self._doors for area in self.guarded(door)}))

    def recorded(self, door: str) -> bool:
        """Whether leaving by `door` is to be recorded by a card, though the door opens without one."""
        points = (self.point(point) for point in self._doors[door].points)
        modes = {point.exit_mode for point in points if point is not None}
        return ExitMode.RECORDED in modes or (ExitMode.CONTROLLED in modes and not self.controlled(door))

    def release_s(self, door: str, *, extended: bool = False) -> float:
        """How long a release of `door` lasts, before the wiring's own cap."""
        policy = self._door(door)
        if policy is None:
            return DEFAULT_RELEASE_S
        return (policy.extended_ms if extended else policy.release_ms) / 1000

    def times(self, door: str) -> Times:
        """How `door` is timed."""
        policy = self._door(door)
        if policy is None:
            return Times()
        return Times(
            policy.held_open_s,
            policy.extended_held_open_s,
            policy.pre_alarm_s,
            policy.shunt_ms / 1000,
            relock_on_open=policy.relock is Relock.OPENED,
            passing=policy.tailgate_s,
        )

    def _area(self, area: str) -> AreaPolicy | None:
        carried = self._lists.carried
        return carried.policy.areas.get(area) if carried is not None else None

    def _door(self, door: str) -> DoorPolicy | None:
        carried = self._lists.carried
        return carried.policy.doors.get(door) if carried is not None else None
