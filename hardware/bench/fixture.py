"""What stands on the bench: agents, doors, readers and pins, from one TOML file.

The law: unknown keys, double ids and doubly used pins are refused with a sentence that names them.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class FixtureError(ValueError):
    """The fixture file is wrong; the message says where and how."""


class Role(StrEnum):
    """What a pin is, seen from the agent."""

    INPUT = "input"
    OUTPUT = "output"


class Framing(StrEnum):
    """How a serial reader writes a card."""

    STX_ETX_HEX = "stx-etx-hex"
    LINE_HEX = "line-hex"


@dataclass(frozen=True, slots=True)
class BenchReader:
    """A serial reader; `port` is the symlink through which agents open it."""

    id: str
    kind: str
    framing: Framing
    port: Path
    access_point: str


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
    """Everything on the bench."""

    agents: tuple[str, ...]
    doors: tuple[str, ...]
    readers: tuple[BenchReader, ...]
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
    _known(document, "the fixture", {"agent", "door", "reader", "pin"})
    readers = tuple(_reader(table, folder) for table in _tables(document, "reader"))
    pins = tuple(_pin(table) for table in _tables(document, "pin"))
    _once("reader", (reader.id for reader in readers))
    _once("port", (str(reader.port) for reader in readers))
    _once("pin", (pin.id for pin in pins))
    _once("GPIO", (f"{pin.agent} {pin.number}" for pin in pins))
    agents = [_text(table, "agent", "name") for table in _tables(document, "agent", {"name"})]
    doors = [_text(table, "door", "id") for table in _tables(document, "door", {"id", "agent", "name"})]
    agents += [pin.agent for pin in pins]
    if not doors:
        # Not declared: whatever a pin belongs to, unless it is an access point's lamp.
        points = {reader.access_point for reader in readers}
        doors = [door for pin in pins if (door := pin.id.partition(".")[0]) not in points]
    return Fixture(tuple(dict.fromkeys(agents)), tuple(dict.fromkeys(doors)), readers, pins)


def _reader(table: Mapping[str, Any], folder: Path) -> BenchReader:
    _known(table, "a reader", {"id", "kind", "framing", "port", "access_point", "agent", "door"})
    name = _text(table, "reader", "id")
    kind = _text(table, f"reader {name}", "kind")
    if kind != "serial":
        raise FixtureError(f"reader {name}: kind is serial")
    framing = _text(table, f"reader {name}", "framing")
    if framing not in set(Framing):
        raise FixtureError(f"reader {name}: framing is {' or '.join(Framing)}")
    port = folder / _text(table, f"reader {name}", "port")
    access_point = _text(table, f"reader {name}", "access_point") if "access_point" in table else name
    return BenchReader(name, kind, Framing(framing), port, access_point)


def _pin(table: Mapping[str, Any]) -> BenchPin:
    _known(table, "a pin", {"agent", "number", "id", "role", "idle", "door"})
    name = _text(table, "pin", "id")
    role = _text(table, f"pin {name}", "role")
    if role not in set(Role):
        raise FixtureError(f"pin {name}: role is {' or '.join(Role)}")
    number, idle = table.get("number"), table.get("idle", 0)
    if type(number) is not int or not 0 <= number <= 27:
        raise FixtureError(f"pin {name}: number is a GPIO from 0 to 27")
    if type(idle) is not int or idle not in (0, 1):
        raise FixtureError(f"pin {name}: idle is 0 or 1")
    return BenchPin(_text(table, f"pin {name}", "agent"), number, name, Role(role), idle)


def _tables(document: Mapping[str, Any], name: str, keys: set[str] | None = None) -> list[Mapping[str, Any]]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FixtureError(f"{name} is written [[{name}]]")
    for table in tables:
        if keys is not None:
            _known(table, f"[[{name}]]", keys)
    return tables


def _known(table: Mapping[str, Any], where: str, keys: set[str]) -> None:
    for key in table:
        if key not in keys:
            raise FixtureError(f"unknown key {key} in {where}: known are {', '.join(sorted(keys))}")


def _text(table: Mapping[str, Any], where: str, key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise FixtureError(f"{where}: {key} is a text that is not empty")
    return value


def _once(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise FixtureError(f"{what} {name} is there twice")
