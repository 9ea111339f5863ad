"""Retiring agents that drive no door.

The law: what was recorded stays provable. An agent's keys and its certificate stay beside its name; from now on nothing
that it signs is taken, and what it sends is refused on record. This is final: the computer works again only when it is
enrolled anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from contract.canonical import Object, Value
from controller import line
from controller.people.operator import Operator
from controller.premises import agent as agents
from controller.premises import door as doors
from controller.premises import door_move
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import alarm
from controller.refusal import Refused


@dataclass(frozen=True, slots=True)
class AgentEnds:
    """doors: in service, that it drives or has not let go of; alarms: that wait about it."""

    agent: Agent
    doors: Sequence[Door]
    alarms: int

    def as_object(self) -> Object:
        driven: list[Value] = [each.id for each in self.doors]
        return {"agent": self.agent.id, "doors": driven, "alarms": self.alarms}


def without_agent(session: Session, agent: Agent) -> AgentEnds:
    """What retiring `agent` would mean; Refused agent-revoked."""
    if agent.revoked_at is not None:
        raise Refused("agent-revoked", agent=agent.key)
    return AgentEnds(
        agent,
        [*doors.of_agent(session, agent), *door_move.leaving(session, agent)],
        alarm.count_of_agent(session, agent.id),
    )


def retire_agent(session: Session, by: Operator, now: datetime, agent: Agent, reason: str) -> None:
    """Believe it no more; Refused reason-missing, agent-revoked, agent-drives. Alarms that wait about it are
    acknowledged with the reason."""
    why = line.reason(reason)
    # Nobody gives it a door back meanwhile.
    session.refresh(session.get_one(Site, agent.site_id), with_for_update=True)
    session.refresh(agent, with_for_update=True)
    ends = without_agent(session, agent)
    if ends.doors:
        raise Refused("agent-drives", doors=", ".join(each.key for each in ends.doors)[:200])
    alarm.close_of_agent(session, by, now, agent.id, why)
    agents.revoke(session, by.actor, now, agent, why)
