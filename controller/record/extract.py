"""The log for files: as many rows as there are, in portions, without an object for each of them.

The law: a portion is one short look; nothing is held between two of them, so that a long file blocks nobody. What came
in after a file was begun is not in it, because every portion lies below the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from controller.people.cardholder import Cardholder
from controller.premises.door import AccessPoint
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from controller.record.fact import FactRow
from controller.record.overruled import OverruledGrant


class Line(NamedTuple):
    """One fact. encoded: its bytes, unless it is a decision, whose columns say all that a line tells."""

    place: int
    at: datetime
    trusted: bool
    kind: str
    outcome: str | None
    reason: str | None
    inferred: bool | None
    area: int | None
    door: int | None
    direction: str | None
    person: str | None
    number: str | None
    encoded: bytes | None
    overruled: str | None
    overruled_certain: bool | None


def lines(session: Session, wanted: LogFilter, before: int, limit: int) -> Sequence[Line]:
    """The next lines whose place in the ledger is below `before`, the newest first."""
    portion = enquiry.places(wanted, before, limit).subquery()
    statement = (
        select(
            FactRow.ledger_sequence,
            FactRow.at,
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
    # Not by the session, which would look at each row for objects that are not there.
    return [Line._make(row) for row in session.connection().execute(statement)]


def count(session: Session, wanted: LogFilter, before: int) -> int:
    """How many lines there are below `before`."""
    statement = enquiry.narrowed(select(func.count(FactRow.ledger_sequence)), wanted, before)
    if wanted.kinds:
        statement = statement.where(FactRow.kind.in_(wanted.kinds))
    return session.scalar(statement) or 0
