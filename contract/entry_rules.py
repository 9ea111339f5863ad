"""Every rule of the way in, in the order of reasons; and for whom or what a permitted holder still waits."""

from __future__ import annotations

from contract import presence_rules
from contract.findings import Findings
from contract.freshness import staleness
from contract.policy import AccessPointPolicy, AreaPolicy, DoorMode, Policy
from contract.reason import Reason
from contract.record import Flag, Record
from contract.record_rules import card_findings, excused, time_findings, timed
from contract.room_rules import DuressAnswer, PinRule
from contract.situation import Attempt, Moment, PinVerdict, Situation

_OF_PIN = {
    PinVerdict.WRONG: Reason.PIN_WRONG,
    PinVerdict.LATE: Reason.PIN_LATE,
    PinVerdict.LOCKED: Reason.PIN_LOCKED,
    PinVerdict.MISSING: Reason.PIN_MISSING,
}


def entry_findings(
    policy: Policy, point: AccessPointPolicy, attempt: Attempt, situation: Situation, moment: Moment
) -> Findings:
    """Everything that speaks against this attempt to enter."""
    area, record, found = policy.areas[point.guarded], attempt.record, Findings()
    _closed(policy, point, area, record, found)
    if situation.interlocked:
        found.refused.append(Reason.INTERLOCKED)
    if not attempt.clean:
        found.refused.append(Reason.BAD_FORMAT)
    elif record is None:
        found.refused.append(Reason.NOT_ON_LIST)
    else:
        _of_record(policy, area, record, situation, moment, found)
        if point.pin is not None and pin_needed(policy, point.pin, moment):
            _of_pin(point.pin, situation.pin, found)
        presence_rules.entry(point, area, record, situation, found)
    return found


def awaited(
    policy: Policy, point: AccessPointPolicy, record: Record, situation: Situation, moment: Moment
) -> Reason | None:
    """What a holder against whom nothing speaks still waits for: the PIN, or company. None: for nothing."""
    if point.pin is not None and situation.pin is PinVerdict.UNASKED and pin_needed(policy, point.pin, moment):
        return Reason.AWAITING_PIN
    wanted, reason = presence_rules.needed(policy.areas[point.guarded], record, situation)
    if wanted > 1 and presence_rules.present(record, situation.company) < wanted:
        return reason
    return None


def pin_needed(policy: Policy, rule: PinRule, moment: Moment) -> bool:
    """Unless it is certain that the card alone is enough now."""
    if rule.card_alone is None or not moment.trusted:
        return True
    return not policy.scheduled(rule.card_alone, moment)


def _closed(policy: Policy, point: AccessPointPolicy, area: AreaPolicy, record: Record | None, found: Findings) -> None:
    """The posture of door and room; who may override it enters, and that is recorded."""
    posture = area.posture
    against: list[Reason] = []
    if posture.lockdown or policy.doors[point.door].mode is DoorMode.LOCKDOWN:
        against.append(Reason.LOCKDOWN)
    if posture.evacuation:
        against.append(Reason.EVACUATION)
    if posture.threat and record is not None and record.clearance < posture.threat:
        against.append(Reason.THREAT_LEVEL)
    if against:
        overriding = record is not None and record.flags & Flag.OVERRIDE
        (found.noted if overriding else found.refused).extend(against)


def _of_record(
    policy: Policy, area: AreaPolicy, record: Record, situation: Situation, moment: Moment, found: Findings
) -> None:
    found.refused += card_findings(record, situation.uses)
    if timed(record):
        if moment.trusted:
            found.refused += time_findings(policy, record, moment)
        else:
            (found.noted if excused(area, record) else found.refused).append(Reason.TIME_UNTRUSTED)
    stale = staleness(area, record, situation.proven_s)
    if stale is not None:
        found.refused.append(stale)


def _of_pin(rule: PinRule, verdict: PinVerdict, found: Findings) -> None:
    if verdict in _OF_PIN:
        found.refused.append(_OF_PIN[verdict])
    elif verdict is PinVerdict.DURESS:
        (found.refused if rule.duress is DuressAnswer.REFUSE else found.noted).append(Reason.DURESS)
