"""Many requests and revocations at once, marked in a table of people and rooms.

The law: what is applied is what was shown. A bundle says in full what is asked for and which permissions end; each is
done by the verb that does one, all in one transaction, and none when anything that they rest on was changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import leaf
from controller.ledger import ledger
from controller.ledger.kinds import CHANGES_LISTS, Kind
from controller.ledger.ledger import LedgerRow
from controller.people import permission as permissions
from controller.people.cardholder import Cardholder
from controller.people.matrix import cells
from controller.people.operator import Operator
from controller.people.permission import Grant, Wish
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.refusal import Refused

MOST: Final = 100
_RESTS_ON: Final = CHANGES_LISTS | {Kind.GRANT_REQUESTED, Kind.GRANT_DECLINED, Kind.SCHEDULE_RETIRED}
"""What is recorded of anything that a bundle was judged by: permissions, people, cards, rooms and their rules."""


class Act(StrEnum):
    """REVOKE ends what opens this room alone; REVOKE_LEVEL the access level by which it opens, with its other rooms."""

    REQUEST = "request"
    REVOKE = "revoke"
    REVOKE_LEVEL = "revoke-level"


@dataclass(frozen=True, slots=True)
class Mark:
    """One cell that was marked."""

    act: Act
    cardholder: Cardholder
    area: Area


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every cell of a bundle; schedule: none is always, valid_until: None is as long as may be."""

    valid_from: datetime
    valid_until: datetime | None
    schedule: Schedule | None
    reason: str

    def wish(self, mark: Mark) -> Wish:
        return Wish(mark.cardholder, mark.area, self.valid_from, self.valid_until, self.reason, self.schedule)


@dataclass(frozen=True, slots=True)
class Bundle:
    """seen: the ledger's last row when it was judged."""

    seen: int
    terms: Terms
    wishes: tuple[Wish, ...]
    ended: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What can be done, and the cells that would be refused, each with why."""

    bundle: Bundle
    refused: tuple[tuple[Mark, Refused], ...]


def judge(session: Session, by: Operator, now: datetime, marks: Iterable[Mark], terms: Terms) -> Judged:
    """What of `marks` can be done, revocations first. Refused marks-missing, marks-many, reason-missing."""
    chosen = list(dict.fromkeys(marks))
    if not chosen:
        raise Refused("marks-missing")
    if len(chosen) > MOST:
        raise Refused("marks-many")
    if not terms.reason.strip():
        raise Refused("reason-missing")
    seen = ledger.head(session)
    refused: list[tuple[Mark, Refused]] = []
    ended = _ended(session, now, chosen, refused)
    savepoint = session.begin_nested()
    for given in ended:
        permissions.revoke(session, by, now, given, terms.reason)
    wishes = _wishes(session, now, chosen, terms, refused)
    savepoint.rollback()
    return Judged(Bundle(seen, terms, tuple(wishes), tuple(ended)), tuple(refused))


def apply(session: Session, by: Operator, now: datetime, bundle: Bundle) -> Sequence[Grant]:
    """Do all of it, revocations first; the requests that now wait. Refused bundle-outdated, and as `request` and
    `revoke`."""
    # Every row is locked in one order, and the ledger after them, as single verbs do: no two wait for each other.
    for given in sorted(bundle.ended, key=lambda each: each.id):
        session.refresh(given, with_for_update=True)
    now_last = ledger.hold(session)
    between = select(LedgerRow.sequence).where(LedgerRow.kind.in_(_RESTS_ON), LedgerRow.sequence > bundle.seen)
    if session.scalar(between.where(LedgerRow.sequence <= now_last).limit(1)) is not None:
        raise Refused("bundle-outdated")
    for given in bundle.ended:
        permissions.revoke(session, by, now, given, bundle.terms.reason)
    return [permissions.request(session, by, now, wish) for wish in bundle.wishes]


def as_values(bundle: Bundle) -> dict[str, Any]:
    """A bundle as plain values, to be kept outside until somebody confirms it."""
    terms = bundle.terms
    return {
        "seen": bundle.seen,
        "from": leaf.written(terms.valid_from),
        "until": None if terms.valid_until is None else leaf.written(terms.valid_until),
        "schedule": None if terms.schedule is None else terms.schedule.id,
        "reason": terms.reason,
        "wishes": [[wish.cardholder.id, wish.area_id] for wish in bundle.wishes],
        "ended": [given.id for given in bundle.ended],
    }


def from_values(session: Session, told: Mapping[str, Any]) -> Bundle:
    """The same the other way: only for values that nobody can have changed."""
    until, schedule = told["until"], told["schedule"]
    terms = Terms(
        leaf.read_moment(told["from"]),
        None if until is None else leaf.read_moment(until),
        None if schedule is None else session.get_one(Schedule, schedule),
        told["reason"],
    )
    marks = [
        Mark(Act.REQUEST, session.get_one(Cardholder, holder), session.get_one(Area, area))
        for holder, area in told["wishes"]
    ]
    ended = tuple(session.get_one(Grant, each) for each in told["ended"])
    return Bundle(told["seen"], terms, tuple(terms.wish(mark) for mark in marks), ended)


def _ended(session: Session, now: datetime, marks: Sequence[Mark], refused: list[tuple[Mark, Refused]]) -> list[Grant]:
    """What lives in the cells to be revoked, each once. What opens other rooms too ends only where that is said."""
    chosen = [mark for mark in marks if mark.act is not Act.REQUEST]
    holders, areas = {mark.cardholder for mark in chosen}, {mark.area for mark in chosen}
    table = cells(session, holders, areas, now)
    found: dict[int, Grant] = {}
    for mark in chosen:
        by_level, cell = mark.act is Act.REVOKE_LEVEL, table.get((mark.cardholder.id, mark.area.id), ())
        ended = {each.grant.id: each.grant for each in cell if each.by_level is by_level}
        if not ended:
            refused.append((mark, Refused("not-in-force")))
        found |= ended
    return list(found.values())


def _wishes(
    session: Session, now: datetime, marks: Sequence[Mark], terms: Terms, refused: list[tuple[Mark, Refused]]
) -> list[Wish]:
    found: list[Wish] = []
    for mark in (each for each in marks if each.act is Act.REQUEST):
        try:
            permissions.check(session, now, terms.wish(mark))
        except Refused as why:
            refused.append((mark, why))
        else:
            found.append(terms.wish(mark))
    return found
