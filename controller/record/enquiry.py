"""What auditors and the live page ask: pages of the log, newest first, and single facts by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVarTuple

from sqlalchemy import Row, Select, select, union_all
from sqlalchemy.orm import Session

from contract.credential import Identity
from contract.fact import FactKind
from contract.reader_kinds import KindOfReader, kind_of_reader
from controller.ledger.ledger import OpeningRow, openings_of_rows
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.premises import agent as agents
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.site import Site
from controller.record.fact import FactRow, of_agent, unknown
from controller.record.overruled import OverruledGrant
from controller.record.presented import cards_of_each

PASSING = (FactKind.DECISION, FactKind.PASSAGE)
MOST_ROWS = 200
_Rows: TypeAlias = Select[FactRow, Cardholder, Area, Door, AccessPoint, OverruledGrant]
_Asked = TypeVarTuple("_Asked")
Places: TypeAlias = Select[int]
"""Asks for places in the ledger."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to show; a field that is None (or empty) does not narrow."""

    area: int | None = None
    door: int | None = None
    cardholder: int | None = None
    outcome: str | None = None
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One fact with what its keys stand for; overruled: what the rules in force here would have said to a grant, and
    then card: the one that was presented, if it is known."""

    fact: FactRow
    cardholder: Cardholder | None
    area: Area | None
    door: Door | None
    access_point: AccessPoint | None
    overruled: OverruledGrant | None = None
    card: Credential | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first; `older` is the cursor of the next page, None on the last."""

    rows: Sequence[LogRow]
    older: int | None


def log(session: Session, wanted: LogFilter, before: int | None = None, limit: int = 50) -> Page:
    """A page of the log: facts whose place in the ledger is below `before` (None: from the newest)."""
    limit = max(1, min(limit, MOST_ROWS))
    found = list(session.scalars(places(wanted, before, limit + 1)))
    statement = _rows().where(FactRow.ledger_sequence.in_(found)).order_by(FactRow.ledger_sequence.desc())
    rows = _told(session, session.execute(statement).all())
    more = len(rows) > limit
    return Page(rows[:limit], rows[limit - 1].fact.ledger_sequence if more else None)


def feed_after(session: Session, ledger_sequence: int, limit: int = 100) -> Sequence[LogRow]:
    """The next facts after a place in the ledger, in order: what a live page has missed."""
    statement = _rows().where(FactRow.ledger_sequence > ledger_sequence)
    return _told(session, session.execute(statement.order_by(FactRow.ledger_sequence).limit(limit)).all())


def one(session: Session, ledger_sequence: int) -> LogRow | None:
    """The fact at a place in the ledger."""
    return at_places(session, [ledger_sequence]).get(ledger_sequence)


def at_places(session: Session, places: Iterable[int]) -> dict[int, LogRow]:
    """The facts at these places in the ledger, by place; what stands at a place may be no fact."""
    statement = _rows().where(FactRow.ledger_sequence.in_(list(places)))
    return {row.fact.ledger_sequence: row for row in _told(session, session.execute(statement).all())}


def named(session: Session, site: Site, name: str) -> LogRow | None:
    """The fact that `name` stands for: its place in the ledger, or AGENT:SEQUENCE. ValueError when it is neither."""
    agent, colon, digits = name.rpartition(":")
    if not (digits.isascii() and digits.isdigit()) or (colon and not agent):
        raise ValueError("a fact is named by its place in the ledger, or by AGENT:SEQUENCE")
    number = min(int(digits[:20]), 2**62)
    if not colon:
        return one(session, number)
    own = agents.by_key(session, site, agent)
    row = of_agent(session, own.id, number) if own is not None else None
    return one(session, row.ledger_sequence) if row is not None else None


def readers(session: Session, agent_ids: Iterable[int]) -> dict[str, KindOfReader]:
    """What is fitted at the access points of these agents, by access point, as each said at its last start."""
    found: dict[str, KindOfReader] = {}
    started = select(FactRow.ledger_sequence).where(FactRow.kind == FactKind.STARTED, FactRow.agent_id == Agent.id)
    newest = started.order_by(FactRow.ledger_sequence.desc()).limit(1).correlate(Agent).scalar_subquery()
    last = select(newest).where(Agent.id.in_(set(agent_ids)))
    for row in session.scalars(select(FactRow).where(FactRow.ledger_sequence.in_(last))):
        told = row.fact().body.get("readers")
        for point, word in told.items() if isinstance(told, dict) else ():
            kind = kind_of_reader(word) if isinstance(word, str) else None
            if kind is not None:
                found[point] = kind
    return found


