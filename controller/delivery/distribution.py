"""Distribution: follows the ledger, issues the lists it calls for, and says at how many doors a change is in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from controller.delivery import compiling, sharing
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
    until, called = head(session), _time_calls(session, site, position, now)
    while rows := rows_after(session, position.sequence):
        called = called or any(row.kind in CHANGES_LISTS for row in rows)
        position.sequence = rows[-1].sequence
    if not called:
        return []
    position.looked_at = now
    sharing.keep_keys(session, site)
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
    return in_force_each(session, area, [ledger_sequence])[ledger_sequence]


def in_force_each(session: Session, area: Area, ledger_sequences: Iterable[int]) -> dict[int, InForce]:
    """The same for many changes in one area; what its doors carry is read once."""
    agents_of_doors = [session.get_one(Agent, door.agent_id) for door in doors.of_area(session, area)]
    carried = [newest_adopted(session, agent) for agent in agents_of_doors]
    return {each: _in_force(session, carried, each) for each in ledger_sequences}


def _in_force(session: Session, carried: Sequence[IssuedList | None], ledger_sequence: int) -> InForce:
    adopted = [each.adopted_at for each in carried if each is not None and each.reflects >= ledger_sequence]
    moments = [moment for moment in adopted if moment is not None]
    row = session.get(LedgerRow, ledger_sequence)
    if row is None or not moments or len(moments) < len(carried):
        return InForce(len(moments), len(carried), None)
    return InForce(len(moments), len(carried), max(max(moments) - row.at, timedelta(0)))


def _too_large(session: Session, agent: Agent, now: datetime) -> None:
    """Say so once until somebody has looked at it: what changed is not in force at this agent's doors."""
    if alarm.is_waiting(session, alarm.LIST_TOO_LARGE, agent.id):
        return
    place = append(session, Kind.LIST_TOO_LARGE, "controller", now, {"agent": agent.id})
    alarm.raise_alarm(session, alarm.LIST_TOO_LARGE, now, place, agent.id, None)


def _time_calls(session: Session, site: Site, position: DeliveryPosition, now: datetime) -> bool:
    boundary = compiling.next_boundary(session, site, position.looked_at)
    return now - position.looked_at >= _LOOK_AGAIN or boundary <= now
