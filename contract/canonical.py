"""Canonical JSON: one value has exactly one byte form, and only that form is read.

Signatures and hashes are made over bytes, so two encodings of one value would be two truths. Floats are not
representable (their text differs between languages); binary values travel as lowercase hex. Source: the ideas of
RFC 8785, narrowed to integers below 2^63 and keys sorted by code point (which is the order of their UTF-8 bytes).
msgspec writes and reads; what it would accept beyond our values is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value] | None"
Object: TypeAlias = "dict[str, Value]"

_LARGEST = 2**63 - 1
_DEEPEST = 32
_PLAIN = frozenset((str, bool, type(None)))


class NotCanonical(ValueError):
    """The bytes are not the one canonical form of a value."""


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder()


def encode(value: Value) -> bytes:
    """The canonical bytes of `value`; NotCanonical when it holds a float, a huge integer or anything else foreign."""
    _check(value)
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as flaw:
        raise NotCanonical("a text holds a lone surrogate") from flaw
    except TypeError as flaw:
        raise NotCanonical("a key is not a text") from flaw


def object_of(members: Mapping[str, bytes]) -> bytes:
    """The canonical bytes of the object whose members' canonical bytes these are: nothing is encoded twice."""
    return b"{" + b",".join(b"%b:%b" % (encode(name), members[name]) for name in sorted(members)) + b"}"


def decode(data: bytes) -> Value:
    """The value whose canonical form is `data`; NotCanonical for every other sequence of bytes."""
    try:
        value: Value = _decoder.decode(data)
    except (ValueError, RecursionError) as flaw:
        raise NotCanonical("not canonical JSON") from flaw
    if encode(value) != data:
        raise NotCanonical("not in canonical form")
    return value


def decode_object(data: bytes) -> Object:
    """Like `decode`, for payloads that must be an object."""
    value = decode(data)
    if not isinstance(value, dict):
        raise NotCanonical("not an object")
    return value


def _check(value: object) -> None:
    """Level by level, and plain members in passing: this runs over every value of a fact before its entry opens."""
    level, depth = [value], 0
    while level:
        if depth > _DEEPEST:
            raise NotCanonical("nested too deeply")
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                below += [item for item in each.values() if type(item) not in _PLAIN]
            elif isinstance(each, list):
                below += [item for item in each if type(item) not in _PLAIN]
            else:
                _check_single(each)
        level, depth = below, depth + 1


def _check_single(value: object) -> None:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        if not -_LARGEST <= value <= _LARGEST:
            raise NotCanonical("an integer is too large")
    elif not isinstance(value, str):  # a StrEnum is its text
        raise NotCanonical(f"{type(value).__name__} has no canonical form")
