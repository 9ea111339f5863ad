"""Lost cards and leavers with their receipts: what was said of which card, and how far it has come at the doors.

The law: what is not confirmed yet comes first. The number of statements does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVarTuple

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from controller.delivery import receipts
from controller.people.card_end import CardEnd, Ended
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.premises.site import Site

_Asked = TypeVarTuple("_Asked")
_WAITS = and_(CardEnd.over_at.is_(None), or_(CardEnd.doors.is_(None), CardEnd.confirmed < CardEnd.doors))


class Reach(StrEnum):
    """How far an end has come. COUNTING: its doors are not counted yet; NOWHERE: no door carried the card; WAITING:
    some door has not confirmed; EVERYWHERE: all have; TAKEN_BACK: it was taken back before all had."""

    COUNTING = "counting"
    NOWHERE = "nowhere"
    WAITING = "waiting"
    EVERYWHERE = "everywhere"
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True)
class Loss:
    """missing: the doors that have not confirmed, with their agents; no more than `receipts.MOST_NAMED`."""

    end: CardEnd
    card: Credential
    holder: Cardholder
    missing: Sequence[tuple[Door, Agent]]

    @property
    def unnamed(self) -> int:
        """How many have not confirmed and are not among `missing`."""
        return (self.end.doors or 0) - self.end.confirmed - len(self.missing)

    @property
    def reach(self) -> Reach:
        end = self.end
        if end.doors == 0:
            return Reach.NOWHERE
        if end.doors == end.confirmed:
            return Reach.EVERYWHERE
        if not end.stands:
            return Reach.TAKEN_BACK
        return Reach.COUNTING if end.doors is None else Reach.WAITING

    @property
    def took(self) -> timedelta | None:
        """From when it was said to the last door; None while one is missing, or there was none."""
        if self.reach is not Reach.EVERYWHERE or self.end.last_at is None:
            return None
        return self.end.last_at - self.end.said_at


@dataclass(frozen=True, slots=True)
class LossFilter:
    """What to list; a field that is None does not narrow. since, until: when it was said; waiting: only what some door
    has not confirmed."""

    what: Ended | None = None
    cardholder: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    waiting: bool = False


def listed(session: Session, site: Site, wanted: LossFilter, beyond: int, limit: int) -> Sequence[Loss]:
    """What waits for a door first, then the newest, without the first `beyond` of them."""
    order = (case((_WAITS, 0), else_=1), CardEnd.ledger_sequence.desc(), CardEnd.id.desc())
    asked = _narrowed(select(CardEnd, Credential, Cardholder), site, wanted)
    rows = session.execute(asked.order_by(*order).offset(beyond).limit(limit)).all()
    missing = receipts.missing(session, [end.id for end, _, _ in rows])
    return [Loss(end, card, holder, missing.get(end.id, ())) for end, card, holder in rows]


def count(session: Session, site: Site, wanted: LossFilter) -> int:
    """How many `wanted` lists."""
    return session.scalar(_narrowed(select(func.count(CardEnd.id)), site, wanted)) or 0


def _narrowed(asked: Select[*_Asked], site: Site, wanted: LossFilter) -> Select[*_Asked]:
    statement = (
        asked.select_from(CardEnd)
        .join(Credential, Credential.id == CardEnd.credential_id)
        .join(Cardholder, Cardholder.id == CardEnd.cardholder_id)
        .where(Cardholder.site_id == site.id)
    )
    if wanted.what is not None:
        statement = statement.where(CardEnd.what == wanted.what)
    if wanted.cardholder is not None:
        statement = statement.where(CardEnd.cardholder_id == wanted.cardholder)
    if wanted.since is not None:
        statement = statement.where(CardEnd.said_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(CardEnd.said_at < wanted.until)
    return statement.where(_WAITS) if wanted.waiting else statement
