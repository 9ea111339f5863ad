"""Bringing a retired door back into service, as it was.

The law: it comes back with its readers, rules and place, into rooms that are in service and to an agent that is
believed. Whether that widens entry into a private room is judged above (`people.levers`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from controller import line
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import room_rules
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.site import Site
from controller.refusal import Refused

PointFits = Callable[[Session, AccessPoint, datetime], None]


def restore_door(session: Session, actor: str, now: datetime, door: Door, reason: str, fits: PointFits) -> int:
    """Take a retired door into service again; its place in the ledger. Refused reason-missing, in-service,
    area-retired, agent-revoked, format-unknown, and what `fits` refuses."""
    why = line.reason(reason)
    session.refresh(session.get_one(Site, door.site_id), with_for_update=True)
    session.refresh(door, with_for_update=True)
    if door.retired_at is None:
        raise Refused("in-service", door=door.key)
    points = doors.access_points(session, door)
    for area_id in sorted({each for point in points for each in (point.from_area_id, point.to_area_id)}):
        areas.require_service(session.get_one(Area, area_id))
    agent = session.get_one(Agent, door.agent_id)
    if agent.revoked_at is not None:
        raise Refused("agent-revoked", agent=agent.key)
    doors.require_formats(session, door)
    door.retired_at = None
    session.flush()
    for point in points:
        fits(session, point, now)
    rooms = [area.id for area in room_rules.rooms_of(session, door)]
    subjects = {"door": door.id, "agent": door.agent_id, "areas": rooms}
    return append(session, Kind.DOOR_RESTORED, actor, now, subjects, {}, line.opening(why))
