"""What slipped through because two agents decided at the same moment, or without hearing each other.

It cannot be prevented without making one door wait for another, so it is found out when the news arrives: a passage
that was made in ignorance of another carries an earlier stamp of what was known than that other has.
"""

from __future__ import annotations

from contract.policy import AreaPolicy
from contract.presence import Whereabouts, forgiven
from contract.record import Flag
from contract.room_rules import Enforcement
from door_agent.presence import Presence


def twice_inside(area: AreaPolicy, ours: Whereabouts | None, theirs: Whereabouts) -> bool:
    """Whether one holder came into `area` at our door and at theirs, the later of the two in ignorance of the other."""
    if ours is None or area.passback.entry is Enforcement.OFF or not ours.area == theirs.area == area.id:
        return False
    first, second = (ours, theirs) if theirs.later_than(ours) else (theirs, ours)
    exempt = Flag.PASSBACK_EXEMPT & (first.flags | second.flags)
    return not exempt and second.before < first.stamp and not forgiven(first, second.forgiven, area.posture.forgiven)


def too_many(area: AreaPolicy, presence: Presence, holder: bytes, where: Whereabouts) -> bool:
    """Whether the room was full already when this holder, of whom a peer tells, came in."""
    company = area.company
    if where.area != area.id or not company.most or company.most_by is not Enforcement.HARD:
        return False
    if Flag.OCCUPANCY_EXEMPT & where.flags or presence.others(area.id, holder).people < company.most:
        return False
    return presence.others_before(area.id, holder, where.stamp) >= company.most
