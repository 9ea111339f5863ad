"""What stands on the bench: agents, doors, readers and pins, from one TOML file.

The law: unknown keys, double ids and doubly used pins are refused with a sentence that names them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hardware.bench.fixture_readers import ReaderOnBench, SerialOnBench, WiegandOnBench, read_reader
from hardware.bench.table import FixtureError, gpio, known, once, one_of, tables, text

__all__ = ["BenchPin", "Fixture", "FixtureError", "Role", "parse_fixture", "read_fixture"]


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
class Fixture:
    """Everything on the bench. The lines of Wiegand readers are among the pins: active is low."""

    agents: tuple[str, ...]
    doors: tuple[str, ...]
    readers: tuple[ReaderOnBench, ...]
    pins: tuple[BenchPin, ...]


def read_fixture(path: Path) -> Fixture:
    """Read the file; relative ports are seen from its folder. FixtureError or OSError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FixtureError(f"{path}: {error}") from error
    return parse_fixture(document, path.absolute().parent)


def parse_fixture(document: Mapping[str, Any], folder: Path) -> Fixture:
    """The fixture in a parsed TOML document. `[[agent]]` and `[[door]]` are optional: pins and readers imply them."""
    known(document, "the fixture", {"agent", "door", "reader", "pin"})
    readers = tuple(read_reader(table, folder) for table in tables(document, "reader"))
    declared = tuple(_pin(table) for table in tables(document, "pin"))
    pins = declared + tuple(pin for reader in readers for pin in _lines_of(reader))
    once("reader", (reader.id for reader in readers))
    once("port", (str(reader.port) for reader in readers if isinstance(reader, SerialOnBench)))
    once("pin", (pin.id for pin in pins))
    once("GPIO", (f"{pin.agent} {pin.number}" for pin in pins))
    agents = [text(table, "agent", "name") for table in tables(document, "agent", {"name"})]
    doors = [text(table, "door", "id") for table in tables(document, "door", {"id", "agent", "name"})]
    agents += [pin.agent for pin in pins]
    if not doors:
        # Not declared: whatever a pin belongs to, unless it is an access point's lamp.
        points = {reader.access_point for reader in readers}
        doors = [door for pin in declared if (door := pin.id.partition(".")[0]) not in points]
    return Fixture(tuple(dict.fromkeys(agents)), tuple(dict.fromkeys(doors)), readers, pins)


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
