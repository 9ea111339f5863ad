"""What the core needs to know of the wiring: which doors and access points there are, and what is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.policy import Direction
from door_agent.settings import DoorSettings


@dataclass(frozen=True, slots=True)
class WiredDoor:
    """One door as it is wired; `points` maps its access points to their directions, `readers` to the words of their
    readers (`contract.reader_kinds`). Doors that name the same `interlock` are never released for entry while another
    of them is released or open."""

    id: str
    points: Mapping[str, Direction]
    contact: bool
    rex: bool
    permits_control: bool
    max_release_s: float
    inside_handle: bool = False
    interlock: str = ""
    readers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, door: DoorSettings) -> WiredDoor:
        return cls(
            door.id,
            {point.id: point.direction for point in door.access_point},
            contact=door.has("contact"),
            rex=door.has("rex"),
            permits_control=door.permits_control,
            max_release_s=door.max_release_ms / 1000,
            inside_handle=door.inside_handle,
            interlock=door.interlock,
            readers={point.id: point.reader.word for point in door.access_point},
        )
