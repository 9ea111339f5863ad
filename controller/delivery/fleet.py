"""Every agent as the centre knows it: when it was heard from, which list it carries, what it told last, its doors.

The law: nothing is guessed. What an agent has not said (or said before a door was its own) is None, and the number of
statements does not grow with the agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.delivery import carried, overview
from controller.delivery.carried import Carried
from controller.delivery.overview import DoorNow
from controller.premises import agent as agents
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record.fact import AgentChain, of_agents


class Standing(StrEnum):
    """KEYLESS: not enrolled yet; REVOKED: nothing it sends is taken; SILENT: not heard from lately; FAULT: heard from,
    and something at one of its doors has failed."""

    WELL = "well"
    FAULT = "fault"
    SILENT = "silent"
    KEYLESS = "keyless"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Told:
    """The last fact of an agent that the centre has: its number, when it happened and came in, whether the agent's
    clock could be believed then."""

    sequence: int
    at: datetime
    received_at: datetime
    clock: bool


@dataclass(frozen=True, slots=True)
class AgentNow:
    """carried: None while it is on record with no list; fresh_until: the earliest moment at which one of its doors
    stops letting people in by the list it has, if it is not heard from again; doors: with how each stands, None for a
    door without access points."""

    agent: Agent
    standing: Standing
    carried: Carried | None
    fresh_until: datetime | None
    told: Told | None
    doors: Sequence[tuple[Door, DoorNow | None]]

    @property
    def id(self) -> int:
        return self.agent.id


def all_of(session: Session, site: Site, now: datetime) -> list[AgentNow]:
    """The agents of `site` by their keys, the revoked ones last."""
    found = sorted(agents.of_site(session, site), key=lambda each: each.revoked_at is not None)
    lists = carried.of_agents(session, {each.id for each in found})
    last, guarded = _last(session), overview.doors(session, site, now)
    own: dict[int, list[Door]] = {}
    for door in doors.of_site(session, site):
        own.setdefault(door.agent_id, []).append(door)
    return [_one(each, now, lists.get(each.id), last.get(each.id), own.get(each.id, []), guarded) for each in found]


def one_of(session: Session, site: Site, now: datetime, agent: Agent) -> AgentNow:
    """This one of them."""
    return next(each for each in all_of(session, site, now) if each.agent.id == agent.id)


def _one(
    agent: Agent,
    now: datetime,
    carries: Carried | None,
    told: Told | None,
    own: Sequence[Door],
    guarded: Mapping[int, DoorNow],
) -> AgentNow:
    stands = [(door, guarded.get(door.id)) for door in own]
    fresh = [each.fresh_until for _, each in stands if each is not None and each.fresh_until is not None]
    faulty = any(each is not None and each.faults for _, each in stands)
    return AgentNow(
        agent,
        standing(agent, now, faulty=faulty),
        carries,
        min(fresh) if carries is not None and fresh else None,
        told,
        stands,
    )


def standing(agent: Agent, now: datetime, *, faulty: bool = False) -> Standing:
    """How an agent stands, of which is known whether something at one of its doors has failed."""
    if agent.revoked_at is not None:
        return Standing.REVOKED
    if agent.signing_key is None:
        return Standing.KEYLESS
    if not agent.heard(now):
        return Standing.SILENT
    return Standing.FAULT if faulty else Standing.WELL


def _last(session: Session) -> dict[int, Told]:
    """By agent id: the facts that the chains end with, each found by its key."""
    ends = [(chain.agent_id, chain.through) for chain in session.scalars(select(AgentChain))]
    return {row.agent_id: Told(row.sequence, row.at, row.received_at, row.trusted) for row in of_agents(session, ends)}
