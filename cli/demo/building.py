"""The demo building on paper: areas, doors, agents, wiring. Everything else in the demo is derived from this page.

The hallway has one door (`main`), the Cedar room has two: `cedar` on the agent that also drives `main`, and
`cedar-back` on an agent of its own, so that "in force at 2 of 2 doors" speaks of two agents.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

SITE: Final = "tokyo"
ZONE: Final = "Asia/Tokyo"
FORMAT: Final = "serial-40"
CARD_BITS: Final = 40
INPUTS: Final = ("contact", "rex", "break-glass", "fire", "tamper")
LAMPS: Final = ("green", "red", "buzzer")
GPIOS: Final = tuple(number for number in range(2, 28) if number not in (14, 15))
"""What a Raspberry Pi has free: 0 and 1 identify boards, 14 and 15 are the serial console."""


@dataclass(frozen=True, slots=True)
class DemoDoor:
    """One door: who drives it, how its readers write, where it leads, how it is left."""

    id: str
    name: str
    name_ja: str
    agent: str
    framing: str
    outer: str
    inner: str
    exit_mode: str

    @property
    def entry(self) -> str:
        return f"{self.id}-in"

    @property
    def exit(self) -> str:
        return f"{self.id}-out"

    @property
    def access_points(self) -> tuple[str, str]:
        return (self.entry, self.exit)


DOORS: Final = (
    DemoDoor("main", "Main entrance", "正面玄関", "cedar", "line-hex", "outside", "hallway", "recorded"),
    DemoDoor("cedar", "Cedar room", "杉の間", "cedar", "stx-etx-hex", "hallway", "cedar-room", "controlled"),
    DemoDoor(
        "cedar-back",
        "Cedar room, back door",
        "杉の間 裏口",
        "cedar-back",
        "stx-etx-hex",
        "hallway",
        "cedar-room",
        "controlled",
    ),
)

AGENTS: Final = ("cedar", "cedar-back")

PLAN: Final[dict[str, Any]] = {
    "site": {"key": SITE, "name": "Tokyo office", "name_ja": "東京オフィス", "zone": ZONE},
    "area": [
        {"key": "outside", "name": "Outside", "name_ja": "屋外", "open": True},
        {"key": "hallway", "name": "Hallway", "name_ja": "廊下"},
        {"key": "cedar-room", "name": "Cedar room", "name_ja": "杉の間", "private": True},
    ],
    "schedule": [
        {"name": "Office hours", "name_ja": "執務時間", "intervals": [[day, 8 * 60, 19 * 60] for day in range(5)]},
    ],
    "agent": [
        {"key": "cedar", "name": "Controller box, front"},
        {"key": "cedar-back", "name": "Controller box, back"},
    ],
    "door": [
        {
            "key": door.id,
            "name": door.name,
            "name_ja": door.name_ja,
            "agent": door.agent,
            "access_point": [
                {
                    "key": door.entry,
                    "direction": "entry",
                    "from": door.outer,
                    "to": door.inner,
                    "formats": [FORMAT],
                },
                {
                    "key": door.exit,
                    "direction": "exit",
                    "from": door.inner,
                    "to": door.outer,
                    "formats": [FORMAT],
                    "exit_mode": door.exit_mode,
                },
            ],
        }
        for door in DOORS
    ],
}
"""What `controller.premises.building` loads."""


def doors_of(agent: str) -> tuple[DemoDoor, ...]:
    return tuple(door for door in DOORS if door.agent == agent)


def parts_of(door: DemoDoor) -> tuple[tuple[str, str], ...]:
    """(id, role) of every pin of `door`, in the order in which they take GPIO numbers."""
    inputs = ((f"{door.id}.{name}", "input") for name in INPUTS)
    lamps = ((f"{point}.{lamp}", "output") for point in door.access_points for lamp in LAMPS)
    return ((f"{door.id}.strike", "output"), *inputs, *lamps)


def pins_of(agent: str) -> dict[str, int]:
    """The GPIO number of every part that `agent` drives or watches."""
    parts = chain.from_iterable(parts_of(door) for door in doors_of(agent))
    # Outputs take the first numbers: 2 and 3 have pull-up resistors on the board, which an input could not choose.
    ordered = sorted(parts, key=lambda part: part[1] == "input")
    return {part: number for (part, _role), number in zip(ordered, GPIOS, strict=False)}


def fixture() -> str:
    """The bench's fixture file: the same building, seen from the wires. Ports lie in `ports/` beside it."""
    lines = [f'[[agent]]\nname = "{agent}"' for agent in AGENTS]
    lines += [f'[[door]]\nid = "{door.id}"\nagent = "{door.agent}"' for door in DOORS]
    for door in DOORS:
        pins = pins_of(door.agent)
        lines += [
            f'[[reader]]\nid = "{point}"\nkind = "serial"\nframing = "{door.framing}"\nport = "ports/{point}"\n'
            f'access_point = "{point}"'
            for point in door.access_points
        ]
        lines += [
            f'[[pin]]\nagent = "{door.agent}"\nnumber = {pins[part]}\nid = "{part}"\nrole = "{role}"\nidle = 0'
            for part, role in parts_of(door)
        ]
    return "\n\n".join(lines) + "\n"
