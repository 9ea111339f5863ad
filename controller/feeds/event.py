"""Events: what a feed carries, read from the record beyond the place up to which it was taken; nothing here writes.

The law: the record is the outbox. An event has one name for ever, by the alarm or the row that it is about; alarms come
in their order and so do rows. What was erased meanwhile is not told any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import leaf
from contract.fact import FactKind
from contract.outcome import Outcome
from contract.reason import Reason
from controller.feeds import telling
from controller.feeds.feed import Feed, Personal, Topic
from controller.ledger.acts import ACTS
from controller.ledger.kinds import REFUSALS, Kind
from controller.ledger.ledger import LedgerRow, head
from controller.record.alarm import Alarm
from controller.record.alarm_words import alarm_words
from controller.record.fact import FactRow

_BETWEEN_MACHINES: Final = frozenset(
    {
        FactKind.LIST_ADOPTED,
        FactKind.LIST_REFUSED,
        FactKind.MESSAGE_REFUSED,
        FactKind.PEER_LOST,
        FactKind.PEER_BACK,
        FactKind.READ_FLAW,
    }
)
AT_THE_DOORS: Final = tuple(each for each in FactKind if each not in _BETWEEN_MACHINES)
_GRAVEST: Final = frozenset({FactKind.FORCED_OPEN, FactKind.FIRE, FactKind.BREAK_GLASS, Reason.DURESS})
_GRAVEST_LEVEL, _ALARM, _SEEN, _REFUSED, _CHANGE, _USUAL = 10, 8, 3, 5, 4, 2


@dataclass(frozen=True, slots=True)
class Place:
    """Up to which ledger row and which alarm a feed was taken."""

    record: int
    alarm: int


@dataclass(frozen=True, slots=True)
class Event:
    """name: for ever its own; kind: `access.decision`; title: in English; grave: 0 to 10; place: how far the feed is
    told with it; data: what it says, as JSON."""

    name: str
    kind: str
    title: str
    at: datetime
    grave: int
    place: Place
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """The next events in their order; end: how far the feed is told with all of them and what it does not carry."""

    events: Sequence[Event]
    end: Place


def batch(session: Session, feed: Feed, limit: int) -> Batch:
    """The next events of `feed`: at most `limit` alarms, and at most `limit` rows of the record."""
    begun = Place(feed.record_place, feed.alarm_place)
    alarms = _alarms(session, feed, begun, limit) if Topic.ALARMS in feed.carries else []
    begun = alarms[-1].place if alarms else begun
    rows = _rows(session, feed, begun, limit)
    end = replace(begun, record=rows[-1].place.record if len(rows) == limit else head(session))
    return Batch([*alarms, *rows], end)


def _alarms(session: Session, feed: Feed, begun: Place, limit: int) -> list[Event]:
    statement = (
        select(Alarm, FactRow)
        .outerjoin(FactRow, FactRow.ledger_sequence == Alarm.ledger_sequence)
        .where(Alarm.id > begun.alarm)
    )
    return [
        Event(
            f"alarm-{alarm.id}",
            "alarm.raised",
            alarm_words(alarm.kind).en,
            alarm.raised_at,
            _GRAVEST_LEVEL if alarm.kind in _GRAVEST else _ALARM,
            replace(begun, alarm=alarm.id),
            {
                "alarm": alarm.kind,
                "record": alarm.ledger_sequence,
                **telling.place(session, alarm.agent_id, alarm.door_id),
                **(telling.person(session, fact, feed.tells) if fact is not None else {}),
            },
        )
        for alarm, fact in session.execute(statement.order_by(Alarm.id).limit(limit))
    ]


def _rows(session: Session, feed: Feed, begun: Place, limit: int) -> list[Event]:
    """Facts and acts together, in the order of the ledger."""
    found: list[Event] = []
    if Topic.ACCESS in feed.carries:
        facts = select(FactRow).where(FactRow.ledger_sequence > begun.record, FactRow.kind.in_(AT_THE_DOORS))
        for fact in session.scalars(facts.order_by(FactRow.ledger_sequence).limit(limit)):
            found.append(_of_fact(session, fact, feed, replace(begun, record=fact.ledger_sequence)))
    kinds = ACTS if Topic.CHANGES in feed.carries else [Kind.ALARM_ACKNOWLEDGED]
    if feed.carries != (Topic.ACCESS,):
        acts = select(LedgerRow).where(LedgerRow.sequence > begun.record, LedgerRow.kind.in_(kinds))
        for act in session.scalars(acts.order_by(LedgerRow.sequence).limit(limit)):
            found.append(_of_act(session, act, feed, replace(begun, record=act.sequence)))
    return sorted(found, key=lambda each: each.place.record)[:limit]


def _of_fact(session: Session, row: FactRow, feed: Feed, place: Place) -> Event:
    return Event(
        f"record-{row.ledger_sequence}",
        f"access.{row.kind.lower().replace('_', '-')}",
        row.kind.replace("_", " ").capitalize(),
        row.at,
        _REFUSED if row.outcome == Outcome.REFUSE else _USUAL,
        place,
        {
            "outcome": row.outcome,
            "reason": row.reason,
            "certain": row.trusted and not row.inferred,
            "received_at": leaf.written(row.received_at),
            **telling.place(session, row.agent_id, row.door_id),
            **telling.passage(session, row),
            **telling.person(session, row, feed.tells),
        },
    )


def _of_act(session: Session, row: LedgerRow, feed: Feed, place: Place) -> Event:
    of_alarm = row.kind == Kind.ALARM_ACKNOWLEDGED
    return Event(
        f"record-{row.sequence}",
        "alarm.acknowledged" if of_alarm else f"change.{row.kind}",
        row.kind.replace("-", " ").capitalize(),
        row.at,
        _SEEN if of_alarm else _REFUSED if row.kind in REFUSALS else _CHANGE,
        place,
        telling.act(session, row, with_handles=Personal.HANDLE in feed.tells, named=Personal.OPERATOR in feed.tells),
    )
