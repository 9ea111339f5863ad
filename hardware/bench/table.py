"""Tables of the bench's fixture file, read key by key: what is unknown or of a wrong kind is refused by name."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


class FixtureError(ValueError):
    """The fixture file is wrong; the message says where and how."""


def tables(document: Mapping[str, Any], name: str, keys: set[str] | None = None) -> list[Mapping[str, Any]]:
    """The tables of that name, with only these keys in them."""
    found = document.get(name, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise FixtureError(f"{name} is written [[{name}]]")
    for table in found:
        if keys is not None:
            known(table, f"[[{name}]]", keys)
    return found


def known(table: Mapping[str, Any], where: str, keys: set[str]) -> None:
    """Refuse a key that is none of these."""
    for key in table:
        if key not in keys:
            raise FixtureError(f"unknown key {key} in {where}: known are {', '.join(sorted(keys))}")


def text(table: Mapping[str, Any], where: str, key: str, default: str = "") -> str:
    """A text that is not empty."""
    value = table.get(key, default)
    if not isinstance(value, str) or not value:
        raise FixtureError(f"{where}: {key} is a text that is not empty")
    return value


def one_of(table: Mapping[str, Any], where: str, key: str, words: Iterable[str], default: str = "") -> str:
    """One of these words."""
    value, allowed = table.get(key, default), list(words)
    if value not in allowed:
        raise FixtureError(f"{where}: {key} is {' or '.join(allowed)}")
    return str(value)


def number(table: Mapping[str, Any], where: str, key: str, within: range, default: int | None = None) -> int:
    """A whole number within these bounds."""
    value = table.get(key, default)
    if type(value) is not int or value not in within:
        raise FixtureError(f"{where}: {key} is a number from {within.start} to {within.stop - 1}")
    return value


def gpio(table: Mapping[str, Any], where: str, key: str) -> int:
    """The number of a GPIO."""
    value = table.get(key)
    if type(value) is not int or not 0 <= value <= 27:
        raise FixtureError(f"{where}: {key} is a GPIO from 0 to 27")
    return value


def once(what: str, names: Iterable[str]) -> None:
    """Refuse a name that is there twice."""
    for name, count in Counter(names).items():
        if count > 1:
            raise FixtureError(f"{what} {name} is there twice")
