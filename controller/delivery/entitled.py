"""Who can enter an area at a moment: the doors' own `decide()`, asked for every card on the lists that count then.

For the past these are the lists that the area's agents carried, kept by hash; for now and later what would be compiled
for that moment. It stands in this wing because only here both are at hand. Whether a holder has a PIN the lists know.
What no list knows is assumed to be at its best: the card is read, the list fresh, the clock believed, and inside are
nobody, or those without whom nobody enters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import leaf
from contract.canonical import Object, Value
from contract.credential import lookup_key
from contract.decision import decide
from contract.outcome import Decision, Outcome
from contract.policy import Direction, Policy
from contract.reason import Reason
from contract.record import Record
from contract.situation import Attempt, Before, Inside, Moment, PinVerdict, Proof, Situation
from controller.delivery import issued
from controller.delivery.compiling import judged_by
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow
from controller.people.permission import Grant
from controller.premises import door as doors
from controller.premises import door_move
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site

K = TypeVar("K", bytes, int)
R = TypeVar("R", Credential, Grant)
Key: TypeAlias = tuple[bytes, int | None]
"""A holder's handle, and the id of their card where it is known."""
_AT_ONCE = 500
_EMPTY = Situation(0, Proof(True, True, True), control_permitted=True)
_ATTENDED = replace(_EMPTY, inside=Inside(people=1, supervisors=1, hosts=1), before=Before(host_s=0))
_PINLESS = tuple(replace(each, pin=PinVerdict.MISSING) for each in (_EMPTY, _ATTENDED))
_RANK = (Outcome.GRANT, Outcome.AWAIT, Outcome.REFUSE)


class Source(StrEnum):
    """CARRIED: the list that the agent carried then; COMPILED: what would be compiled; NONE: it carried none, or one
    that is not kept here, so that nobody can be said to enter by its doors."""

    CARRIED = "carried"
    COMPILED = "compiled"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Basis:
    """What one agent's answer rests on; `kept` is the list that it carried, `pins` the holders whose PIN is on it."""

    agent: Agent
    source: Source
    kept: issued.IssuedList | None
    policy: Policy | None
    records: Mapping[bytes, Record]
    pins: Collection[bytes] = ()

    def as_object(self) -> Object:
        told: Value = None
        if self.kept is not None:
            told = {"epoch": self.kept.epoch, "version": self.kept.version, "hash": self.kept.list_hash.hex()}
        return {"agent": self.agent.key, "source": self.source, "list": told}


