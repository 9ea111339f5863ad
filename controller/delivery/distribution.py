"""Distribution: follows the ledger, issues the lists it calls for, and says at how many doors a change is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.delivery import carried, compiling, lapses, moving, posture, sharing
from controller.delivery.carried import Carried
from controller.delivery.issued import DeliveryPosition, IssuedList, newest
from controller.ledger.kinds import CHANGES_LISTS, Kind
from controller.ledger.ledger import LedgerRow, append, head, rows_after
from controller.people import leaver
from controller.premises import agent as agents
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import alarm, uses

_LOOK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class InForce:
    """Doors (of those concerned) whose agents carry the change; `after`: from the change to the last of them."""

    doors: int
    concerned: int
    after: timedelta | None

    @property
    def everywhere(self) -> bool:
        return self.doors == self.concerned


def overtaking(session: Session, site: Site) -> bool:
    """Whether a change of posture waits that `overtake` would send; cheap, and writes nothing."""
    position = session.get(DeliveryPosition, 1)
    return posture.number(session, site) > (position.posture if position is not None else 0)


def overtake(session: Session, site: Site, now: datetime, signer: Ed25519PrivateKey) -> list[tuple[Agent, IssuedList]]:
    """Compile the lists that a change of posture calls for, and only those, however long the ledger's backlog is.

    A list is always compiled from everything that stands now, so it is right up to the ledger's head."""
    position = _position(session, now)
    number = posture.number(session, site)
    if number <= position.posture:
        return []
    concerned = posture.concerned(session, site, position.posture)
    position.posture = number
    return _issue(session, site, [each for each in agents.of_site(session, site) if each.id in concerned], now, signer)


def follow(session: Session, site: Site, now: datetime, signer: Ed25519PrivateKey) -> list[tuple[Agent, IssuedList]]:
    """Compile what ledger rows since the last call, or the time, call for; returns the lists that are new. What is due
    at this time of day is done first."""
    posture.forgive_due(session, site, now)
    leaver.end_due(session, site, now)
    moving.advance(session, site, now)
    position = _position(session, now)
    called = _time_calls(session, site, position, now)
    called = called or uses.changed_since(session, position.sequence)
    while rows := rows_after(session, position.sequence):
        called = called or any(row.kind in CHANGES_LISTS for row in rows)
        position.sequence = rows[-1].sequence
    if not called:
        return []
    position.looked_at, position.posture = now, posture.number(session, site)
    lapses.tell(session, site, now)
    sharing.keep_keys(session, site)
    return _issue(session, site, agents.of_site(session, site), now, signer)


def _position(session: Session, now: datetime) -> DeliveryPosition:
    position = session.get(DeliveryPosition, 1, with_for_update=True)
    if position is None:
        position = DeliveryPosition(id=1, sequence=0, looked_at=now - 2 * _LOOK_AGAIN, posture=0)
        session.add(position)
    return position


def _issue(
    session: Session, site: Site, among: Iterable[Agent], now: datetime, signer: Ed25519PrivateKey
) -> list[tuple[Agent, IssuedList]]:
    until, issued = head(session), list[tuple[Agent, IssuedList]]()
    for agent in among:
        before = newest(session, agent)
        # An agent whose last door is retired must learn it: it carries a list that still opens that door.
        if not agent.trusted or (before is None and not doors.listed_of_agent(session, agent)):
            continue
        made = compiling.issue(session, site, agent, now, until, signer)
        if made is None:
            _too_large(session, agent, now)
        elif made is not before:
            issued.append((agent, made))
    return issued


def in_force(session: Session, area: Area, ledger_sequence: int) -> InForce:
    """At how many doors of `area` the change recorded in this ledger row is in force."""
    return in_force_each(session, area, [ledger_sequence])[ledger_sequence]


def in_force_each(session: Session, area: Area, ledger_sequences: Iterable[int]) -> dict[int, InForce]:
    """The same for many changes in one area; what its doors carry is read once."""
    return in_force_at_each(session, doors.of_area(session, area), ledger_sequences)


def in_force_at(session: Session, concerned: Iterable[Door], ledger_sequence: int) -> InForce:
    """The same for one change at these doors."""
    return in_force_at_each(session, concerned, [ledger_sequence])[ledger_sequence]


def in_force_at_each(
    session: Session, concerned: Iterable[Door], ledger_sequences: Iterable[int]
) -> dict[int, InForce]:
    """The same for many changes at these doors."""
    at_all = list(concerned)
    return in_force_of_each(session, dict.fromkeys(ledger_sequences, at_all))


def in_force_of_each(session: Session, concerned: Mapping[int, Sequence[Door]]) -> dict[int, InForce]:
    """The same for many changes, each at doors of its own, in as many statements as for one."""
    lists = carried.of_agents(session, {door.agent_id for doors_of_one in concerned.values() for door in doors_of_one})
    made = _made(session, concerned)
    return {each: _in_force([_carried(lists, door) for door in at], each, made) for each, at in concerned.items()}


def at_each(session: Session, concerned: Iterable[Door], ledger_sequence: int) -> Sequence[tuple[Door, InForce]]:
    """The same for one change, of each door alone."""
    found = list(concerned)
    lists, made = carried.of_agents(session, {door.agent_id for door in found}), _made(session, [ledger_sequence])
    return [(door, _in_force([_carried(lists, door)], ledger_sequence, made)) for door in found]


def _carried(lists: Mapping[int, Carried], door: Door) -> Carried | None:
    """None while it is on its way to another agent: no list that is known to be adopted names it."""
    return lists.get(door.agent_id) if door.moving is None else None


def _made(session: Session, ledger_sequences: Iterable[int]) -> dict[int, datetime]:
    """When these changes were recorded."""
    rows = select(LedgerRow.sequence, LedgerRow.at).where(LedgerRow.sequence.in_(set(ledger_sequences)))
    return {row[0]: row[1] for row in session.execute(rows)}


def _in_force(at_doors: Sequence[Carried | None], ledger_sequence: int, made: Mapping[int, datetime]) -> InForce:
    moments = [each.adopted_at for each in at_doors if each is not None and each.reflects >= ledger_sequence]
    begun = made.get(ledger_sequence)
    if begun is None or not moments or len(moments) < len(at_doors):
        return InForce(len(moments), len(at_doors), None)
    return InForce(len(moments), len(at_doors), max(max(moments) - begun, timedelta(0)))


def _too_large(session: Session, agent: Agent, now: datetime) -> None:
    """Say so once until somebody has looked at it: what changed is not in force at this agent's doors."""
    if alarm.is_waiting(session, alarm.LIST_TOO_LARGE, agent.id):
        return
    place = append(session, Kind.LIST_TOO_LARGE, "controller", now, {"agent": agent.id})
    alarm.raise_alarm(session, alarm.LIST_TOO_LARGE, now, place, agent.id, None)


def _time_calls(session: Session, site: Site, position: DeliveryPosition, now: datetime) -> bool:
    boundary = compiling.next_boundary(session, site, position.looked_at)
    return now - position.looked_at >= _LOOK_AGAIN or boundary <= now
