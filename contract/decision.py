"""`decide()`: the one rule of Sekisho, pure and total.

The door runs it, "why was this refused?" replays it, "what would this grant change?" previews with it. It never
raises, never blocks and keeps nothing. On an exit it never answers AWAIT, and it refuses in one case only: a clean
read that is not on the list, while the agent can prove that it is missing nothing (DESIGN 4, life safety).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract import canonical, shape
from contract.authorisation import ALWAYS, FOREVER, Flag, Record
from contract.canonical import Object, Value
from contract.policy import AccessPointPolicy, AreaPolicy, Direction, DoorMode, ExitMode, Policy
from contract.reason import Reason, in_order
from contract.situation import Attempt, Moment, Situation

INPUT_VERSION = 2


class Outcome(StrEnum):
    GRANT = "GRANT"
    REFUSE = "REFUSE"
    AWAIT = "AWAIT"


class Effect(StrEnum):
    """What the agent does besides recording: release the lock, raise an alarm."""

    RELEASE = "RELEASE"
    ALARM = "ALARM"


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, its primary reason, and every rule that failed (in the fixed order of reasons)."""

    outcome: Outcome
    reason: Reason
    violations: tuple[Reason, ...] = ()
    effects: tuple[Effect, ...] = ()

    def as_object(self) -> Object:
        violations: list[Value] = list(self.violations)
        return {"outcome": self.outcome, "reason": self.reason, "violations": violations}


_RELEASE = (Effect.RELEASE,)
_PERMITTED = Decision(Outcome.GRANT, Reason.PERMITTED, (), _RELEASE)


def decide(policy: Policy | None, attempt: Attempt, situation: Situation, moment: Moment) -> Decision:
    """Whether the lock is released for `attempt`; `policy` is None while the agent holds no verified list.

    Without a list nothing may be refused on the way out, but which way the reader faces is not known either: the agent
    decides that from its wiring before it asks (`decide_unlisted`).
    """
    if policy is None:
        return _refused(Reason.NO_LIST)
    point = policy.access_points.get(attempt.access_point)
    if point is None:
        return _refused(Reason.UNKNOWN_ACCESS_POINT)
    if point.direction is Direction.EXIT:
        return _decide_exit(policy, point, attempt, situation, moment)
    return _decide_entry(policy, point, attempt, situation, moment)


def decide_unlisted(exit_point: bool) -> Decision:
    """The decision of an agent that holds no list: nobody enters, everybody leaves and the alarm says so."""
    if not exit_point:
        return _refused(Reason.NO_LIST)
    violations = in_order((Reason.NO_LIST, Reason.EXIT_UNVERIFIED))
    return Decision(Outcome.GRANT, Reason.EXIT_UNVERIFIED, violations, (Effect.RELEASE, Effect.ALARM))


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


def _decide_entry(
    policy: Policy, point: AccessPointPolicy, attempt: Attempt, situation: Situation, moment: Moment
) -> Decision:
    area, record = policy.areas[point.guarded], attempt.record
    failed: list[Reason] = []
    if policy.doors[point.door].mode is DoorMode.LOCKDOWN:
        failed.append(Reason.LOCKDOWN)
    if situation.interlocked:
        failed.append(Reason.INTERLOCKED)
    if not attempt.clean:
        failed.append(Reason.BAD_FORMAT)
    elif record is None:
        failed.append(Reason.NOT_ON_LIST)
    else:
        failed += _record_rules(policy, record, moment)
        failed += _staleness(area, record, situation.proven_s)
    if failed:
        return _refused(*failed)
    recorded = (Reason.ALREADY_INSIDE,) if situation.presence == point.guarded else ()
    if area.company > 1 and record is not None and len({record.holder, *situation.company}) < area.company:
        return Decision(Outcome.AWAIT, Reason.AWAITING_COMPANY, in_order((Reason.AWAITING_COMPANY, *recorded)))
    return Decision(Outcome.GRANT, Reason.PERMITTED, recorded, _RELEASE) if recorded else _PERMITTED


