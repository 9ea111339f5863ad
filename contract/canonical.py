"""Canonical JSON: one value has exactly one byte form, and only that form is read.

Signatures and hashes are made over bytes, so two encodings of one value would be two truths. Floats are not
representable (their text differs between languages); binary values travel as lowercase hex. Source: the ideas of
RFC 8785, narrowed to integers below 2^63 and keys sorted by code point (which is the order of their UTF-8 bytes).
msgspec writes and reads; what it would accept beyond our values is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value] | None"
Object: TypeAlias = "dict[str, Value]"

_LARGEST = 2**63 - 1
_DEEPEST = 32
_TEXT_OR_TRUTH = frozenset((str, bool, type(None)))


class NotCanonical(ValueError):
    """The bytes are not the one canonical form of a value."""


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder()


def encode(value: Value) -> bytes:
    """The canonical bytes of `value`; NotCanonical when it holds a float, a huge integer or anything else foreign."""
    _check([value], _DEEPEST)
    return encode_declared(value)


def encode_declared(value: Value) -> bytes:
    """The bytes that `encode` gives, for a value made of nothing but the fields of our own declared types.

    Their types are the check, and a test holds each of them against `encode`: nothing is looked for here that cannot
    be there. Never for what came from outside.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as flaw:
        raise NotCanonical("a text holds a lone surrogate") from flaw
    except TypeError as flaw:
        raise NotCanonical("a key is not a text") from flaw


def object_of(members: Mapping[str, bytes]) -> bytes:
    """The canonical bytes of the object whose members' canonical bytes these are: nothing is encoded twice."""
    return b"{" + b",".join([b"%b:%b" % (encode_declared(name), members[name]) for name in sorted(members)]) + b"}"


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


def _check(values: Iterable[object], deeper: int) -> None:
    """All in one loop, the commonest first: this runs over every value of a fact before its entry opens."""
    for value in values:
        kind = type(value)
        if kind in _TEXT_OR_TRUTH:
            continue
        if isinstance(value, int):
            if not -_LARGEST <= value <= _LARGEST:
                raise NotCanonical("an integer is too large")
        elif isinstance(value, (dict, list)):
            if not deeper:
                raise NotCanonical("nested too deeply")
            _check(value.values() if isinstance(value, dict) else value, deeper - 1)
        elif not isinstance(value, str):  # a StrEnum is its text
            raise NotCanonical(f"{kind.__name__} has no canonical form")
