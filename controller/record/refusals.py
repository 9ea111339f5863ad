"""Refusals of a period: whom which door refused for which reason, how often, and when first and last."""

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

_GROUP = (FactRow.cardholder_id, FactRow.door_id, FactRow.reason)


@dataclass(frozen=True, slots=True)
class Refusals:
    """cardholder: None for cards that nobody has."""

    cardholder: Cardholder | None
    door: Door | None
    reason: str | None
    times: int
    first: datetime
    last: datetime


def grouped(session: Session, wanted: LogFilter, beyond: int, limit: int) -> Sequence[Refusals]:
    """The most frequent first, without the first `beyond` of them."""
    groups = _groups(wanted).order_by(func.count().desc(), *_GROUP).offset(beyond).limit(limit).subquery()
    statement = (
        select(Cardholder, Door, groups.c.reason, groups.c.times, groups.c.first, groups.c.last)
        .select_from(groups)
        .outerjoin(Cardholder, Cardholder.id == groups.c.cardholder_id)
        .outerjoin(Door, Door.id == groups.c.door_id)
        .order_by(groups.c.times.desc(), groups.c.cardholder_id, groups.c.door_id, groups.c.reason)
    )
    return [Refusals(*row) for row in session.execute(statement)]


def count(session: Session, wanted: LogFilter) -> int:
    """How many groups there are."""
    return session.scalar(select(func.count()).select_from(_groups(wanted).subquery())) or 0


def _groups(wanted: LogFilter) -> Select[*tuple[Any, ...]]:
    counted = (func.count().label("times"), func.min(FactRow.at).label("first"), func.max(FactRow.at).label("last"))
    refused = select(*_GROUP, *counted).where(FactRow.kind == FactKind.DECISION)
    return enquiry.narrowed(refused, replace(wanted, outcome=Outcome.REFUSE), None).group_by(*_GROUP)
