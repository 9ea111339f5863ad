"""Every rule of the way in, in the order of reasons; and for whom or what a permitted holder still waits."""

from __future__ import annotations

from contract import presence_rules
from contract.findings import Findings
from contract.freshness import fresh, staleness
from contract.policy import AreaPolicy, Policy, Threshold
from contract.posture_rules import closed
from contract.reason import Reason
from contract.record import ALWAYS, Flag, Record
from contract.record_rules import card_findings, excused, remarkable, time_findings, timed
from contract.room_rules import DuressAnswer, PinRule
from contract.situation import Attempt, Moment, PinVerdict, Situation

_OF_PIN = {
    PinVerdict.WRONG: Reason.PIN_WRONG,
    PinVerdict.LATE: Reason.PIN_LATE,
    PinVerdict.LOCKED: Reason.PIN_LOCKED,
    PinVerdict.MISSING: Reason.PIN_MISSING,
}
_OVERRIDE = int(Flag.OVERRIDE)


def entry_findings(policy: Policy, at: Threshold, attempt: Attempt, situation: Situation, moment: Moment) -> Findings:
    """Everything that speaks against this attempt to enter."""
    record, found = attempt.record, Findings()
    if at.closed:
        _closed(at, record, found)
    if situation.interlocked:
        found.refused.append(Reason.INTERLOCKED)
    if not attempt.clean:
        found.refused.append(Reason.BAD_FORMAT)
    elif record is None:
        found.refused.append(Reason.NOT_ON_LIST)
    else:
        if remarkable(record):
            _of_record(policy, at.area, record, situation, moment, found)
        if not fresh(at.area, situation.proven_s):
            found.refused += staleness(at.area, record, situation.proven_s)
        if at.point.pin is not None and situation.pin is not PinVerdict.RIGHT:
            _of_pin(policy, at.point.pin, situation.pin, moment, found)
        presence_rules.entry(at, record, situation, found)
    return found


def awaited(policy: Policy, at: Threshold, record: Record, situation: Situation, moment: Moment) -> Reason | None:
    """What a holder against whom nothing speaks still waits for: the PIN, or company. None: for nothing."""
    rule = at.point.pin
    if rule is not None and situation.pin is PinVerdict.UNASKED and pin_needed(policy, rule, moment):
        return Reason.AWAITING_PIN
    if at.area.sociable:
        return presence_rules.lacking(at.area, record, situation)
    return None


def pin_needed(policy: Policy, rule: PinRule, moment: Moment) -> bool:
    """Unless it is certain that the card alone is enough now."""
    if rule.card_alone is None:
        return True
    return not ((moment.trusted or rule.card_alone == ALWAYS) and policy.scheduled(rule.card_alone, moment))


def _closed(at: Threshold, record: Record | None, found: Findings) -> None:
    """Who may override a posture enters, and that is recorded."""
    if against := closed(at, record):
        overriding = record is not None and record.flags & _OVERRIDE
        (found.noted if overriding else found.refused).extend(against)


def _of_record(
    policy: Policy, area: AreaPolicy, record: Record, situation: Situation, moment: Moment, found: Findings
) -> None:
    found.refused += card_findings(record, situation.uses)
    if not timed(record):
        return
    if moment.trusted:
        found.refused += time_findings(policy, record, moment)
    else:
        (found.noted if excused(area, record) else found.refused).append(Reason.TIME_UNTRUSTED)


def _of_pin(policy: Policy, rule: PinRule, verdict: PinVerdict, moment: Moment, found: Findings) -> None:
    """Duress is heard even at hours when the card alone would be enough."""
    if verdict is PinVerdict.DURESS:
        (found.refused if rule.duress is DuressAnswer.REFUSE else found.noted).append(Reason.DURESS)
    elif verdict in _OF_PIN and pin_needed(policy, rule, moment):
        found.refused.append(_OF_PIN[verdict])
