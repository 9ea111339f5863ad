"""The demo building on paper: areas, doors, agents, wiring. Everything else in the demo is derived from this page.

The hallway has one door (`main`), the Cedar room has two: `cedar` on the agent that also drives `main`, and
`cedar-back` on another agent, so that "in force at 2 of 2 doors" speaks of two agents. That one drives the door of the
Maple room too (`maple`), whose readers are of other kinds: Wiegand in, OSDP with
Secure Channel out, and whose inputs are supervised lines at a converter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

SITE: Final = "tokyo"
ZONE: Final = "Asia/Tokyo"
INPUTS: Final = ("contact", "rex", "break-glass", "fire", "tamper")
LAMPS: Final = ("green", "red", "buzzer")
GPIOS: Final = tuple(number for number in range(2, 28) if number not in (14, 15))
"""What a Raspberry Pi has free: 0 and 1 identify boards, 14 and 15 are the serial console."""

SPI: Final = range(7, 12)
"""What the converter of supervised lines takes."""

Kind = Literal["serial", "wiegand", "osdp"]
SOURCES: Final[Mapping[Kind, str]] = {"serial": "serial-hex", "wiegand": "wiegand", "osdp": "osdp"}
"""What the bits of each kind's cards are enrolled as (`contract.credential.Source`)."""
FORMATS: Final[Mapping[Kind, str]] = {"serial": "serial-40", "wiegand": "H10301", "osdp": "uid-7"}
ADDRESS: Final = 1
KEYPAD: Final = "4-bit"
"""How the keypads of Wiegand readers write a key."""


@dataclass(frozen=True, slots=True)
class DemoReader:
    """A reader: its kind, and for a serial one how it writes."""

    kind: Kind
    framing: str = ""

    @property
    def source(self) -> str:
        return SOURCES[self.kind]


@dataclass(frozen=True, slots=True)
class DemoDoor:
    """One door: who drives it, its readers in and out, where it leads, how it is left; `scheme`: the resistors behind
    which all of its inputs are supervised, empty when each has a pin of its own."""

    id: str
    name: str
    name_ja: str
    agent: str
    readers: tuple[DemoReader, DemoReader]
    outer: str
    inner: str
    exit_mode: str
    scheme: str = ""

    @property
    def entry(self) -> str:
        return f"{self.id}-in"

    @property
    def exit(self) -> str:
        return f"{self.id}-out"

    @property
    def access_points(self) -> tuple[str, str]:
        return (self.entry, self.exit)

    def reader(self, point: str) -> DemoReader:
        return self.readers[self.access_points.index(point)]


_LINES: Final = (DemoReader("serial", "line-hex"),) * 2
_FRAMES: Final = (DemoReader("serial", "stx-etx-hex"),) * 2
_MIXED: Final = (DemoReader("wiegand"), DemoReader("osdp"))

DOORS: Final = (
    DemoDoor("main", "Main entrance", "正面玄関", "cedar", _LINES, "outside", "hallway", "recorded"),
    DemoDoor("cedar", "Cedar room", "杉の間", "cedar", _FRAMES, "hallway", "cedar-room", "controlled"),
    DemoDoor(
        "cedar-back",
        "Cedar room, back door",
        "杉の間 裏口",
        "cedar-back",
        _FRAMES,
        "hallway",
        "cedar-room",
        "controlled",
    ),
    DemoDoor("maple", "Maple room", "楓の間", "cedar-back", _MIXED, "hallway", "maple-room", "controlled", "2k2-4k7"),
)

AGENTS: Final = ("cedar", "cedar-back")


def _signed(door: DemoDoor) -> dict[str, Any]:
    """The sign-off of a controlled exit: the bench's break-glass and fire were tried, a lever opens from inside."""
    told = {"signed_by": "Demo building", "break_glass": True, "fire": True, "failsafe": "mechanical-egress"}
    return {"sign_off": told} if door.exit_mode == "controlled" else {}


PLAN: Final[dict[str, Any]] = {
    "site": {"key": SITE, "name": "Tokyo office", "name_ja": "東京オフィス", "zone": ZONE},
    "area": [
        {"key": "outside", "name": "Outside", "name_ja": "屋外", "open": True},
        {"key": "hallway", "name": "Hallway", "name_ja": "廊下"},
        {"key": "cedar-room", "name": "Cedar room", "name_ja": "杉の間", "private": True},
        {"key": "maple-room", "name": "Maple room", "name_ja": "楓の間", "private": True},
    ],
    "schedule": [
        {
            "name": "Office hours",
            "name_ja": "執務時間",
            "intervals": [[day, 8 * 60, 19 * 60] for day in range(5)],
            "calendar": [{"name": "Japanese public holidays", "hours": []}],
        },
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
                    "formats": [FORMATS[door.readers[0].kind]],
                },
                {
                    "key": door.exit,
                    "direction": "exit",
                    "from": door.inner,
                    "to": door.outer,
                    "formats": [FORMATS[door.readers[1].kind]],
                    "exit_mode": door.exit_mode,
                    **_signed(door),
                },
            ],
        }
        for door in DOORS
    ],
}
"""What `controller.premises.building` loads."""


