"""What a route takes, declared once: the same declaration reads the request and draws the OpenAPI document.

The law: an unknown member or parameter is refused, because a mistyped `valid_until` must not mean "for ever" and a
mistyped filter must not mean "everything".
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any, Final, TypeVar, cast

from flask import abort, request

from admin_web import once
from admin_web.api.problems import Unprocessable
from admin_web.pages.forms import is_plain

LARGEST: Final = 2**63 - 1
LARGEST_ID: Final = 2**31 - 1
"""Of a row. PostgreSQL does not compare an id with more; what is asked beyond it means the last one there could be."""
MOST: Final = 200
V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Field:
    """read: the value, or ValueError with a sentence that holds nothing of what was sent; absent: when it is not."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    required: bool = False
    absent: Any = None


def text(longest: int, *, required: bool = False) -> Field:
    """One line of text, trimmed; never empty when it is required."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("is a text")
        found = value.strip()
        if len(found) > longest:
            raise ValueError(f"has at most {longest} characters")
        if not is_plain(found):
            raise ValueError("holds a character that is no text")
        return found

    return Field(read, {"type": "string", "maxLength": longest}, required, "")


def document() -> Field:
    """A text of many lines, as long as a body may be."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("is a text")
        return value

    return Field(read, {"type": "string"}, required=True)


def base64(*, required: bool = False) -> Field:
    """The bytes of a file, in base64; None when it is not sent."""

    def read(value: Any) -> bytes:
        if not isinstance(value, str):
            raise ValueError("is a text")
        try:
            return b64decode(value, validate=True)
        except (binascii.Error, ValueError) as flaw:
            raise ValueError("is no base64") from flaw

    return Field(read, {"type": "string", "contentEncoding": "base64"}, required)


def truth() -> Field:
    """true or false, always said."""

    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError("is true or false")
        return value

    return Field(read, {"type": "boolean"}, required=True)


def whole(*, required: bool = False) -> Field:
    """The id of a row, in a body."""

    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST:
            raise ValueError("is a whole number from 1")
        return value

    return Field(read, {"type": "integer", "minimum": 1, "maximum": LARGEST}, required)


def count(most: int, least: int = 1, *, required: bool = False) -> Field:
    """How many, in a body; without one: no limit."""

    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"is a whole number from {least} to {most}")
        return value

    return Field(read, {"type": "integer", "minimum": least, "maximum": most}, required)


def digits(least: int = 1, absent: int | None = None) -> Field:
    """A whole number in a query."""

    def read(value: Any) -> int:
        if not (value.isascii() and value.isdigit()) or len(value) > 19 or not least <= int(value) <= LARGEST:
            raise ValueError(f"is a whole number from {least}")
        return int(value)

    return Field(read, {"type": "integer", "minimum": least, "maximum": LARGEST}, absent=absent)


def row_id(least: int = 1, absent: int | None = None) -> Field:
    """The id of a row, in a query."""
    asked = digits(least, absent)
    return replace(asked, read=lambda value: min(asked.read(value), LARGEST_ID))


def moment() -> Field:
    """RFC 3339 with its offset: a moment without one would be somebody's guess."""

    def read(value: Any) -> datetime:
        if not isinstance(value, str) or "T" not in value.upper():
            raise ValueError("is a moment as in RFC 3339")
        found = datetime.fromisoformat(value.strip())
        if found.tzinfo is None or not 2000 <= found.year < 2100:
            raise ValueError("is a moment from 2000 to 2099, with its offset from UTC")
        return found

    return Field(read, {"type": "string", "format": "date-time"})


def one_of(*choices: str, many: bool = False, required: bool = False) -> Field:
    """One of the words; `many` lets a query name several."""

    def read(value: Any) -> Any:
        told = value if many else [value]
        if any(each not in choices for each in told):
            raise ValueError(f"is one of {', '.join(choices)}")
        return tuple(str(each) for each in told) if many else str(value)

    schema: dict[str, Any] = {"type": "string", "enum": list(choices)}
    return Field(read, {"type": "array", "items": schema} if many else schema, required, () if many else None)


def words(*choices: str, required: bool = False) -> Field:
    """A list of some of these words, in a body; none when it is not sent."""

    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > MOST or any(each not in choices for each in value):
            raise ValueError(f"is a list of some of {', '.join(choices)}")
        return tuple(value)

    schema = {"type": "array", "items": {"type": "string", "enum": list(choices)}, "maxItems": MOST}
    return Field(read, schema, required, ())


