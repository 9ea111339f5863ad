"""The outbox: mails that wait for the server to take them, and how far each topic has been told.

The law: a mail is written in the transaction that moves its topic on, and removed only after the server has taken it
or refused it for good: nothing is told twice by two mails, and a mail that is sent again, because the process ended in
between, is the same mail. One row a recipient: who is refused holds up nobody else, and nobody sees who else is told.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger.ledger import head
from controller.mail.letter import SUBJECT_LIMIT, Letter
from controller.record.alarm import Alarm

WAITING_FOR_ONE = 30
"""Most mails of one topic that wait for one recipient."""


class Topic(StrEnum):
    ALARMS = "alarms"
    APPROVALS = "approvals"
    EXPIRIES = "expiries"


class Told(Base):
    """How far a topic is told. sequence: the newest alarm's id, or ledger row; until: alarms that escalated up to that
    moment, permissions that end up to it; mailed_at: when it was last told (expiries: last looked at)."""

    __tablename__ = "mail_told"

    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutgoingMail(Base):
    """One mail to one recipient, not yet taken by the server. attempts: how many failed; due_at: of the next one."""

    __tablename__ = "outgoing_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(300), unique=True)
    subject: Mapped[str] = mapped_column(String(SUBJECT_LIMIT))
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)


def begin(session: Session, recipients: Mapping[Topic, Sequence[str]], now: datetime) -> None:
    """A topic that is told from now on begins with what happens from now on; whoever is told no longer, and a topic of
    which nobody is told, leave nothing behind."""
    for topic in Topic:
        named = recipients.get(topic, ())
        dropped = OutgoingMail.recipient.not_in(named)
        session.execute(delete(OutgoingMail).where(OutgoingMail.topic == topic, dropped))
        if not named:
            session.execute(delete(Told).where(Told.topic == topic))
        elif session.get(Told, topic) is None:
            newest = session.scalar(select(func.max(Alarm.id))) or 0 if topic is Topic.ALARMS else head(session)
            session.add(Told(topic=topic, sequence=newest, until=now))


def hold(session: Session) -> None:
    """Keep every other writer of mails waiting until this transaction ends: a controller that has just lost its claim
    may still be at work."""
    session.scalars(select(Told).with_for_update()).all()


def put(session: Session, topic: Topic, letter: Letter, recipients: Sequence[str], domain: str, now: datetime) -> int:
    """Keep `letter` for those of `recipients` who have not too many waiting; for how many it is kept."""
    full = full_for(session, topic)
    told = [each for each in recipients if each not in full]
    for recipient in told:
        session.add(
            OutgoingMail(
                topic=topic,
                recipient=recipient,
                message_id=f"<{secrets.token_hex(16)}@{domain}>",
                subject=letter.subject,
                body=letter.body,
                made_at=now,
                due_at=now,
                attempts=0,
            )
        )
    return len(told)


def full_for(session: Session, topic: Topic) -> set[str]:
    """For whom no further mail of this topic is kept."""
    waiting = select(OutgoingMail.recipient).where(OutgoingMail.topic == topic).group_by(OutgoingMail.recipient)
    return set(session.scalars(waiting.having(func.count() >= WAITING_FOR_ONE)))


def due(session: Session, now: datetime, limit: int) -> Sequence[OutgoingMail]:
    """What is to be tried now, in the order in which it was written."""
    statement = select(OutgoingMail).where(OutgoingMail.due_at <= now).order_by(OutgoingMail.id).limit(limit)
    return session.scalars(statement).all()
