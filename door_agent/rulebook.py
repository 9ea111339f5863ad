"""What the carried list says of the agent's own doors, as far as their wiring permits it (DESIGN 3.13)."""

from __future__ import annotations

from collections.abc import Mapping

from contract.policy import AccessPointPolicy, DoorPolicy, ExitMode
from door_agent.lists import Lists
from door_agent.wiring import WiredDoor

DEFAULT_RELEASE_S, DEFAULT_HELD_OPEN_S = 5.0, 30.0


class Rulebook:
    """Asked afresh each time: it keeps nothing of the list, which may change between two questions."""

    def __init__(self, lists: Lists, doors: Mapping[str, WiredDoor]) -> None:
        self._lists, self._doors = lists, doors
        self._door_of = {point: door for door in doors.values() for point in door.points}

    def point(self, access_point: str) -> AccessPointPolicy | None:
        """What the list says of this access point; None without a list, or where the list does not know it."""
        carried = self._lists.carried
        return carried.policy.access_points.get(access_point) if carried else None

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

    def release_s(self, door: str) -> float:
        """How long a release of `door` lasts, before the wiring's own cap."""
        policy = self._door(door)
        return policy.release_ms / 1000 if policy else DEFAULT_RELEASE_S

    def held_open_s(self, door: str) -> float:
        """How long `door` may stand open before the alarm."""
        policy = self._door(door)
        return policy.held_open_s if policy else DEFAULT_HELD_OPEN_S

    def _door(self, door: str) -> DoorPolicy | None:
        carried = self._lists.carried
        return carried.policy.doors.get(door) if carried else None
