"""What is dangerous about a room, with what only lists and doors can say: whether anybody who may enter is a
supervisor, and which readers have no keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from contract.authorisation import Content
from contract.record import Flag
from contract.room_rules import Enforcement
from controller.delivery import compiling
from controller.premises import dangers, room_rules
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.dangers import Finding, Room
from controller.premises.site import Site
from controller.record import enquiry


def findings(session: Session, site: Site, area: Area, now: datetime) -> tuple[Finding, ...]:
    """As the room is set now; lists are compiled only where a rule asks for a supervisor."""
    found = room_rules.room(session, area, now)
    asks = found.rules.company.supervisor is not Enforcement.OFF or any(door.unlock_first for _, door in found.doors)
    contents = _contents(session, site, area, now) if asks else []
    return findings_of(session, area, found, contents)


def findings_of(session: Session, area: Area, found: Room, contents: Iterable[Content]) -> tuple[Finding, ...]:
    """The same for a room as it was read, judged by these lists; without any, supervisors are not looked at."""
    lists = list(contents)
    supervisors = _supervisors(lists, area) if lists else None
    return dangers.findings(replace(found, supervisors=supervisors, keyless=_keyless(session, area, found)))


def _contents(session: Session, site: Site, area: Area, now: datetime) -> list[Content]:
    agents = {session.get_one(Agent, door.agent_id) for door in doors.of_area(session, area)}
    return [compiling.judged_by(session, site, agent, now) for agent in agents if agent.list_key is not None]


def _supervisors(contents: Iterable[Content], area: Area) -> int:
    """How many supervisors may enter `area` by these lists."""
    records = [record for each in contents for record in each.tables.get(area.key, {}).values()]
    able = {each.holder for each in records if each.flags & Flag.SUPERVISOR and not each.flags & Flag.EXIT_ONLY}
    return len(able)


def _keyless(session: Session, area: Area, found: Room) -> frozenset[str]:
    """Where a PIN is asked for: the entries whose reader, as its agent said at its last start, has no keys."""
    if not found.pins:
        return frozenset()
    readers = enquiry.readers(session, {door.agent_id for door in doors.of_area(session, area)})
    return frozenset(key for key, _ in found.pins if key in readers and not readers[key].may_have_keys)