@dataclass(frozen=True, slots=True)
class Way:
    """One entry of the area: GRANT; AWAIT when more than the card is asked for (a PIN, others, a supervisor or a host
    before); or REFUSE."""

    door: str
    access_point: str
    outcome: Outcome
    reason: Reason

    def as_object(self) -> Object:
        return {
            "door": self.door,
            "access_point": self.access_point,
            "outcome": self.outcome,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Entitled:
    """A cardholder who can enter by at least one way with this card (None: a card that is not known here any more)."""

    cardholder: Cardholder
    credential: Credential | None
    grant: Grant | None
    ways: tuple[Way, ...]

    @property
    def alike(self) -> bool:
        """Whether every way gives the same answer."""
        return len({(way.outcome, way.reason) for way in self.ways}) == 1

    def as_object(self) -> Object:
        ways: list[Value] = [way.as_object() for way in self.ways]
        return {
            "cardholder": self.cardholder.id,
            "cardholder_name": self.cardholder.name,
            "credential": self.credential.id if self.credential else None,
            "credential_label": self.credential.label if self.credential else None,
            "grant": self.grant.id if self.grant else None,
            "grant_reason": self.grant.reason if self.grant else None,
            "alike": self.alike,
            "ways": ways,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """Who can enter `area` at `at`, by cardholder, and what that rests on; count: how many cardholders in all; more:
    after which of them the next page begins, if there is one."""

    area: Area
    at: datetime
    bases: tuple[Basis, ...]
    people: tuple[Entitled, ...]
    count: int
    more: int | None = None

    def as_object(self) -> Object:
        bases: list[Value] = [each.as_object() for each in self.bases]
        people: list[Value] = [each.as_object() for each in self.people]
        return {"area": self.area.key, "at": leaf.written(self.at), "bases": bases, "people": people}


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the people: the first `most` cardholders whose ids come after this one."""

    after: int
    most: int


@dataclass(frozen=True, slots=True)
class _Holders:
    rows: Mapping[bytes, Cardholder]
    count: int
    more: int | None


@dataclass(slots=True)
class _Card:
    """What was found out about one card of one holder: its best answer at each access point."""

    grant: int = 0
    answers: dict[str, Decision] = field(default_factory=dict)

    def add(self, point: str, record: Record, decision: Decision) -> None:
        known = self.answers.get(point)
        if known is None or _RANK.index(decision.outcome) < _RANK.index(known.outcome):
            self.answers[point] = decision
        if decision.outcome is not Outcome.REFUSE:
            self.grant = self.grant or record.grant


def who_can(session: Session, site: Site, area: Area, at: datetime, now: datetime, page: Slice | None = None) -> Answer:
    """Who can enter `area` at `at`: before `now` by what its doors carried, from then on by what they would be told;
    of a `page` only the people on it are read."""
    past = at < now
    guarding = _doors(session, area, at, past=past)
    agents = _agents(session, guarding, at, past=past)
    bases = tuple(_basis(session, site, agent, area, at, past=past) for agent in agents)
    found: dict[Key, _Card] = {}
    for basis in bases:
        cards = _cards(session, basis)
        for key, record in basis.records.items():
            card = found.setdefault((record.holder, cards.get(key)), _Card())
            for point, decision in _decided(basis, area, record, at):
                card.add(point, record, decision)
    admitted = _admitted(found)
    holders = _sliced(session, {handle for handle, _ in admitted}, page)
    shown = {key: card for key, card in admitted.items() if key[0] in holders.rows}
    people = tuple(_people(session, guarding, area, holders.rows, shown))
    return Answer(area, at, bases, people, holders.count, holders.more)


def _doors(session: Session, area: Area, at: datetime, *, past: bool) -> Sequence[Door]:
    """The doors that guard it; at a moment of the past also those that were retired since."""
    if not past:
        return doors.of_area(session, area)
    ever = doors.ever_of_area(session, area)
    return [door for door in ever if door.retired_at is None or at < door.retired_at]


def _agents(session: Session, guarding: Sequence[Door], at: datetime, *, past: bool) -> Sequence[Agent]:
    driving = dict.fromkeys(door_move.agent_at(session, each, at) if past else each.agent_id for each in guarding)
    found = {each.id: each for each in session.scalars(select(Agent).where(Agent.id.in_(driving)))}
    return [found[each] for each in driving]


def _basis(session: Session, site: Site, agent: Agent, area: Area, at: datetime, *, past: bool) -> Basis:
    if not past:
        if agent.list_key is None:
            return Basis(agent, Source.NONE, None, None, {})
        content = judged_by(session, site, agent, at)
        return Basis(agent, Source.COMPILED, None, content.policy, content.tables.get(area.key, {}), content.pins)
    kept = issued.carried_at(session, agent, at)
    carried = issued.opened(kept) if kept is not None else None
    if carried is None:
        return Basis(agent, Source.NONE, kept, None, {})
    records, pins = dict(carried.records(area.key)), {holder for holder, _ in carried.pins()}
    return Basis(agent, Source.CARRIED, kept, carried.policy, records, pins)


def _decided(basis: Basis, area: Area, record: Record, at: datetime) -> Iterable[tuple[str, Decision]]:
    moment = Moment(at, timedelta(0), 0.0, trusted=True)
    points = basis.policy.access_points.values() if basis.policy is not None else ()
    for point in points:
        if point.direction is Direction.ENTRY and point.guarded == area.key:
            attempt = Attempt(point.id, clean=True, record=record)
            yield point.id, at_best(basis.policy, attempt, moment, holds_pin=record.holder in basis.pins)


def at_best(policy: Policy | None, attempt: Attempt, moment: Moment, *, holds_pin: bool) -> Decision:
    """Into the empty room; if only that is against it, it waits for a supervisor or a host."""
    empty, attended = (_EMPTY, _ATTENDED) if holds_pin else _PINLESS
    alone = decide(policy, attempt, empty, moment)
    if alone.outcome is not Outcome.REFUSE or decide(policy, attempt, attended, moment).outcome is Outcome.REFUSE:
        return alone
    return Decision(Outcome.AWAIT, alone.reason, alone.violations)


def _cards(session: Session, basis: Basis) -> dict[bytes, int]:
    """The card behind each look-up key, as far as it is known here."""
    if basis.agent.list_key is None:
        return {}
    found: dict[bytes, int] = {}
    for some in _chunks(sorted({record.holder for record in basis.records.values()})):
        statement = (
            select(IdentityRow)
            .join(Credential, Credential.id == IdentityRow.credential_id)
            .join(Cardholder, Cardholder.id == Credential.cardholder_id)
            .where(Cardholder.handle.in_(some))
        )
        for row in session.scalars(statement):
            found[lookup_key(basis.agent.list_key, row.identity())] = row.credential_id
    return found


def _admitted(found: Mapping[Key, _Card]) -> Mapping[Key, _Card]:
    """Those cards that at least one entry does not refuse."""
    return {
        who: card for who, card in found.items() if {each.outcome for each in card.answers.values()} - {Outcome.REFUSE}
    }


def _sliced(session: Session, handles: Collection[bytes], page: Slice | None) -> _Holders:
    """The people with these handles who are on the page, how many there are in all, and where the next page begins."""
    ids: list[int] = []
    for some in _chunks(sorted(handles)):
        ids += session.scalars(select(Cardholder.id).where(Cardholder.handle.in_(some)))
    mine, more = sorted(ids), None
    if page is not None:
        later = [each for each in mine if each > page.after]
        mine, more = later[: page.most], later[page.most - 1] if len(later) > page.most else None
    rows: dict[bytes, Cardholder] = {}
    for few in _chunks(mine):
        rows |= {row.handle: row for row in session.scalars(select(Cardholder).where(Cardholder.id.in_(few)))}
    return _Holders(rows, len(ids), more)


def _people(
    session: Session,
    guarding: Sequence[Door],
    area: Area,
    holders: Mapping[bytes, Cardholder],
    admitted: Mapping[Key, _Card],
) -> list[Entitled]:
    points = doors.access_points_of_each(session, [door.id for door in guarding])
    entries = [
        (door.key, point.key)
        for door in guarding
        for point in points.get(door.id, ())
        if point.direction == Direction.ENTRY and point.guarded_area_id == area.id
    ]
    cards = _by_ids(session, Credential, [card_id for _, card_id in admitted if card_id is not None])
    grants = _by_ids(session, Grant, [card.grant for card in admitted.values() if card.grant])
    people = [
        Entitled(
            holders[handle],
            cards.get(card_id or 0),
            grants.get(card.grant),
            tuple(_way(door, point, card.answers.get(point)) for door, point in entries),
        )
        for (handle, card_id), card in admitted.items()
    ]
    return sorted(people, key=lambda each: (each.cardholder.id, each.credential.id if each.credential else 0))


def _by_ids(session: Session, kind: type[R], ids: Sequence[int]) -> dict[int, R]:
    found = (
        row for some in _chunks(sorted(set(ids))) for row in session.scalars(select(kind).where(kind.id.in_(some)))
    )
    return {row.id: row for row in found}


def _way(door: str, point: str, decision: Decision | None) -> Way:
    if decision is None:  # the list of this door's agent does not hold the card
        return Way(door, point, Outcome.REFUSE, Reason.NOT_ON_LIST)
    return Way(door, point, decision.outcome, decision.reason)


def _chunks(keys: Sequence[K]) -> Iterable[Sequence[K]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