def doors_of(agent: str) -> tuple[DemoDoor, ...]:
    return tuple(door for door in DOORS if door.agent == agent)


def peers_of(agent: str) -> tuple[str, ...]:
    """The other agents with a door into one of the areas that this agent guards: they hear each other's presence."""
    guarded = {door.inner for door in doors_of(agent)}
    return tuple(other for other in AGENTS if other != agent and guarded & {door.inner for door in doors_of(other)})


def reader_at(point: str) -> DemoReader:
    """The reader at an access point."""
    return next(door.reader(point) for door in DOORS if point in door.access_points)


def points_of(kind: Kind) -> tuple[str, ...]:
    """The access points that have a reader of this kind."""
    points = chain.from_iterable(door.access_points for door in DOORS)
    return tuple(point for point in points if reader_at(point).kind == kind)


def osdp_key(agents: Path, door: DemoDoor, point: str) -> Path:
    """Where the key of an OSDP reader lies, among the keys of the agent that speaks to it."""
    return agents / door.agent / "keys" / f"{point}.osdp"


@dataclass(frozen=True, slots=True)
class DemoPin:
    """A pin of an agent; idle: its level when inactive. A Wiegand reader's lamps and lines are active when low."""

    id: str
    role: Literal["input", "output", "line"]
    idle: int = 0


def parts_of(door: DemoDoor) -> tuple[DemoPin, ...]:
    """Every pin of `door`. An OSDP reader has none: what it shows is said on its line; nor has a supervised input."""
    inputs = (DemoPin(f"{door.id}.{name}", "input") for name in INPUTS if not door.scheme)
    at_readers = chain.from_iterable(_reader_pins(point, door.reader(point)) for point in door.access_points)
    return (DemoPin(f"{door.id}.strike", "output"), *inputs, *at_readers)


def _reader_pins(point: str, reader: DemoReader) -> list[DemoPin]:
    if reader.kind == "osdp":
        return []
    low = reader.kind == "wiegand"
    lines = [DemoPin(f"{point}.d{line}", "line", 1) for line in (0, 1)] if low else []
    return lines + [DemoPin(f"{point}.{lamp}", "output", int(low)) for lamp in LAMPS]


def pins_of(agent: str) -> dict[str, int]:
    """The GPIO number of every part that `agent` drives or watches."""
    parts = chain.from_iterable(parts_of(door) for door in doors_of(agent))
    # Outputs take the first numbers: 2 and 3 have pull-up resistors on the board, which an input could not choose.
    ordered = sorted(parts, key=lambda part: part.role != "output")
    free = [number for number in GPIOS if number not in SPI or not channels_of(agent)]
    return {part.id: number for part, number in zip(ordered, free, strict=False)}


def lines_of(door: DemoDoor) -> tuple[str, ...]:
    """The supervised inputs of `door`."""
    return tuple(f"{door.id}.{name}" for name in INPUTS if door.scheme)


def channels_of(agent: str) -> dict[str, int]:
    """The converter's channel of every supervised input that `agent` watches."""
    names = chain.from_iterable(lines_of(door) for door in doors_of(agent))
    return {name: channel for channel, name in enumerate(names)}


def fixture(agents: Path) -> str:
    """The bench's fixture file: the same building, seen from the wires. Ports lie in `ports/` beside it; `agents` is
    the folder of the agents, in which the keys of OSDP readers lie."""
    lines = [f'[[agent]]\nname = "{agent}"' for agent in AGENTS]
    lines += [f'[[door]]\nid = "{door.id}"\nagent = "{door.agent}"' for door in DOORS]
    for door in DOORS:
        pins = pins_of(door.agent)
        lines += [_reader_table(agents, door, point, pins) for point in door.access_points]
        lines += [
            f'[[pin]]\nagent = "{door.agent}"\nnumber = {pins[part.id]}\nid = "{part.id}"\nrole = "{part.role}"\n'
            f"idle = {part.idle}"
            for part in parts_of(door)
            if part.role != "line"
        ]
        channels = channels_of(door.agent)
        lines += [
            f'[[line]]\nagent = "{door.agent}"\nchannel = {channels[name]}\nid = "{name}"\nscheme = "{door.scheme}"'
            for name in lines_of(door)
        ]
    return "\n\n".join(lines) + "\n"


def _reader_table(agents: Path, door: DemoDoor, point: str, pins: Mapping[str, int]) -> str:
    reader = door.reader(point)
    head = f'[[reader]]\nid = "{point}"\nkind = "{reader.kind}"\naccess_point = "{point}"\n'
    match reader.kind:
        case "serial":
            return head + f'framing = "{reader.framing}"\nport = "ports/{point}"'
        case "wiegand":
            told = head + f'agent = "{door.agent}"\nkeypad = "{KEYPAD}"\n'
            return told + f"d0 = {pins[f'{point}.d0']}\nd1 = {pins[f'{point}.d1']}"
        case "osdp":
            key = json.dumps(str(osdp_key(agents, door, point)), ensure_ascii=False)
            return head + f'port = "ports/{point}"\naddress = {ADDRESS}\nkey = {key}'