def unknown_cards(session: Session, limit: int = 10) -> Sequence[tuple[FactRow, Identity]]:
    """The latest readings of cards that are on no list, with the identity to enrol them by."""
    statement = select(FactRow).where(unknown())
    found: dict[Identity, FactRow] = {}
    rows = session.scalars(statement.order_by(FactRow.ledger_sequence.desc()).limit(limit * 4)).all()
    kept = openings_of_rows(session, [row.ledger_sequence for row in rows], "identity")
    for row in rows:
        identity = _identity(kept.get(row.ledger_sequence))
        if identity is not None:
            found.setdefault(identity, row)
    return [(row, identity) for identity, row in list(found.items())[:limit]]


def unknown_identity(session: Session, sequence: int) -> Identity | None:
    """What to enrol the card by that was presented there; None when it was somebody's, or that was erased."""
    return _identity(openings_of_rows(session, [sequence], "identity").get(sequence))


def _identity(kept: OpeningRow | None) -> Identity | None:
    opening = kept.opening() if kept else None
    try:
        return Identity.parse(opening.value) if opening is not None and isinstance(opening.value, str) else None
    except ValueError:
        return None


def _told(
    session: Session, found: Sequence[Row[FactRow, Cardholder, Area, Door, AccessPoint, OverruledGrant]]
) -> list[LogRow]:
    cards = cards_of_each(session, [row[0] for row in found if row[5] is not None])
    return [LogRow(row[0], row[1], row[2], row[3], row[4], row[5], cards.get(row[0].ledger_sequence)) for row in found]


def _rows() -> _Rows:
    return (
        select(FactRow, Cardholder, Area, Door, AccessPoint, OverruledGrant)
        .outerjoin(Cardholder, Cardholder.id == FactRow.cardholder_id)
        .outerjoin(Area, Area.id == FactRow.area_id)
        .outerjoin(Door, Door.id == FactRow.door_id)
        .outerjoin(AccessPoint, AccessPoint.id == FactRow.access_point_id)
        .outerjoin(OverruledGrant, OverruledGrant.ledger_sequence == FactRow.ledger_sequence)
    )


def places(wanted: LogFilter, before: int | None, limit: int) -> Places:
    """Where the rows of a page stand in the ledger, newest first: asked of one index, which holds all that is asked.

    Of several kinds each is asked for by itself, because one index cannot give two kinds in one order.
    """
    newest = FactRow.ledger_sequence.desc()
    told = narrowed(select(FactRow.ledger_sequence), wanted, before).order_by(newest).limit(limit)
    subject = (wanted.area, wanted.door, wanted.cardholder, wanted.outcome)
    if len(wanted.kinds) < 2 or any(each is not None for each in subject):
        return told.where(FactRow.kind.in_(wanted.kinds)) if wanted.kinds else told
    branches = [select(told.where(FactRow.kind == kind).subquery()) for kind in dict.fromkeys(wanted.kinds)]
    every = union_all(*branches).subquery()
    place = every.c.ledger_sequence
    return select(place).order_by(place.desc()).limit(limit)


def narrowed(statement: Select[*_Asked], wanted: LogFilter, before: int | None) -> Select[*_Asked]:
    """`statement` about facts, narrowed to what is wanted but for its kinds."""
    exact = (
        (FactRow.area_id, wanted.area),
        (FactRow.door_id, wanted.door),
        (FactRow.cardholder_id, wanted.cardholder),
        (FactRow.outcome, wanted.outcome),
    )
    for column, value in exact:
        if value is not None:
            statement = statement.where(column == value)
    if before is not None:
        statement = statement.where(FactRow.ledger_sequence < before)
    if wanted.since is not None:
        statement = statement.where(FactRow.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(FactRow.at < wanted.until)
    return statement
