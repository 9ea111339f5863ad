"""Refusals of a period: whom which door refused for which reason, what became of it, how often, first and last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from contract.fact import FactKind
from contract.outcome import Outcome
from controller.people.cardholder import Cardholder
from controller.premises.door import Door
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from controller.record.fact import FactRow
from controller.record.judgement import IN_FORCE, Disposition, Judgement, standing, urgency

_GROUP = (FactRow.cardholder_id, FactRow.door_id, FactRow.reason)


@dataclass(frozen=True, slots=True)
class Refusals:
    """cardholder: None for cards that nobody has."""

    cardholder: Cardholder | None
    door: Door | None
    reason: str | None
    disposition: str
    times: int
    first: datetime
    last: datetime


def grouped(
    session: Session, wanted: LogFilter, beyond: int, limit: int, disposition: Disposition | None = None
) -> Sequence[Refusals]:
    """What is open first, then the most frequent, without the first `beyond` of them."""
    order = ("rank", func.count().desc(), *_GROUP)
    groups = _groups(wanted, disposition).order_by(*order).offset(beyond).limit(limit).subquery()
    told = groups.c
    statement = (
        select(Cardholder, Door, told.reason, told.disposition, told.times, told.first, told.last)
        .select_from(groups)
        .outerjoin(Cardholder, Cardholder.id == told.cardholder_id)
        .outerjoin(Door, Door.id == told.door_id)
        .order_by(told.rank, told.times.desc(), told.cardholder_id, told.door_id, told.reason)
    )
    return [Refusals(*row) for row in session.execute(statement)]


def count(session: Session, wanted: LogFilter, disposition: Disposition | None = None) -> int:
    """How many groups there are."""
    return session.scalar(select(func.count()).select_from(_groups(wanted, disposition).subquery())) or 0


def _groups(wanted: LogFilter, disposition: Disposition | None) -> Select[*tuple[Any, ...]]:
    counted = (func.count().label("times"), func.min(FactRow.at).label("first"), func.max(FactRow.at).label("last"))
    stands, rank = standing().label("disposition"), urgency().label("rank")
    refused = (
        select(*_GROUP, stands, rank, *counted)
        .outerjoin(Judgement, (Judgement.finding == FactRow.ledger_sequence) & IN_FORCE)
        .where(FactRow.kind == FactKind.DECISION)
        .group_by(*_GROUP, stands, rank)
    )
    if disposition is not None:
        refused = refused.where(standing() == disposition)
    return enquiry.narrowed(refused, replace(wanted, outcome=Outcome.REFUSE), None)
