"""Canonical JSON: one value has exactly one byte form, and only that form is read.

Signatures and hashes are made over bytes, so two encodings of one value would be two truths. Floats are not
representable (their text differs between languages); binary values travel as lowercase hex. Source: the ideas of
RFC 8785, narrowed to integers below 2^63 and keys sorted by code point.
"""

from __future__ import annotations

import json
from typing import TypeAlias

Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value] | None"
Object: TypeAlias = "dict[str, Value]"

_LARGEST = 2**63 - 1
_DEEPEST = 32


class NotCanonical(ValueError):
    """The bytes are not the one canonical form of a value."""


def encode(value: Value) -> bytes:
    """The canonical bytes of `value`; NotCanonical when it holds a float, a huge integer or anything else foreign."""
    _check(value, 0)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as flaw:
        raise NotCanonical("a text holds a lone surrogate") from flaw


def decode(data: bytes) -> Value:
    """The value whose canonical form is `data`; NotCanonical for every other sequence of bytes."""
    try:
        value: Value = json.loads(data.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
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


def _no_float(text: str) -> Value:
    raise NotCanonical(f"{text[:20]} is not an integer")


def _check(value: object, depth: int) -> None:
    if depth > _DEEPEST:
        raise NotCanonical("nested too deeply")
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise NotCanonical("an integer is too large")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical("a key is not a text")
            _check(item, depth + 1)
    else:
        raise NotCanonical(f"{type(value).__name__} has no canonical form")
