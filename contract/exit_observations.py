"""What is remarkable about a card on the way out. It is recorded, some of it alarms, none of it holds anybody.

Against a posture or the time the door makes no sound, for a buzzer would give away who flees: the centre alarms.
"""

from __future__ import annotations

from contract import presence_rules
from contract.freshness import fresh
from contract.policy import AreaPolicy, Policy, Threshold
from contract.posture_rules import closed
from contract.reason import Reason
from contract.record_rules import card_findings, time_findings, timed
from contract.room_rules import Enforcement
from contract.situation import Attempt, Moment, Situation

_ALWAYS_ALARMING = frozenset({Reason.CARD_LOST, Reason.CARD_STOLEN, Reason.VISITOR_ALONE})


def observations(policy: Policy, at: Threshold, attempt: Attempt, situation: Situation, moment: Moment) -> list[Reason]:
    """Everything remarkable, in no order."""
    area, record = at.area, attempt.record
    found = closed(at, record) if at.closed else []
    if not attempt.clean:
        found.append(Reason.BAD_FORMAT)
    elif record is None:
        found.append(Reason.NOT_ON_LIST)
    else:
        found += card_findings(record, 0)
        if timed(record):
            found += time_findings(policy, record, moment) if moment.trusted else [Reason.TIME_UNTRUSTED]
        found += presence_rules.leaving(area, record, situation)
    if situation.interlocked:
        found.append(Reason.INTERLOCKED)
    if not fresh(area, situation.proven_s):
        found.append(Reason.LIST_STALE)
    return found


def alarming(area: AreaPolicy, found: list[Reason]) -> bool:
    """Whether somebody must look at this at once: what would have refused an entry for being hard, and some cards."""
    company = area.company
    hard = set(_ALWAYS_ALARMING)
    if area.passback.exit is Enforcement.HARD:
        hard.add(Reason.NOT_INSIDE)
    if company.least_by is Enforcement.HARD:
        hard.add(Reason.OCCUPANCY_MIN)
    return not hard.isdisjoint(found)
