"""Distribution: follows the ledger, issues the lists it calls for, and says at how many doors a change is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from controller.delivery import compiling
from controller.delivery.issued import DeliveryPosition, IssuedList, newest_adopted
from controller.ledger.kinds import CHANGES_LISTS, Kind
from controller.ledger.ledger import LedgerRow, append, head, rows_after
from controller.premises import agent as agents
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.site import Site
from controller.record import alarm

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


def follow(session: Session, site: Site, now: datetime, signer: Ed25519PrivateKey) -> list[tuple[Agent, IssuedList]]:
    """Compile what ledger rows since the last call, or the time, call for; returns the lists that are new."""
    position = session.get(DeliveryPosition, 1, with_for_update=True)
    if position is None:
        position = DeliveryPosition(id=1, sequence=0, looked_at=now - 2 * _LOOK_AGAIN)
        session.add(position)
    until, called = head(session), _time_calls(session, position, now)
    while rows := rows_after(session, position.sequence):
        called = called or any(row.kind in CHANGES_LISTS for row in rows)
        position.sequence = rows[-1].sequence
    if not called:
        return []
    position.looked_at = now
    issued: list[tuple[Agent, IssuedList]] = []
    for agent in agents.of_site(session, site):
        if agent.trusted and doors.of_agent(session, agent):
            made = compiling.issue(session, site, agent, now, until, signer)
            if made is None:
                _too_large(session, agent, now)
            elif made.compiled_at == now and made.adopted_at is None:
                issued.append((agent, made))
    return issued


def in_force(session: Session, area: Area, ledger_sequence: int) -> InForce:
    """At how many doors of `area` the change recorded in this ledger row is in force."""
    concerned = doors.of_area(session, area)
    adopted: list[datetime] = []
    for door in concerned:
        carried = newest_adopted(session, session.get_one(Agent, door.agent_id))
        if carried is not None and carried.reflects >= ledger_sequence and carried.adopted_at is not None:
            adopted.append(carried.adopted_at)
    row = session.get(LedgerRow, ledger_sequence)
    if row is None or not adopted or len(adopted) < len(concerned):
        return InForce(len(adopted), len(concerned), None)
    return InForce(len(adopted), len(concerned), max(max(adopted) - row.at, timedelta(0)))


def _too_large(session: Session, agent: Agent, now: datetime) -> None:
    """Say so once until somebody has looked at it: what changed is not in force at this agent's doors."""
    if alarm.is_waiting(session, alarm.LIST_TOO_LARGE, agent.id):
        return
    place = append(session, Kind.LIST_TOO_LARGE, "controller", now, {"agent": agent.id})
    alarm.raise_alarm(session, alarm.LIST_TOO_LARGE, now, place, agent.id, None)


def _time_calls(session: Session, position: DeliveryPosition, now: datetime) -> bool:
    boundary = compiling.next_boundary(session, position.looked_at)
    return now - position.looked_at >= _LOOK_AGAIN or (boundary is not None and boundary <= now)
