"""The people of a site, held against a file of them: who is new, changed or the same, and what is refused and why.

The law: what is applied is what was shown. A row carries what it was judged against, and is refused when that has
changed since; it is applied by the verbs that pages use, so that the ledger tells every change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller import line
from controller.people import cardholder as cardholders
from controller.people import leaver, private_entry
from controller.people.card_end import Way
from controller.people.cardholder import Cardholder
from controller.people.roster_file import Cells, Column, Line, moment, moment_text
from controller.people.validity import require_validity
from controller.premises.site import Site
from controller.refusal import Refused

AT_ONCE: Final = 200
"""Rows of one transaction: what the doors send waits no longer than these take."""


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says of somebody; gone: whether they have left already."""

    name: str
    name_kana: str = ""
    leaves: datetime | None = None
    gone: bool = False

    def cells(self, number: str, zone: ZoneInfo) -> Cells:
        return {
            Column.NUMBER: number,
            Column.NAME: self.name,
            Column.KANA: self.name_kana,
            Column.LEAVES: moment_text(self.leaves, zone),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: `before` is what stood here when it was judged (None: nobody), `after` what it asks for
    (None: it cannot be read); why: the code of a refusal."""

    line: int
    number: str
    verdict: Verdict
    before: Said | None
    after: Said | None
    why: str = ""

    @property
    def pending(self) -> bool:
        return self.verdict in (Verdict.NEW, Verdict.CHANGED)

    def refused(self, code: str) -> Row:
        return replace(self, verdict=Verdict.REFUSED, why=code)


def judge(session: Session, site: Site, now: datetime, found: Iterable[Line]) -> Sequence[Row]:
    """What a file would change, in its order; nothing is written. Refused as reading is (`roster_file.lines`)."""
    lines = list(found)
    numbers = Counter(_number(each) for each in lines)
    rows: list[Row] = []
    for start in range(0, len(lines), AT_ONCE):
        some = lines[start : start + AT_ONCE]
        here = _here(session, site, {_number(each) for each in some})
        for each in some:
            row = _judged(site.clock, now, each, holder := here.get(_number(each)))
            if holder is not None and row.after is not None and _stays_longer(session, now, row.after, holder):
                row = row.refused("leaver-private")
            rows.append(row.refused("row-repeated") if row.number and numbers[row.number] > 1 else row)
    return rows


def apply(session: Session, actor: str, now: datetime, site: Site, rows: Sequence[Row], reason: str) -> Sequence[Row]:
    """Do what the rows ask for, and say what became of each: one that is so already is the same, one that changed since
    it was judged is refused. Refused reason-missing."""
    if not reason.strip():
        raise Refused("reason-missing")
    here = _here(session, site, {each.number for each in rows}, lock=True)
    return [_applied(session, actor, now, site, each, here.get(each.number), reason) for each in rows]


def parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows that change something, in transactions."""
    pending = [each for each in rows if each.pending]
    return (pending[start : start + AT_ONCE] for start in range(0, len(pending), AT_ONCE))


def size(session: Session, site: Site) -> int:
    """How many rows a file of everybody has."""
    return session.scalar(select(func.count(Cardholder.id)).where(Cardholder.site_id == site.id)) or 0


def everybody(session: Session, site: Site) -> Iterator[Cells]:
    """Every cardholder as a row of a file, by staff number."""
    statement = select(Cardholder).where(Cardholder.site_id == site.id).order_by(Cardholder.number)
    for holder in session.scalars(statement.execution_options(yield_per=AT_ONCE)):
        yield _said(holder).cells(holder.number, site.clock)


def _number(found: Line) -> str:
    return "" if found.cells is None else found.cells[Column.NUMBER]


def _here(session: Session, site: Site, numbers: set[str], *, lock: bool = False) -> dict[str, Cardholder]:
    """Who has these numbers; what no number can be is not asked for."""
    asked = [each for each in numbers if _told(each, 40)]
    statement = select(Cardholder).where(Cardholder.site_id == site.id, Cardholder.number.in_(asked))
    found = session.scalars(statement.order_by(Cardholder.id).with_for_update() if lock else statement)
    return {holder.number: holder for holder in found}


def _told(text: str, longest: int) -> bool:
    try:
        return line.told(text, longest) == text
    except Refused:
        return False


def _said(holder: Cardholder) -> Said:
    return Said(holder.name, holder.name_kana, holder.gone_at, not holder.active)


def _judged(zone: ZoneInfo, now: datetime, found: Line, holder: Cardholder | None) -> Row:
    before = None if holder is None else _said(holder)
    row = Row(found.number, _number(found), Verdict.REFUSED, before, None)
    if found.cells is None:
        return row.refused("row-ragged")
    try:
        after = _asked(zone, now, found.cells, before)
    except Refused as refusal:
        return row.refused(refusal.code)
    verdict = Verdict.NEW if before is None else Verdict.SAME if before == after else Verdict.CHANGED
    return replace(row, verdict=verdict, after=after)


def _asked(zone: ZoneInfo, now: datetime, cells: Cells, before: Said | None) -> Said:
    """What a row asks for: a column that the file has not leaves what is there."""
    if not cells[Column.NUMBER]:
        raise Refused("number-missing")
    line.told(cells[Column.NUMBER], 40)
    name, kana = line.told(cells[Column.NAME]), before.name_kana if before else ""
    if Column.KANA in cells:
        kana = line.told(cells[Column.KANA]) if cells[Column.KANA] else ""
    if Column.LEAVES not in cells:
        return Said(name, kana, before.leaves if before else None, before is not None and before.gone)
    leaves = moment(cells[Column.LEAVES], zone)
    require_validity(now, leaves, None)
    left = leaves is not None and leaves <= now
    if before is None and left:
        raise Refused("leaver-unknown")
    if before is not None and before.gone:
        if not left:
            raise Refused("cardholder-inactive")
        return Said(name, kana, before.leaves, gone=True)
    return Said(name, kana, leaves)


def _applied(
    session: Session, actor: str, now: datetime, site: Site, row: Row, holder: Cardholder | None, reason: str
) -> Row:
    here = None if holder is None else _said(holder)
    if row.after is None or not row.pending:
        return row
    if here is not None and here == row.after:
        return replace(row, verdict=Verdict.SAME)
    if here != row.before:
        return row.refused("changed-meanwhile")
    if holder is not None and _stays_longer(session, now, row.after, holder):
        return row.refused("leaver-private")
    if holder is None:
        holder = cardholders.enrol(session, actor, now, site, row.after.name, row.number, row.after.name_kana)
    else:
        cardholders.rename(session, actor, now, holder, row.after.name, row.after.name_kana)
    if not row.after.gone and row.after.leaves != holder.leaves_at:
        leaver.leave(session, actor, now, holder, row.after.leaves, reason, Way.FILE)
    return row


def _stays_longer(session: Session, now: datetime, after: Said, holder: Cardholder) -> bool:
    """Whether somebody would be here longer who may enter a private room: two people say so, and a file is one."""
    later = (
        not after.gone and holder.leaves_at is not None and (after.leaves is None or after.leaves > holder.leaves_at)
    )
    return later and bool(private_entry.rooms_of(session, holder, now))


def as_values(rows: Iterable[Row]) -> list[Any]:
    """The rows that change something, as JSON holds them."""
    return [
        [each.line, each.number, each.verdict, _values(each.before), _values(each.after)]
        for each in rows
        if each.pending
    ]


def from_values(values: list[Any]) -> Sequence[Row]:
    """What `as_values` made."""
    return [
        Row(line, number, Verdict(verdict), _from_values(before), _from_values(after))
        for line, number, verdict, before, after in values
    ]


def _values(said: Said | None) -> list[Any] | None:
    if said is None:
        return None
    return [said.name, said.name_kana, said.leaves and said.leaves.timestamp(), said.gone]


def _from_values(values: list[Any] | None) -> Said | None:
    if values is None:
        return None
    name, name_kana, leaves, gone = values
    return Said(name, name_kana, leaves and datetime.fromtimestamp(leaves, UTC), gone)
