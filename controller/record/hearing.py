"""Hearing: when each agent proved itself to the centre, in spans that last while its signed messages keep coming.

The law: only a message whose signature held counts, and silence of more than HEARD_WITHIN ends a span. Who is silent
may be down, cut off, or the centre itself was away: in each case what its doors decided meanwhile came in late.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.premises.agent import Agent, was_heard

_STEP = timedelta(seconds=10)
"""How often it is written down."""


class Hearing(Base):
    """One span: from its first message to its last so far."""

    __tablename__ = "hearing"

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_hearing_agent_id_until", "agent_id", "until", "since"),)


def heard(session: Session, agent: Agent, now: datetime) -> None:
    """A message of this agent has come whose signature holds."""
    last = agent.last_heard_at
    if last is not None and now - last < _STEP:
        return
    agent.last_heard_at = now
    newest = select(Hearing).where(Hearing.agent_id == agent.id).order_by(Hearing.until.desc()).limit(1)
    span = session.scalar(newest) if was_heard(last, now) else None
    if span is None:
        session.add(Hearing(agent_id=agent.id, since=now, until=now))
    else:
        span.until = now


def shares(session: Session, now: datetime, since: datetime, until: datetime | None) -> dict[int, float]:
    """By agent id: for which part of the time (0 to 1) it was heard; of the time since it was first heard, and not of
    what is still to come. An agent that had not been heard by then is left out."""
    end = now if until is None else min(until, now)
    first = dict(session.execute(select(Hearing.agent_id, func.min(Hearing.since)).group_by(Hearing.agent_id)).all())
    within = or_(Hearing.until > since, Hearing.since >= since)
    heard_s = {agent_id: 0.0 for agent_id, begun in first.items() if max(begun, since) < end}
    for span in session.scalars(select(Hearing).where(within, Hearing.since < end)):
        overlap = min(span.until, end) - max(span.since, since)
        heard_s[span.agent_id] += max(overlap.total_seconds(), 0.0)
    return {each: seconds / (end - max(first[each], since)).total_seconds() for each, seconds in heard_s.items()}
