"""What is dangerous about a room, with what only lists can say: whether anybody who may enter is a supervisor."""

from __future__ import annotations

from collections.abc import Iterable
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
from controller.premises.dangers import Finding
from controller.premises.site import Site


def findings(session: Session, site: Site, area: Area, now: datetime) -> tuple[Finding, ...]:
    """As the room is set now; lists are compiled only where a rule asks for a supervisor."""
    found = room_rules.room(session, area, now)
    asks = found.rules.company.supervisor is not Enforcement.OFF or any(door.unlock_first for _, door in found.doors)
    if not asks:
        return dangers.findings(found)
    agents = {session.get_one(Agent, door.agent_id) for door in doors.of_area(session, area)}
    contents = [compiling.content_for(session, site, agent, now) for agent in agents if agent.list_key is not None]
    counted = supervisors(contents, area) if contents else None
    return dangers.findings(room_rules.room(session, area, now, counted))


def supervisors(contents: Iterable[Content], area: Area) -> int:
    """How many supervisors may enter `area` by these lists."""
    records = [record for each in contents for record in each.tables.get(area.key, {}).values()]
    able = {each.holder for each in records if each.flags & Flag.SUPERVISOR and not each.flags & Flag.EXIT_ONLY}
    return len(able)
