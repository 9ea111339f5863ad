"""Files of people, from a request to the controller and back.

The law: nothing is kept between looking and applying. What was shown travels through the browser, signed for its
operator and for an hour, and what is applied is that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Response
from itsdangerous import BadData, URLSafeTimedSerializer

from admin_web import guard, signing
from admin_web.centre import centre, now
from controller.people import roster, roster_file
from controller.people.roster import Row
from controller.people.roster_file import Encoding
from controller.record import export
from controller.record.export import Extract
from controller.refusal import Refused

LONGEST_FILE: Final = roster_file.LONGEST + 16 * 1024
LONGEST_PLAN: Final = 4 * 1024 * 1024
_LIFE_S: Final = 3600
_SETS: Final = {Encoding.UTF_8: "utf-8", Encoding.CP932: "windows-31j"}


def judged(text: str) -> Sequence[Row]:
    """What a file would change."""
    with centre().read() as session:
        return roster.judge(session, centre().site(session), now(), roster_file.lines(text))


def sealed(rows: Sequence[Row]) -> str:
    """What is to be applied, to be sent back by the same operator."""
    return _seal().dumps(roster.as_values(rows))


def applied(plan: str, reason: str) -> Sequence[Row]:
    """What became of the rows that were shown; Refused file-plan (not ours, not this operator's, or too old),
    reason-missing."""
    try:
        rows = roster.from_values(_seal().loads(plan, max_age=_LIFE_S))
    except BadData as flaw:
        raise Refused("file-plan") from flaw
    if not reason.strip():
        raise Refused("reason-missing")
    done: list[Row] = []
    for part in roster.parts(rows):
        with centre().write() as session:
            actor, site = guard.operator().actor, centre().site(session)
            done += roster.apply(session, actor, now(), site, part, reason)
    return done


def exported(encoding: Encoding, purpose: str, *, japanese: bool) -> bytes:
    """Everybody, as a file; that it is taken out, and what for, is recorded before anybody is read. Refused
    purpose-missing, file-letters."""
    with centre().write() as session:
        taken = Extract("cardholders", f"csv, {encoding}", roster.size(session, centre().site(session)), {})
        export.record(session, guard.operator(), now(), taken, purpose)
    with centre().read() as session:
        return roster_file.written(roster.everybody(session, centre().site(session)), encoding, japanese=japanese)


def template(*, japanese: bool) -> bytes:
    """A file with nobody in it."""
    return roster_file.written((), Encoding.UTF_8, japanese=japanese)


def answer(data: bytes, encoding: Encoding, name: str) -> Response:
    """A file to be kept under this name."""
    made = Response(data, content_type=f"text/csv; charset={_SETS[encoding]}")
    made.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return made


def _seal() -> URLSafeTimedSerializer:
    return signing.timed(f"file of people {guard.operator().id}")
