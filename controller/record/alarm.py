"""Alarms: facts that somebody must look at, until an operator says that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVarTuple

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, Select, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.fact import Fact, FactKind
from contract.policy import Direction
from contract.reason import Reason
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.operator import Operator
from controller.record.fact import FactRow
from controller.refusal import Refused

_Asked = TypeVarTuple("_Asked")
CHAIN_BROKEN = "CHAIN_BROKEN"
FACTS_MISSING = "FACTS_MISSING"
LIST_TOO_LARGE = "LIST_TOO_LARGE"
SIGN_OFF_LAPSED = "SIGN_OFF_LAPSED"
"""A controlled exit runs as recorded, because nobody has confirmed again that people get out."""
UNBADGED_EXIT = "UNBADGED_EXIT"
"""Somebody left a room, whose leaving is to be recorded, without a card."""
READER_SUSPECT = "READER_SUSPECT"
"""A reader's secure channel does not verify, or a flood of reads came from it."""
GRANTED_ON_OLD_LIST = "GRANTED_ON_OLD_LIST"
"""A door that was cut off let in somebody whom the rules in force here would have refused."""
MESSAGE_REFUSED = str(FactKind.MESSAGE_REFUSED)
OF_THE_CENTRE = frozenset({CHAIN_BROKEN, FACTS_MISSING, LIST_TOO_LARGE, SIGN_OFF_LAPSED, GRANTED_ON_OLD_LIST})
"""What the centre itself finds; MESSAGE_REFUSED may be an agent's finding or its own."""
READ_FROM_FACTS = frozenset({UNBADGED_EXIT, READER_SUSPECT})
_ALWAYS = frozenset(
    {
        FactKind.FORCED_OPEN,
        FactKind.HELD_OPEN,
        FactKind.TAILGATE,
        FactKind.READER_LOST,
        FactKind.LIST_REFUSED,
        FactKind.MESSAGE_REFUSED,
        FactKind.PEER_LOST,
        FactKind.PRESENCE_CONFLICT,
    }
)
_WHILE_ACTIVE = frozenset({FactKind.FIRE, FactKind.BREAK_GLASS, FactKind.TAMPER})
_REASONS = frozenset({Reason.EXIT_UNVERIFIED, Reason.EXIT_MODE_NOT_PERMITTED, Reason.JOURNAL_UNAVAILABLE})
MISSED_BADGES = (Reason.ALREADY_INSIDE, Reason.NOT_INSIDE)
"""Entry without exit, exit without entry: somebody went in or out behind another, or without a card."""
LEFT_BEHIND = (Reason.OCCUPANCY_MIN, Reason.VISITOR_ALONE)
"""Who went out left somebody alone inside who must not be."""
LEFT_AGAINST = (
    Reason.LOCKDOWN,
    Reason.THREAT_LEVEL,
    Reason.CARD_EXPIRED,
    Reason.EXPIRED,
    Reason.OUTSIDE_SCHEDULE,
)
"""Who went out was inside when the posture or the time let nobody in. The door makes no sound of it (DESIGN 4 wants it
recorded and alarmed: the alarm is the centre's). Leaving in an evacuation is what everybody should do."""
_SUSPECT = ("authentication", "flood", "stuck")
_WHILE_WRONG = frozenset({FactKind.POWER, FactKind.LINE_FAULT})
OF_EQUIPMENT = frozenset({FactKind.READER_LOST, FactKind.TAMPER, FactKind.POWER, FactKind.LINE_FAULT, READER_SUSPECT})
"""What says that something is broken or taken apart: of a door that is retired, nobody is called for it."""
OBSERVED = (Reason.DURESS, *MISSED_BADGES, *LEFT_BEHIND, *LEFT_AGAINST, Reason.PROTECTION_WEAKENED)
KINDS = tuple(
    sorted({*OF_THE_CENTRE, *READ_FROM_FACTS, *_ALWAYS, *_WHILE_ACTIVE, *_WHILE_WRONG, *_REASONS, *OBSERVED}),
)


