"""Reading forms and addresses: what is missing or malformed is a 400 or 404, never an exception."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from flask import abort, request
from sqlalchemy.orm import Session

from admin_web import shown
from controller.refusal import Refused

T = TypeVar("T")
LARGEST_ID = 2**31 - 1
PATIENCE = 40
"""Looks in quick succession for a change at the doors; after that every five seconds, for a door that is away."""


def text(name: str, longest: int = 400) -> str:
    """A field of the submitted form, trimmed; 400 when it is too long or no line of text."""
    return _line(request.form.get(name, ""), longest)


def asked(name: str, longest: int = 40) -> str:
    """The same of a field in the form or the address, for a page that asks before it does."""
    return _line(request.form.get(name) or request.args.get(name, ""), longest)


def _line(given: str, longest: int) -> str:
    found = given.strip()
    if len(found) > longest or not is_plain(found):
        abort(400)
    return found


def is_plain(found: str) -> bool:
    """Whether this is one line of text: no control character (NUL, escape sequences) and no half of a character."""
    return not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in found)


def number(name: str) -> int | None:
    """A number in the form or the address; None when empty; 400 when it is not one."""
    try:
        return counted(request.form.get(name) or request.args.get(name) or "")
    except ValueError:
        abort(400)


def counted(given: str) -> int | None:
    """A number as an address says it; None when empty; ValueError when it is not one."""
    found = given.strip()
    if not found:
        return None
    if not (found.isascii() and found.isdigit()) or len(found) > 19 or int(found) > 2**63 - 1:
        raise ValueError("no number that an address may hold")
    return int(found)


def is_sent(name: str) -> bool:
    """Whether the form has this field, empty or not."""
    return name in request.form


def row_id(name: str) -> int | None:
    """The id of a row in the form or the address; beyond every row it is the last one there could be."""
    found = number(name)
    return None if found is None else min(found, LARGEST_ID)


def tries() -> int:
    """How often a part of a page has looked for a change at the doors, as far as that matters."""
    return min(number("tries") or 0, PATIENCE)


def day(name: str, later: timedelta = timedelta(0)) -> datetime | None:
    """A date in the address as a moment of the site's clock: its beginning, or `later`; 400 when it is none."""
    try:
        return beginning(request.args.get(name, ""), later)
    except (ValueError, OverflowError):
        abort(400)


def beginning(given: str, later: timedelta = timedelta(0)) -> datetime | None:
    """A date as a moment of the site's clock: its beginning, or `later`; None when empty; ValueError or OverflowError
    when it is none."""
    found = given.strip()
    if not found:
        return None
    begins = datetime.fromisoformat(found[:10]) + later
    return begins.replace(tzinfo=shown.zone()).astimezone(UTC)


def moment(name: str) -> datetime | None:
    """A moment in the address, as a date-time field or a link of ours says it; 400 when it is none."""
    try:
        return shown.local_moment(request.args.get(name, ""))
    except (ValueError, OverflowError):
        abort(400)


def validity() -> tuple[datetime | None, datetime | None]:
    """From when until when the form says, None where it says nothing; Refused validity-wrong."""
    try:
        return shown.local_moment(text("valid_from")), shown.local_moment(text("valid_until"))
    except (ValueError, OverflowError) as flaw:
        raise Refused("validity-wrong") from flaw


def row(session: Session, kind: type[T], key: int) -> T:
    """The row of `kind` with this id; 404 when there is none."""
    found = session.get(kind, key) if key <= LARGEST_ID else None
    if found is None:
        abort(404)
    return found