def _decide_exit(
    policy: Policy, point: AccessPointPolicy, attempt: Attempt, situation: Situation, moment: Moment
) -> Decision:
    recorded = _exit_observations(policy, point, attempt, situation, moment)
    if point.exit_mode is not ExitMode.CONTROLLED:
        return Decision(Outcome.GRANT, Reason.PERMITTED, recorded, (Effect.RELEASE,))
    if not situation.control_permitted:
        violations = in_order((*recorded, Reason.EXIT_MODE_NOT_PERMITTED))
        return Decision(Outcome.GRANT, Reason.EXIT_MODE_NOT_PERMITTED, violations, (Effect.RELEASE, Effect.ALARM))
    if attempt.clean and attempt.record is not None:
        return Decision(Outcome.GRANT, Reason.PERMITTED, recorded, (Effect.RELEASE,))
    if attempt.clean and situation.proof.complete and _fresh(policy.areas[point.guarded], situation.proven_s):
        return Decision(Outcome.REFUSE, Reason.NOT_ON_LIST, recorded)
    violations = in_order((*recorded, Reason.EXIT_UNVERIFIED))
    return Decision(Outcome.GRANT, Reason.EXIT_UNVERIFIED, violations, (Effect.RELEASE, Effect.ALARM))


def _exit_observations(
    policy: Policy, point: AccessPointPolicy, attempt: Attempt, situation: Situation, moment: Moment
) -> tuple[Reason, ...]:
    """What is remarkable about a card on the way out; it is recorded and never holds anybody in."""
    found: list[Reason] = []
    if not attempt.clean:
        found.append(Reason.BAD_FORMAT)
    elif attempt.record is None:
        found.append(Reason.NOT_ON_LIST)
    else:
        found += _record_rules(policy, attempt.record, moment)
        if situation.presence != point.guarded:
            found.append(Reason.NOT_INSIDE)
    if situation.interlocked:
        found.append(Reason.INTERLOCKED)
    if not _fresh(policy.areas[point.guarded], situation.proven_s):
        found.append(Reason.LIST_STALE)
    return in_order(found)


def _record_rules(policy: Policy, record: Record, moment: Moment) -> list[Reason]:
    failed = [Reason.EXIT_ONLY] if record.flags & Flag.EXIT_ONLY else []
    timed = record.valid_from > 0 or record.valid_until != FOREVER or record.schedule != ALWAYS
    if not timed:
        return failed
    if not moment.trusted:
        return [*failed, Reason.TIME_UNTRUSTED]
    earliest, latest = moment.earliest, moment.latest
    if earliest.timestamp() < record.valid_from:
        failed.append(Reason.NOT_YET_VALID)
    if record.valid_until != FOREVER and latest.timestamp() >= record.valid_until:
        failed.append(Reason.EXPIRED)
    if record.schedule != ALWAYS and not _scheduled(policy, record, earliest, latest):
        failed.append(Reason.OUTSIDE_SCHEDULE)
    return failed


def _scheduled(policy: Policy, record: Record, earliest: datetime, latest: datetime) -> bool:
    if record.schedule >= len(policy.schedules):
        return False
    zone = policy.site_time
    return policy.schedules[record.schedule].permits_throughout(earliest.astimezone(zone), latest.astimezone(zone))


def _staleness(area: AreaPolicy, record: Record, proven_s: int | None) -> list[Reason]:
    """The list's own tiers: everybody while fresh, then the essential, then nobody new."""
    if _fresh(area, proven_s):
        return []
    if proven_s is not None and proven_s > area.essential_s:
        return [Reason.LIST_EXPIRED]
    return [] if record.flags & Flag.ESSENTIAL else [Reason.LIST_STALE]


def _fresh(area: AreaPolicy, proven_s: int | None) -> bool:
    return proven_s is not None and proven_s <= area.fresh_s


def _refused(*reasons: Reason) -> Decision:
    ordered = in_order(reasons)
    return Decision(Outcome.REFUSE, ordered[0], ordered)
