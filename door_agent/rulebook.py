"""What the carried list says of the agent's own doors, as far as their wiring permits it (DESIGN 3.13)."""

from __future__ import annotations

from collections.abc import Mapping

from contract.policy import AccessPointPolicy, DoorPolicy, ExitMode, Relock
from door_agent.lists import Lists
from door_agent.portal import Times
from door_agent.wiring import WiredDoor

DEFAULT_RELEASE_S = 5.0


class Rulebook:
    """Asked afresh each time: it keeps nothing of the list, which may change between two questions."""

    def __init__(self, lists: Lists, doors: Mapping[str, WiredDoor]) -> None:
        self._lists, self._doors = lists, doors
        self._door_of = {point: door for door in doors.values() for point in door.points}

    def point(self, access_point: str) -> AccessPointPolicy | None:
        """What the list says of this access point; None without a list, or where the list does not know it."""
        carried = self._lists.carried
        return carried.policy.access_points.get(access_point) if carried is not None else None

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
        )

    def _door(self, door: str) -> DoorPolicy | None:
        carried = self._lists.carried
        return carried.policy.doors.get(door) if carried is not None else None
