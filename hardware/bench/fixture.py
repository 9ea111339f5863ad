"""What stands on the bench: agents, doors, readers and pins, from one TOML file.

The law: unknown keys, double ids and doubly used pins are refused with a sentence that names them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hardware.bench.fixture_readers import OsdpOnBench, ReaderOnBench, SerialOnBench, WiegandOnBench, read_reader
from hardware.bench.osdp_lights import OUTPUTS
from hardware.bench.supervised_line import SupervisedLine, read_line
from hardware.bench.table import FixtureError, gpio, known, once, one_of, tables, text

__all__ = ["BenchPin", "Fixture", "FixtureError", "ReaderPart", "Role", "parse_fixture", "read_fixture"]


class Role(StrEnum):
    """What a pin is, seen from the agent."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class BenchPin:
    """A pin of an agent. `idle` is the level when inactive: a value is 1 when the level differs from it."""

    agent: str
    number: int
    id: str
    role: Role
    idle: int


@dataclass(frozen=True, slots=True)
class ReaderPart:
    """An input or output of a reader itself: it reaches no pin, only the reader's own protocol tells of it."""

    reader: str
    id: str
    role: Role


@dataclass(frozen=True, slots=True)
class Fixture:
    """Everything on the bench. The lines of Wiegand readers are among the pins: active is low."""

    agents: tuple[str, ...]
    doors: tuple[str, ...]
    readers: tuple[ReaderOnBench, ...]
    pins: tuple[BenchPin, ...]
    parts: tuple[ReaderPart, ...] = ()
    lines: tuple[SupervisedLine, ...] = ()


def read_fixture(path: Path) -> Fixture:
    """Read the file; relative ports are seen from its folder. FixtureError or OSError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FixtureError(f"{path}: {error}") from error
    return parse_fixture(document, path.absolute().parent)


def parse_fixture(document: Mapping[str, Any], folder: Path) -> Fixture:
    """The fixture in a parsed TOML document. `[[agent]]` and `[[door]]` are optional: the rest implies them."""
    known(document, "the fixture", {"agent", "door", "reader", "pin", "line"})
    readers = tuple(read_reader(table, folder) for table in tables(document, "reader"))
    declared = tuple(_pin(table) for table in tables(document, "pin"))
    pins = declared + tuple(pin for reader in readers for pin in _lines_of(reader))
    once("reader", (reader.id for reader in readers))
    parts = tuple(part for reader in readers if isinstance(reader, OsdpOnBench) for part in _parts_of(reader))
    once("port", _ports(readers))
    once("address", (f"{each.address} at {each.port}" for each in readers if isinstance(each, OsdpOnBench)))
    lines = tuple(read_line(table) for table in tables(document, "line"))
    once("pin", [pin.id for pin in pins] + [part.id for part in parts] + [line.id for line in lines])
    once("GPIO", (f"{pin.agent} {pin.number}" for pin in pins))
    once("channel", (f"{line.agent} {line.channel}" for line in lines))
    agents = [text(table, "agent", "name") for table in tables(document, "agent", {"name"})]
    doors = [text(table, "door", "id") for table in tables(document, "door", {"id", "agent", "name"})]
    agents += [pin.agent for pin in pins] + [line.agent for line in lines]
    if not doors:
        # Not declared: whatever a pin or line belongs to, unless it is an access point's lamp.
        points = {reader.access_point for reader in readers}
        names = [pin.id for pin in declared] + [line.id for line in lines]
        doors = [door for name in names if (door := name.partition(".")[0]) not in points]
    return Fixture(tuple(dict.fromkeys(agents)), tuple(dict.fromkeys(doors)), readers, pins, parts, lines)


def _ports(readers: tuple[ReaderOnBench, ...]) -> list[str]:
    """Each serial reader's port, and each RS-485 line's once."""
    lines = {str(reader.port) for reader in readers if isinstance(reader, OsdpOnBench)}
    return [str(reader.port) for reader in readers if isinstance(reader, SerialOnBench)] + sorted(lines)


def _parts_of(reader: OsdpOnBench) -> list[ReaderPart]:
    shown = [ReaderPart(reader.id, reader.output(name), Role.OUTPUT) for name in OUTPUTS]
    return [ReaderPart(reader.id, reader.tamper, Role.INPUT), *shown]


def _lines_of(reader: ReaderOnBench) -> list[BenchPin]:
    if not isinstance(reader, WiegandOnBench):
        return []
    numbers = enumerate((reader.d0, reader.d1))
    return [BenchPin(reader.agent, number, reader.wire(line), Role.INPUT, 1) for line, number in numbers]


def _pin(table: Mapping[str, Any]) -> BenchPin:
    known(table, "a pin", {"agent", "number", "id", "role", "idle", "door"})
    name = text(table, "pin", "id")
    where = f"pin {name}"
    role = Role(one_of(table, where, "role", Role))
    number, idle = gpio(table, where, "number"), table.get("idle", 0)
    if type(idle) is not int or idle not in (0, 1):
        raise FixtureError(f"{where}: idle is 0 or 1")
    return BenchPin(text(table, where, "agent"), number, name, role, idle)
