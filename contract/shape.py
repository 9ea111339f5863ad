"""Reading decoded payloads field by field: what does not have its promised shape is refused with the field's name."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import TypeVar

from contract.canonical import Object, Value

E = TypeVar("E", bound=StrEnum)


class BadShape(ValueError):
    """A payload lacks a field, has one too many, or holds a value of the wrong kind."""


def exactly(data: Object, fields: Collection[str]) -> None:
    """Require the fields of `data` to be `fields`, no fewer and no more."""
    if data.keys() != set(fields):
        odd = sorted(data.keys() ^ set(fields))
        raise BadShape(f"missing or unknown: {', '.join(odd)}"[:200])


def text(data: Object, field: str, longest: int = 512) -> str:
    value = data.get(field)
    if not isinstance(value, str) or len(value) > longest:
        raise BadShape(f"{field} is not a text of at most {longest} characters")
    return value


def optional_text(data: Object, field: str, longest: int = 512) -> str | None:
    return None if data.get(field) is None else text(data, field, longest)


def integer(data: Object, field: str, least: int = 0, most: int = 2**63 - 1) -> int:
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadShape(f"{field} is not an integer from {least} to {most}")
    return value


def optional_integer(data: Object, field: str, least: int = 0, most: int = 2**63 - 1) -> int | None:
    return None if data.get(field) is None else integer(data, field, least, most)


def flag(data: Object, field: str) -> bool:
    value = data.get(field)
    if not isinstance(value, bool):
        raise BadShape(f"{field} is not true or false")
    return value


def octets(data: Object, field: str, length: int | None = None) -> bytes:
    """Bytes written as lowercase hex; `length` in bytes when it is fixed."""
    value = text(data, field, 2**17)
    try:
        found = bytes.fromhex(value)
    except ValueError as flaw:
        raise BadShape(f"{field} is not hex") from flaw
    if found.hex() != value or (length is not None and len(found) != length):
        raise BadShape(f"{field} is not {length if length is not None else 'lowercase'} bytes of hex")
    return found


def choice(data: Object, field: str, kind: type[E]) -> E:
    try:
        return kind(text(data, field))
    except ValueError as flaw:
        raise BadShape(f"{field} is not one of {', '.join(kind)}") from flaw


def child(data: Object, field: str) -> Object:
    value = data.get(field)
    if not isinstance(value, dict):
        raise BadShape(f"{field} is not an object")
    return value


def items(data: Object, field: str, most: int = 65536) -> list[Value]:
    value = data.get(field)
    if not isinstance(value, list) or len(value) > most:
        raise BadShape(f"{field} is not a list of at most {most}")
    return value


def children(data: Object, field: str, most: int = 65536) -> list[Object]:
    found: list[Object] = []
    for value in items(data, field, most):
        if not isinstance(value, dict):
            raise BadShape(f"{field} holds something that is not an object")
        found.append(value)
    return found


def texts(data: Object, field: str, most: int = 65536) -> tuple[str, ...]:
    found: list[str] = []
    for value in items(data, field, most):
        if not isinstance(value, str):
            raise BadShape(f"{field} holds something that is not a text")
        found.append(value)
    return tuple(found)
