"""The log for files: as many rows as there are, in portions, column by column, without an object for each of them.

The law: a portion is one short look; nothing is held between two of them, so that a long file blocks nobody. What came
in after a file was begun is not in it, because every portion lies below the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from controller.database import utc_text
from controller.people.cardholder import Cardholder
from controller.premises.door import AccessPoint
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from controller.record.fact import FactRow
from controller.record.overruled import OverruledGrant

_AT_ONCE = 200
"""Rows of the driver that are held together: few enough that they are gone before anything looks for garbage."""


class Lines(NamedTuple):
    """Facts, column by column, all of one length. at: in UTC, as `leaf.written` writes moments; encoded: the bytes of a
    fact, unless it is a decision, whose columns say all that a line tells; what is true or false is so as numbers."""

    place: Sequence[int]
    at: Sequence[str]
    trusted: Sequence[int]
    kind: Sequence[str]
    outcome: Sequence[str | None]
    reason: Sequence[str | None]
    inferred: Sequence[int | None]
    area: Sequence[int | None]
    door: Sequence[int | None]
    direction: Sequence[str | None]
    person: Sequence[str | None]
    number: Sequence[str | None]
    encoded: Sequence[bytes | None]
    overruled: Sequence[str | None]
    overruled_certain: Sequence[int | None]


def lines(session: Session, wanted: LogFilter, before: int, limit: int) -> Lines:
    """The next lines whose place in the ledger is below `before`, the newest first."""
    portion = enquiry.places(wanted, before, limit).subquery()
    statement = (
        select(
            FactRow.ledger_sequence,
            utc_text(FactRow.at),
            FactRow.trusted,
            FactRow.kind,
            FactRow.outcome,
            FactRow.reason,
            FactRow.inferred,
            FactRow.area_id,
            FactRow.door_id,
            AccessPoint.direction,
            Cardholder.name,
            Cardholder.number,
            case((FactRow.reason.is_(None), FactRow.encoded)),
            OverruledGrant.reason,
            OverruledGrant.certain,
        )
        .join(portion, portion.c.ledger_sequence == FactRow.ledger_sequence)
        .outerjoin(Cardholder, Cardholder.id == FactRow.cardholder_id)
        .outerjoin(AccessPoint, AccessPoint.id == FactRow.access_point_id)
        .outerjoin(OverruledGrant, OverruledGrant.ledger_sequence == FactRow.ledger_sequence)
        .order_by(FactRow.ledger_sequence.desc())
    )
    # As the driver gives them: an object for each row would take as long as reading it did.
    found: list[list[Any]] = [[] for _ in Lines._fields]
    with session.connection().execute(statement) as result:
        while result.cursor is not None and (rows := result.cursor.fetchmany(_AT_ONCE)):
            for column, cells in zip(found, zip(*rows, strict=True), strict=True):
                column.extend(cells)
    return Lines(*found)


def count(session: Session, wanted: LogFilter, before: int) -> int:
    """How many lines there are below `before`."""
    statement = enquiry.narrowed(select(func.count(FactRow.ledger_sequence)), wanted, before)
    if wanted.kinds:
        statement = statement.where(FactRow.kind.in_(wanted.kinds))
    return session.scalar(statement) or 0
