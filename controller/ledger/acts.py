"""Acts: what people have done to the house, apart from what happened at its doors.

The law: read from the ledger alone, newest first; each kind is asked for by itself, because the rows of facts between
two acts may be millions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from controller.ledger.kinds import NO_ACTS, Kind
from controller.ledger.ledger import LedgerRow, OpeningRow

_REASONS = ("reason", "purpose")
_WHENCE = ("device", "network")
ACTS = tuple(each for each in Kind if each not in NO_ACTS)


@dataclass(frozen=True, slots=True)
class ActFilter:
    """What to list; a field that is None does not narrow. actor: as the ledger names it, such as `operator:3`; among:
    the kinds that are asked for at all."""

    actor: str | None = None
    kind: Kind | None = None
    since: datetime | None = None
    until: datetime | None = None
    among: Sequence[Kind] = ACTS

    @property
    def kinds(self) -> Sequence[Kind]:
        return self.among if self.kind is None else [each for each in self.among if each is self.kind]


def listed(session: Session, wanted: ActFilter, before: int, limit: int) -> Sequence[LedgerRow]:
    """The next acts below `before` in the ledger, newest first."""
    if not wanted.kinds:
        return []
    told = _narrowed(select(LedgerRow.sequence), wanted, before).order_by(LedgerRow.sequence.desc()).limit(limit)
    every = union_all(*(select(told.where(LedgerRow.kind == kind).subquery()) for kind in wanted.kinds)).subquery()
    newest = select(every.c.sequence).order_by(every.c.sequence.desc()).limit(limit)
    places = list(session.scalars(newest))
    rows = select(LedgerRow).where(LedgerRow.sequence.in_(places)).order_by(LedgerRow.sequence.desc())
    return session.scalars(rows).all()


def reasons(session: Session, rows: Sequence[LedgerRow]) -> dict[int, str | None]:
    """Why each was done, in the words of who did it, by its place; None where these words were erased."""
    return {
        place: next(found[name] for name in _REASONS if name in found)
        for place, found in words(session, rows).items()
        if not found.keys().isdisjoint(_REASONS)
    }


def whence(session: Session, rows: Sequence[LedgerRow]) -> dict[int, str | None]:
    """From what and from where, coarsely, by its place, for rows that say it; None where it was erased."""
    told: dict[int, str | None] = {}
    for place, found in words(session, rows).items():
        parts = [found[name] for name in sorted(_WHENCE) if name in found]
        if parts:
            told[place] = "; ".join(part for part in parts if part is not None) if None not in parts else None
    return told


def words(session: Session, rows: Sequence[LedgerRow]) -> dict[int, dict[str, str | None]]:
    """What stands beside each in words that may name somebody, by its place and what they are; None where erased."""
    places = [row.sequence for row in rows]
    told: dict[int, dict[str, str | None]] = {}
    for row in session.scalars(select(OpeningRow).where(OpeningRow.sequence.in_(places))):
        found = row.opening()
        told.setdefault(row.sequence, {})[row.name] = None if found is None else str(found.value)
    return told


def count(session: Session, wanted: ActFilter, before: int) -> int:
    """How many acts there are below `before`."""
    statement = _narrowed(select(func.count(LedgerRow.sequence)), wanted, before)
    return session.scalar(statement.where(LedgerRow.kind.in_(wanted.kinds))) or 0


def _narrowed(statement: Select[int], wanted: ActFilter, before: int) -> Select[int]:
    statement = statement.where(LedgerRow.sequence < before)
    if wanted.actor is not None:
        statement = statement.where(LedgerRow.actor == wanted.actor)
    if wanted.since is not None:
        statement = statement.where(LedgerRow.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(LedgerRow.at < wanted.until)
    return statement
