"""Moving a door to another agent.

The law: no list lets two agents open one lock. A door that is moved leaves every list first; the new agent's list names
it once the former one has recorded that it carries a list without it, or somebody has stated that it is disconnected
from the lock. Meanwhile nobody comes in there and everybody gets out. Nothing of a door's record moves: facts stay with
the agent that signed them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller import line
from controller.delivery import carried, compiling
from controller.delivery.carried import Carried
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import agent as agents
from controller.premises import door as doors
from controller.premises import door_move
from controller.premises.agent import Agent
from controller.premises.door import Door, Moving
from controller.premises.door_move import DoorMove
from controller.premises.site import Site
from controller.record import door_state, enquiry
from controller.refusal import Refused


def begin(
    session: Session, actor: str, now: datetime, door: Door, to: Agent, reason: str, *, disconnected: bool
) -> DoorMove:
    """Give `door` to another agent. disconnected: the former one cannot reach the lock any more, says `actor`. Refused
    reason-missing, door-retired, agent-same, agent-revoked, agent-keyless, list-too-large, door-moving (its former
    agent has not let go of it yet; it may go back to that)."""
    why = line.reason(reason)
    session.refresh(session.get_one(Site, door.site_id), with_for_update=True)
    session.refresh(door, with_for_update=True)
    doors.require_service(door)
    _must_take(door, to)
    last = door_move.newest(session, door)
    if door.moving == Moving.LEAVING and last is not None and last.from_agent_id != to.id:
        raise Refused("door-moving", door=door.key)
    subjects = {"door": door.id, "agents": [door.agent_id, to.id]}
    plain = {"from": door.agent_id, "to": to.id, "disconnected": disconnected}
    place = append(session, Kind.DOOR_MOVED, actor, now, subjects, plain, line.opening(why))
    move = DoorMove(
        door_id=door.id, from_agent_id=door.agent_id, to_agent_id=to.id, begun_at=now, ledger_sequence=place
    )
    session.add(move)
    door.agent_id, door.moving = to.id, None
    session.flush()
    for point in doors.access_points(session, door):
        compiling.point_must_fit(session, point, now)
    door.moving = Moving.LEAVING
    door_state.forget_door(session, door.id)
    session.flush()
    if disconnected:
        _hand_over(move, door, now, place)
    return move


def let_go(session: Session, actor: str, now: datetime, door: Door, reason: str) -> None:
    """State that the former agent of a door that waits is disconnected from its lock; Refused reason-missing,
    door-not-moving."""
    why = line.reason(reason)
    session.refresh(door, with_for_update=True)
    move = door_move.newest(session, door)
    if door.moving != Moving.LEAVING or move is None:
        raise Refused("door-not-moving", door=door.key)
    _hand_over(move, door, now, _record(session, actor, now, move, {"disconnected": True}, why))


def advance(session: Session, site: Site, now: datetime) -> None:
    """Hand over what former agents have let go of, and note what new ones have taken up; whoever follows the ledger
    finds the rows."""
    on_the_way = session.scalars(select(Door).where(Door.site_id == site.id, Door.moving.is_not(None))).all()
    for door in on_the_way:
        move = door_move.newest(session, door)
        if move is None:
            continue
        lists = carried.of_agents(session, {move.from_agent_id, move.to_agent_id})
        if door.moving == Moving.LEAVING and _knows(lists.get(move.from_agent_id), move.ledger_sequence):
            _hand_over(move, door, now, _record(session, "controller", now, move, {"disconnected": False}, ""))
        there = _carries(lists.get(move.to_agent_id), move.hand_over_sequence)
        if door.moving == Moving.ARRIVING and there and _is_wired(session, door):
            door.moving = None


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A door that goes to another agent: from which, and whether both are heard, lately."""

    move: DoorMove
    former: Agent
    former_heard: bool
    new_heard: bool


def on_the_way(session: Session, now: datetime, door: Door) -> OnTheWay | None:
    """How far a move of `door` has come; None when it is at one agent."""
    move = door_move.newest(session, door) if door.moving is not None else None
    if move is None:
        return None
    former, new = session.get_one(Agent, move.from_agent_id), session.get_one(Agent, move.to_agent_id)
    return OnTheWay(move, former, former.heard(now), new.heard(now))


def takers(session: Session, site: Site, door: Door) -> Sequence[Agent]:
    """The agents that `door` may go to: enrolled, not revoked, and not its own."""
    return [each for each in agents.of_site(session, site) if each.trusted and each.id != door.agent_id]


def _must_take(door: Door, to: Agent) -> None:
    if to.site_id != door.site_id:
        raise Refused("not-found", agent=to.id)
    if to.id == door.agent_id:
        raise Refused("agent-same", agent=to.key)
    if to.revoked_at is not None:
        raise Refused("agent-revoked", agent=to.key)
    if to.signing_key is None:
        raise Refused("agent-keyless", agent=to.key)


def _knows(list_: Carried | None, ledger_sequence: int) -> bool:
    """An agent that never adopted a list opens nothing by one."""
    return list_ is None or list_.reflects >= ledger_sequence


def _carries(list_: Carried | None, ledger_sequence: int | None) -> bool:
    return list_ is not None and ledger_sequence is not None and list_.reflects >= ledger_sequence


def _is_wired(session: Session, door: Door) -> bool:
    """Whether its agent said at its last start that a reader of the door is fitted."""
    fitted = enquiry.readers(session, [door.agent_id])
    return any(point.key in fitted for point in doors.access_points(session, door))


def _hand_over(move: DoorMove, door: Door, now: datetime, place: int) -> None:
    move.handed_over_at, move.hand_over_sequence, door.moving = now, place, Moving.ARRIVING


def _record(session: Session, actor: str, now: datetime, move: DoorMove, plain: dict[str, object], why: str) -> int:
    subjects = {"door": move.door_id, "agents": [move.from_agent_id, move.to_agent_id]}
    return append(session, Kind.DOOR_HANDED_OVER, actor, now, subjects, plain, line.opening(why))
