"""`sekisho controller import`: a file of people on the centre's own host."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cli.centre import own_site
from controller.people import roster, roster_file
from controller.people.operator import HOST
from controller.people.roster import Row
from controller.refusal import SENTENCES


def imported(settings: Path, file: Path, reason: str | None) -> Sequence[Row]:
    """What would change; with a reason it is done, and said of every row what became of it."""
    with file.open("rb") as opened:
        text, _ = roster_file.decoded(opened.read(roster_file.LONGEST + 1))
    with own_site(settings) as (session, site, _settings):
        rows = roster.judge(session, site, datetime.now(UTC), roster_file.lines(text))
    if reason is None:
        return rows
    done: dict[int, Row] = {}
    for part in roster.parts(rows):
        with own_site(settings, writing=True) as (session, site, _settings):
            for row in roster.apply(session, HOST, datetime.now(UTC), site, part, reason):
                done[row.line] = row
    return [done.get(row.line, row) for row in rows]


def as_text(rows: Sequence[Row]) -> str:
    return "\n".join(_line(row) for row in rows)


def as_objects(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [
        {
            "line": row.line,
            "number": row.number,
            "verdict": row.verdict,
            "why": row.why or None,
            "what": _what(row),
        }
        for row in rows
    ]


def _line(row: Row) -> str:
    # A row that is refused may hold anything, and a terminal obeys what it is sent.
    number = row.number if row.number.isprintable() else ascii(row.number)
    return f"{row.line}  {row.verdict}  {number}  {_what(row)}"


def _what(row: Row) -> str:
    """Why a row is refused, or what is different, field by field."""
    if row.why or row.after is None:
        return SENTENCES[row.why]
    if row.before is None or row.before == row.after:
        return row.after.name
    pairs = (
        ("name", row.before.name, row.after.name),
        ("name_kana", row.before.name_kana, row.after.name_kana),
        ("leaves", row.before.leaves, row.after.leaves),
    )
    return ", ".join(f"{field}: {before or '-'} -> {after or '-'}" for field, before, after in pairs if before != after)
