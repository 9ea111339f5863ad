"""Coverage: for each door and a period, how much of its record the centre has, and how much of it was decided alone.

The law: a decision that came in later than LATE after it was made was made while the door was cut off; where the door's
clock could not be believed, nobody knows how late it came, and it is counted apart. A retired door counts
until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from controller.database import seconds_between
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import hearing
from controller.record.alarm import FACTS_MISSING, Alarm
from controller.record.fact import FactRow, decided
from controller.record.overruled import OverruledGrant

LATE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Covered:
    """decisions: all of the period; late: made while the door was cut off; unclocked: by a clock that could not be
    believed; overruled: entries that the newest list would have refused; gaps: parts of its agent's record that are
    lost for ever; heard: for which part of the time its agent proved itself to the centre, None if never yet."""

    door: Door
    agent: Agent
    decisions: int
    late: int
    unclocked: int
    overruled: int
    gaps: int
    heard: float | None


def of_doors(
    session: Session, site: Site, now: datetime, since: datetime, until: datetime | None, door: int | None = None
) -> Sequence[Covered]:
    """Every door of `site` that was in service then (or one of them), by its key."""
    doors = select(Door, Agent).join(Agent, Agent.id == Door.agent_id).where(*_among(site, since, door))
    counted = {row[0]: row[1:] for row in session.execute(_decisions(since, until))}
    heard = _Heard(session, now, since, until)
    gaps = {row[0]: row[1] for row in session.execute(_gaps(since, until))}
    return [
        Covered(each, agent, *counted.get(each.id, (0, 0, 0, 0)), gaps.get(agent.id, 0), heard.at(each))
        for each, agent in session.execute(doors.order_by(Door.key))
    ]


def count(session: Session, site: Site, since: datetime, door: int | None = None) -> int:
    """How many doors `of_doors` would tell of."""
    return session.scalar(select(func.count(Door.id)).where(*_among(site, since, door))) or 0


class _Heard:
    """For which part of the time each door's agent was heard: up to when the door was retired, if it was."""

    def __init__(self, session: Session, now: datetime, since: datetime, until: datetime | None) -> None:
        self._session, self._now, self._since, self._until = session, now, since, until
        self._shares: dict[datetime | None, dict[int, float]] = {}

    def at(self, door: Door) -> float | None:
        ends = [each for each in (self._until, door.retired_at) if each is not None]
        end = min(ends, default=None)
        if end not in self._shares:
            self._shares[end] = hearing.shares(self._session, self._now, self._since, end)
        return self._shares[end].get(door.agent_id)


def _among(site: Site, since: datetime, door: int | None) -> tuple[ColumnElement[bool], ...]:
    served = (Door.site_id == site.id, or_(Door.retired_at.is_(None), Door.retired_at > since))
    return served if door is None else (*served, Door.id == door)


def _decisions(since: datetime, until: datetime | None) -> Select[int | None, int, int, int, int]:
    is_late = and_(FactRow.trusted, seconds_between(FactRow.at, FactRow.received_at) > LATE.total_seconds())
    statement = (
        select(
            FactRow.door_id,
            func.count(),
            func.count(case((is_late, 1))),
            func.count(case((FactRow.trusted.is_(False), 1))),
            func.count(OverruledGrant.ledger_sequence),
        )
        .outerjoin(OverruledGrant, OverruledGrant.ledger_sequence == FactRow.ledger_sequence)
        .where(decided(), FactRow.at >= since)
        .group_by(FactRow.door_id)
    )
    return statement if until is None else statement.where(FactRow.at < until)


def _gaps(since: datetime, until: datetime | None) -> Select[int, int]:
    within = Alarm.raised_at >= since if until is None else and_(Alarm.raised_at >= since, Alarm.raised_at < until)
    return select(Alarm.agent_id, func.count()).where(Alarm.kind == FACTS_MISSING, within).group_by(Alarm.agent_id)