def rows(schema: Mapping[str, Any], read: Callable[[list[Any]], Any]) -> Field:
    """A list, not empty, that `read` understands."""

    def told(value: Any) -> Any:
        if not isinstance(value, list) or not 0 < len(value) <= MOST:
            raise ValueError(f"is a list of 1 to {MOST}")
        return read(value)

    return Field(told, {"type": "array", "items": dict(schema), "minItems": 1, "maxItems": MOST}, required=True)


def level(highest: int) -> Field:
    """A whole number from 0, in a body; None when it is not sent."""

    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
            raise ValueError(f"is a whole number from 0 to {highest}")
        return value

    return Field(read, {"type": "integer", "minimum": 0, "maximum": highest})


def maybe() -> Field:
    """true or false, or not sent."""
    return replace(truth(), required=False)


def members(names: Sequence[str], *, required: bool = False) -> Field:
    """An object that has some of these members, each a text, a whole number, true, false or null."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            raise ValueError("is an object that is not empty")
        if not value.keys() <= set(names):
            raise ValueError(f"has some of these members: {', '.join(names)}")
        if not all(each is None or isinstance(each, (str, int)) for each in value.values()):
            raise ValueError("has members that are texts, whole numbers, true, false or null")
        return value

    each = {"type": ["string", "integer", "boolean", "null"]}
    schema = {"type": "object", "minProperties": 1, "additionalProperties": False}
    return Field(read, {**schema, "properties": dict.fromkeys(names, each)}, required)


def from_start(place: Field) -> Field:
    """Where a page begins; empty is the start, so that whoever follows `next` can begin with it."""
    schema = {"anyOf": [dict(place.schema), {"type": "string", "maxLength": 0}]}
    return replace(place, read=lambda value: place.read(value) if value else place.absent, schema=schema)


PAGE: Final = {"cursor": from_start(row_id(0, absent=0)), "limit": digits(absent=50)}


def takes(**fields: Field) -> Callable[[V], V]:
    """The view gets `given`: the members of the JSON body."""

    def declare(view: V) -> V:
        @wraps(view)
        def told(*args: Any, **kwargs: Any) -> Any:
            return view(
                *args, given=_understood(fields, _body(needed=any(f.required for f in fields.values()))), **kwargs
            )

        told.takes = fields  # type: ignore[attr-defined]
        return cast("V", told)

    return declare


def asks(**fields: Field) -> Callable[[V], V]:
    """The view gets `asked`: the parameters of the query."""

    def declare(view: V) -> V:
        @wraps(view)
        def told(*args: Any, **kwargs: Any) -> Any:
            sent = {name: values if _is_list(fields.get(name)) else values[0] for name, values in request.args.lists()}
            return view(*args, asked=_understood(fields, sent), **kwargs)

        told.asks = fields  # type: ignore[attr-defined]
        return cast("V", told)

    return declare


def _is_list(field: Field | None) -> bool:
    return field is not None and field.schema.get("type") == "array"


def _body(*, needed: bool) -> dict[str, Any]:
    """The JSON object that was sent; nothing at all is an empty one where no member is required."""
    sent = request.get_data(cache=True)
    if not sent and not needed:
        return {}
    if not request.is_json:
        abort(415)
    try:
        found = json.loads(sent, object_pairs_hook=once.members)
    except (ValueError, RecursionError):
        abort(400)
    if not isinstance(found, dict):
        raise Unprocessable({"": "the body is an object"})
    return found


def _understood(fields: Mapping[str, Field], sent: Mapping[str, Any]) -> dict[str, Any]:
    flaws = {(name if is_plain(name) else "?")[:40]: "is not known here" for name in sent.keys() - fields.keys()}
    found: dict[str, Any] = {}
    for name, field in fields.items():
        if sent.get(name) is None:
            found[name] = field.absent
            if field.required:
                flaws[name] = "is missing"
            continue
        try:
            found[name] = field.read(sent[name])
        except (ValueError, OverflowError) as flaw:
            # fromisoformat repeats what was sent; our own sentences do not.
            flaws[name] = "is a moment as in RFC 3339" if "isoformat" in str(flaw) else str(flaw)
    if flaws:
        raise Unprocessable(flaws)
    return found
