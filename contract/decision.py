"""`decide()`: the one rule of Sekisho, pure and total.

The door runs it, "why was this refused?" replays it, "what would this grant change?" previews with it. It never
raises, never blocks and keeps nothing. On an exit it never answers AWAIT, and it refuses in one case only: a clean
read that is not on the list, while the agent can prove that it is missing nothing (DESIGN 4, life safety). The rules
of the way in stand in `contract.entry_rules`, what is remarkable on the way out in `contract.exit_observations`.
"""

from __future__ import annotations

from contract import canonical, shape
from contract.canonical import Object
from contract.entry_rules import awaited, entry_findings
from contract.exit_observations import alarming, observations
from contract.freshness import fresh
from contract.outcome import Decision, Effect, Outcome
from contract.policy import ExitMode, Policy, Threshold
from contract.reason import Reason, in_order
from contract.situation import Attempt, Moment, Situation

INPUT_VERSION = 3
_RELEASE = (Effect.RELEASE,)
_RELEASE_AND_ALARM = (Effect.RELEASE, Effect.ALARM)
_PERMITTED = Decision(Outcome.GRANT, Reason.PERMITTED, (), _RELEASE)


def decide(policy: Policy | None, attempt: Attempt, situation: Situation, moment: Moment) -> Decision:
    """Whether the lock is released for `attempt`; `policy` is None while the agent holds no verified list.

    Without a list nothing may be refused on the way out, but which way the reader faces is not known either: the agent
    decides that from its wiring before it asks (`decide_unlisted`).
    """
    if policy is None:
        return _refused(Reason.NO_LIST)
    at = policy.thresholds.get(attempt.access_point)
    if at is None:
        return _refused(Reason.UNKNOWN_ACCESS_POINT)
    judged = _decide_exit if at.way_out else _decide_entry
    return judged(policy, at, attempt, situation, moment)


def decide_unlisted(exit_point: bool) -> Decision:
    """The decision of an agent that holds no list: nobody enters, everybody leaves and the alarm says so."""
    if not exit_point:
        return _refused(Reason.NO_LIST)
    violations = in_order((Reason.NO_LIST, Reason.EXIT_UNVERIFIED))
    return Decision(Outcome.GRANT, Reason.EXIT_UNVERIFIED, violations, _RELEASE_AND_ALARM)


def replayed(policy: Policy | None, decision_input: bytes) -> Decision:
    """The decision for a recorded input (see `input_object`); ValueError when the bytes are not one."""
    data = canonical.decode_object(decision_input)
    shape.exactly(data, ("version", "attempt", "situation", "moment"))
    shape.integer(data, "version", INPUT_VERSION, INPUT_VERSION)
    attempt = Attempt.from_object(shape.child(data, "attempt"))
    situation = Situation.from_object(shape.child(data, "situation"))
    return decide(policy, attempt, situation, Moment.from_object(shape.child(data, "moment")))


def input_object(attempt: Attempt, situation: Situation, moment: Moment) -> Object:
    """The whole input as it is committed to in the decision fact, and sealed in its opening."""
    return {
        "version": INPUT_VERSION,
        "attempt": attempt.as_object(),
        "situation": situation.as_object(),
        "moment": moment.as_object(),
    }


def _decide_entry(policy: Policy, at: Threshold, attempt: Attempt, situation: Situation, moment: Moment) -> Decision:
    found, record = entry_findings(policy, at, attempt, situation, moment), attempt.record
    if found.refused or record is None:
        return _refused(*found.refused, recorded=found.noted)
    waits_for = awaited(policy, at, record, situation, moment) if at.waits else None
    if waits_for is not None:
        return Decision(Outcome.AWAIT, waits_for, in_order((waits_for, *found.noted)))
    if not found.noted:
        return _PERMITTED
    return Decision(Outcome.GRANT, Reason.PERMITTED, in_order(found.noted), _RELEASE)


def _decide_exit(policy: Policy, at: Threshold, attempt: Attempt, situation: Situation, moment: Moment) -> Decision:
    area = at.area
    found = observations(policy, at, attempt, situation, moment)
    effects = _RELEASE_AND_ALARM if alarming(area, found) else _RELEASE
    if at.point.exit_mode is not ExitMode.CONTROLLED or area.posture.evacuation:
        return Decision(Outcome.GRANT, Reason.PERMITTED, in_order(found), effects)
    if not situation.control_permitted:
        return _opened_by(Reason.EXIT_MODE_NOT_PERMITTED, found)
    if attempt.clean and attempt.record is not None:
        return Decision(Outcome.GRANT, Reason.PERMITTED, in_order(found), effects)
    if attempt.clean and situation.proof.complete and fresh(area, situation.proven_s):
        return Decision(Outcome.REFUSE, Reason.NOT_ON_LIST, in_order(found))
    return _opened_by(Reason.EXIT_UNVERIFIED, found)


def _opened_by(reason: Reason, found: list[Reason]) -> Decision:
    return Decision(Outcome.GRANT, reason, in_order((reason, *found)), _RELEASE_AND_ALARM)


def _refused(*reasons: Reason, recorded: list[Reason] | tuple[()] = ()) -> Decision:
    refusing = in_order(reasons)
    return Decision(Outcome.REFUSE, refusing[0], in_order((*reasons, *recorded)))