class Alarm(Base):
    """kind: one of KINDS; ledger_sequence: the row of what raised it; note: of whoever acknowledged it."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    ledger_sequence: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.sequence"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    door_id: Mapped[int | None] = mapped_column(ForeignKey("door.id"))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    note: Mapped[str] = mapped_column(String(400), default="", server_default="")

    __table_args__ = (
        Index("ix_alarm_acknowledged_at_id", "acknowledged_at", "id"),
        Index("ix_alarm_ledger_sequence", "ledger_sequence"),
    )


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """What to list; a field that is None does not narrow."""

    door: int | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def kind_of(fact: Fact) -> str | None:
    """The alarm that `fact` raises, or None."""
    if fact.kind in _ALWAYS or (fact.kind in _WHILE_ACTIVE and fact.body.get("active") is True):
        return fact.kind
    if fact.kind is FactKind.REX:
        return UNBADGED_EXIT if fact.body.get("unbadged") is True else None
    if fact.kind is FactKind.READ_FLAW:
        return READER_SUSPECT if str(fact.body.get("detail")).startswith(_SUSPECT) else None
    if fact.kind is FactKind.POWER:
        return fact.kind if fact.body.get("ok") is False else None
    if fact.kind is FactKind.LINE_FAULT:
        return fact.kind if fact.body.get("state") != "normal" else None
    reason = fact.body.get("reason")
    grave = fact.kind is FactKind.DECISION and isinstance(reason, str) and reason in _REASONS
    return str(reason) if grave else None


def observed(fact: Fact) -> list[Reason]:
    """What somebody must look at in a decision's violations, whatever it answered: duress, badges that were missed, a
    protection that could only be recorded, whom a person who left has left behind, and what they left against."""
    noted = fact.body.get("violations") if fact.kind is FactKind.DECISION else None
    if not isinstance(noted, list):
        return []
    of_leaving = (*LEFT_BEHIND, *LEFT_AGAINST) if fact.body.get("direction") == Direction.EXIT else ()
    wanted = (Reason.DURESS, *MISSED_BADGES, Reason.PROTECTION_WEAKENED, *of_leaving)
    return [each for each in wanted if each in noted]


def raise_alarm(
    session: Session, kind: str, at: datetime, ledger_sequence: int, agent_id: int, door_id: int | None
) -> None:
    session.add(Alarm(kind=kind, raised_at=at, ledger_sequence=ledger_sequence, agent_id=agent_id, door_id=door_id))


def raise_once(session: Session, kind: str, at: datetime, row: FactRow) -> None:
    """Raise what `row` calls for, unless the same about this person and area waits already; a protection that could
    not be enforced is the area's alone."""
    same = (
        select(Alarm.id)
        .join(FactRow, FactRow.ledger_sequence == Alarm.ledger_sequence)
        .where(Alarm.acknowledged_at.is_(None), Alarm.kind == kind)
        .where(FactRow.area_id.is_not_distinct_from(row.area_id))
    )
    if kind != Reason.PROTECTION_WEAKENED:
        same = same.where(FactRow.cardholder_id.is_not_distinct_from(row.cardholder_id))
    if session.scalar(same.limit(1)) is None:
        raise_alarm(session, kind, at, row.ledger_sequence, row.agent_id, row.door_id)
        session.flush()


def is_waiting(session: Session, kind: str, agent_id: int) -> bool:
    """Whether an alarm of this kind about this agent waits already."""
    same = select(Alarm.id).where(Alarm.agent_id == agent_id, Alarm.kind == kind, Alarm.acknowledged_at.is_(None))
    return session.scalar(same.limit(1)) is not None


def waiting(session: Session, limit: int = 50) -> Sequence[Alarm]:
    """Alarms that nobody has acknowledged, the newest first."""
    statement = select(Alarm).where(Alarm.acknowledged_at.is_(None))
    return session.scalars(statement.order_by(Alarm.id.desc()).limit(limit)).all()


def doors_waiting(session: Session) -> set[int]:
    """The doors that an alarm waits about, by id."""
    waiting_at = select(Alarm.door_id).where(Alarm.acknowledged_at.is_(None), Alarm.door_id.is_not(None)).distinct()
    return {door_id for door_id in session.scalars(waiting_at) if door_id is not None}


def listed(session: Session, wanted: AlarmFilter, before: int, limit: int) -> Sequence[Alarm]:
    """Alarms below the id `before`, waiting or not, the newest first."""
    statement = _narrowed(select(Alarm), wanted).where(Alarm.id < before)
    return session.scalars(statement.order_by(Alarm.id.desc()).limit(limit)).all()


def count_of(session: Session, wanted: AlarmFilter) -> int:
    """How many alarms `wanted` lists."""
    return session.scalar(_narrowed(select(func.count(Alarm.id)), wanted)) or 0


def count(session: Session, until: datetime | None = None) -> int:
    """How many nobody has acknowledged; only those raised up to `until`, if it is given."""
    statement = select(func.count(Alarm.id)).where(Alarm.acknowledged_at.is_(None))
    return session.scalar(statement if until is None else statement.where(Alarm.raised_at <= until)) or 0


def escalates(row: Alarm, now: datetime, after: timedelta) -> bool:
    """Whether nobody has acknowledged it for this long: it follows from the row, and nothing is written for it."""
    return row.acknowledged_at is None and row.raised_at <= now - after


def acknowledge(session: Session, by: Operator, now: datetime, alarm_id: int, note: str = "") -> None:
    """Say that it was looked at, and what was found; Refused not-found, already-decided.

    A note may name somebody: the ledger's leaf holds a commitment to it.
    """
    alarm = session.get(Alarm, alarm_id, with_for_update=True)
    if alarm is None:
        raise Refused("not-found")
    if alarm.acknowledged_at is not None:
        raise Refused("already-decided")
    alarm.acknowledged_at, alarm.acknowledged_by, alarm.note = now, by.id, note.strip()[:400]
    subjects = {"alarm": alarm.id, "row": alarm.ledger_sequence}
    personal = {"note": alarm.note} if alarm.note else {}
    append(session, Kind.ALARM_ACKNOWLEDGED, by.actor, now, subjects, personal=personal)


def count_of_door(session: Session, door_id: int) -> int:
    """How many wait about this door."""
    return _count_waiting(session, Alarm.door_id == door_id)


def count_of_agent(session: Session, agent_id: int) -> int:
    """How many wait about this agent, or a door while it was driven by it."""
    return _count_waiting(session, Alarm.agent_id == agent_id)


def close_of_door(session: Session, by: Operator, now: datetime, door_id: int, why: str) -> int:
    """Acknowledge everything that waits about a door, with the same note; how many there were."""
    return _close(session, by, now, Alarm.door_id == door_id, why)


def close_of_agent(session: Session, by: Operator, now: datetime, agent_id: int, why: str) -> int:
    """The same of everything that `count_of_agent` counts."""
    return _close(session, by, now, Alarm.agent_id == agent_id, why)


def _count_waiting(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(Alarm.id)).where(which, Alarm.acknowledged_at.is_(None))) or 0


def _close(session: Session, by: Operator, now: datetime, which: ColumnElement[bool], why: str) -> int:
    wait = select(Alarm.id).where(which, Alarm.acknowledged_at.is_(None)).order_by(Alarm.id)
    found = session.scalars(wait).all()
    for each in found:
        acknowledge(session, by, now, each, why)
    return len(found)


def _narrowed(statement: Select[*_Asked], wanted: AlarmFilter) -> Select[*_Asked]:
    if wanted.door is not None:
        statement = statement.where(Alarm.door_id == wanted.door)
    if wanted.kind is not None:
        statement = statement.where(Alarm.kind == wanted.kind)
    if wanted.since is not None:
        statement = statement.where(Alarm.raised_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(Alarm.raised_at < wanted.until)
    return statement
