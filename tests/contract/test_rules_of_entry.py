"""Every rule of the way in, one sentence each, at the second or the person that decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.decision import decide
from contract.outcome import Decision, Effect, Outcome
from contract.policy import AccessPointPolicy, AreaPolicy, DoorMode, Policy
from contract.presence_rules import lacking
from contract.reason import Reason
from contract.record import FOREVER, UNLIMITED, CardState, Flag, Record
from contract.room_rules import Company, DuressAnswer, Enforcement, Passback, PinRule, Posture, Tier, Unheard
from contract.situation import Before, Companion, Inside, Moment, PinVerdict, Proof, Situation, Standing
from tests.contract.rooms import (
    ADA,
    BEN,
    CERTAIN,
    DOOR,
    ENTRY,
    EVE,
    INSIDE,
    NIGHT_SHIFT,
    NOON,
    OFFICE_HOURS,
    ROOM,
    SURE,
    building,
    entering,
)

HARD, SOFT, OFF = Enforcement.HARD, Enforcement.SOFT, Enforcement.OFF
NOW = NOON.latest_s - 1
HELD_OPEN = Passback(HARD, HARD)
DEAF = Proof(True, False, True)
UNSURE = Proof(True, True, False)


def room(**rules: Any) -> Policy:
    return building(replace(ROOM, **rules))


def point(**rules: Any) -> Policy:
    return building(way_in=replace(ENTRY, **rules))


def known(**told: Any) -> Situation:
    return replace(SURE, **told)


def dated(member: str, second: int) -> Record:
    members: dict[str, Any] = {member: second}
    return ADA._replace(**members)


def at(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> Moment:
    return Moment(datetime(year, month, day, hour, minute, second, tzinfo=UTC), timedelta(0), 100.0, trusted=True)


def entry(policy: Policy, record: Record | None = ADA, situation: Situation = SURE, moment: Moment = NOON) -> Decision:
    return decide(policy, entering(record), situation, moment)


def permitted(decision: Decision, *noted: Reason) -> bool:
    """Granted, with exactly these recorded."""
    granted = (decision.outcome, decision.reason, decision.effects) == (
        Outcome.GRANT,
        Reason.PERMITTED,
        (Effect.RELEASE,),
    )
    return granted and decision.violations == noted


def refused(decision: Decision, *reasons: Reason) -> bool:
    """Refused for the first, with exactly these told."""
    return decision == Decision(Outcome.REFUSE, reasons[0], reasons)


def waits(decision: Decision, *reasons: Reason) -> bool:
    return decision == Decision(Outcome.AWAIT, reasons[0], reasons)


# The card.


@pytest.mark.parametrize(
    ("state", "reason"), [(state, Reason[f"CARD_{state.name}"]) for state in CardState if state != CardState.ACTIVE]
)
def test_a_card_that_is_not_active_is_refused_by_its_own_name(state: CardState, reason: Reason) -> None:
    assert refused(entry(building(), ADA._replace(state=state)), reason)


def test_a_card_for_leaving_only_does_not_come_in() -> None:
    assert refused(entry(building(), ADA._replace(flags=Flag.EXIT_ONLY)), Reason.EXIT_ONLY)


def test_the_last_use_of_a_card_is_the_one_before_its_limit() -> None:
    twice = ADA._replace(uses=2)
    assert permitted(entry(building(), twice, known(uses=1)))
    assert refused(entry(building(), twice, known(uses=2)), Reason.USES_EXHAUSTED)
    assert refused(entry(building(), twice, known(uses=3)), Reason.USES_EXHAUSTED)
    assert permitted(entry(building(), ADA._replace(uses=UNLIMITED), known(uses=UNLIMITED)))


def test_no_list_and_an_unknown_access_point_let_nobody_in() -> None:
    assert refused(decide(None, entering(), SURE, NOON), Reason.NO_LIST)
    elsewhere = replace(ENTRY, id="maple-in")
    assert refused(entry(building(way_in=elsewhere)), Reason.UNKNOWN_ACCESS_POINT)


def test_a_door_whose_interlock_is_busy_refuses_and_so_does_a_bad_read() -> None:
    assert refused(entry(building(), situation=known(interlocked=True)), Reason.INTERLOCKED)
    assert refused(decide(building(), entering(clean=False), SURE, NOON), Reason.BAD_FORMAT)
    assert refused(entry(building(), None), Reason.NOT_ON_LIST)


# Time.


@pytest.mark.parametrize(
    ("member", "reason"), [("valid_from", Reason.NOT_YET_VALID), ("card_from", Reason.CARD_NOT_YET_VALID)]
)
def test_what_begins_has_begun_once_the_earliest_that_it_may_be_is_there(member: str, reason: Reason) -> None:
    assert permitted(entry(building(), dated(member, NOW - 1)))
    assert refused(entry(building(), dated(member, NOW)), reason)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("valid_until", Reason.EXPIRED),
        ("card_until", Reason.CARD_EXPIRED),
        ("trained_until", Reason.TRAINING_EXPIRED),
    ],
)
def test_what_ends_has_ended_once_the_latest_that_it_may_be_is_there(member: str, reason: Reason) -> None:
    assert permitted(entry(building(), dated(member, NOW + 2)))
    assert refused(entry(building(), dated(member, NOW + 1)), reason)


def test_what_has_no_end_does_not_end_with_the_numbers_that_can_be_written() -> None:
    beyond = Moment(datetime(2107, 1, 1, tzinfo=UTC), timedelta(0), 1.0, trusted=True)
    assert permitted(entry(building(), ADA._replace(card_from=1), moment=beyond))
    assert refused(entry(building(), ADA._replace(valid_until=FOREVER - 1), moment=beyond), Reason.EXPIRED)


def test_who_was_never_trained_does_not_come_in() -> None:
    assert refused(entry(building(), ADA._replace(trained_until=0)), Reason.TRAINING_EXPIRED)


def test_the_bounds_of_the_clock_are_exact_to_the_microsecond() -> None:
    """As floats, a tenth of a second after the second less a tenth of a second was the second before."""
    for second in range(NOW, NOW + 50):
        wall = datetime.fromtimestamp(second, UTC) + timedelta(milliseconds=100)
        moment = Moment(wall, timedelta(milliseconds=100), 1.0, trusted=True)
        assert moment.bounds_s == (second, second) == (moment.earliest_s, moment.latest_s)
    late = Moment(datetime.fromtimestamp(NOW, UTC), timedelta(days=1, microseconds=1), 1.0, trusted=True)
    assert late.bounds_s == (NOW - 86_401, NOW + 86_400)
    full = Moment(datetime.fromtimestamp(NOW, UTC) + timedelta(microseconds=500_000), timedelta(seconds=0.5), 1.0, True)
    assert full.bounds_s == (NOW, NOW + 1)
    before = Moment(datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), timedelta(0), 1.0, trusted=True)
    assert before.bounds_s == (-1, -1)


def test_a_night_shift_runs_over_midnight_to_its_last_second() -> None:
    night = ADA._replace(schedule=NIGHT_SHIFT)
    for hour, minute, second, inside in (
        (12, 59, 59, False),
        (13, 0, 0, True),
        (15, 0, 0, True),
        (20, 59, 59, True),
        (21, 0, 0, False),
    ):
        decision = entry(building(), night, moment=at(2026, 11, 23, hour, minute, second))
        assert permitted(decision) if inside else refused(decision, Reason.OUTSIDE_SCHEDULE)


def test_a_schedule_that_is_not_there_permits_nothing_and_the_first_needs_no_look_up() -> None:
    assert refused(entry(building(), ADA._replace(schedule=3)), Reason.OUTSIDE_SCHEDULE)
    after = at(2101, 1, 1, 3)
    assert permitted(entry(building(), ADA._replace(valid_from=1), moment=after))
    assert refused(entry(building(), ADA._replace(schedule=OFFICE_HOURS), moment=after), Reason.OUTSIDE_SCHEDULE)


@pytest.mark.parametrize(
    ("tier", "everybody", "essential"),
    [(Tier.NOBODY, False, False), (Tier.ESSENTIAL, False, True), (Tier.EVERYBODY, True, True)],
)
def test_a_clock_that_cannot_be_believed_leaves_it_to_the_list(tier: Tier, everybody: bool, essential: bool) -> None:
    unset, dated = replace(NOON, trusted=False), ADA._replace(valid_until=FOREVER - 1)
    for record, enters in ((dated, everybody), (dated._replace(flags=Flag.ESSENTIAL), essential)):
        decision = entry(room(clockless=tier), record, moment=unset)
        wanted = permitted if enters else refused
        assert wanted(decision, Reason.TIME_UNTRUSTED)
    assert permitted(entry(room(clockless=tier), moment=unset))


# The age of the list.


@pytest.mark.parametrize(
    ("age", "everybody", "essential"),
    [
        (3600, None, None),
        (3601, Reason.LIST_STALE, None),
        (7200, Reason.LIST_STALE, None),
        (7201, Reason.LIST_EXPIRED, Reason.LIST_EXPIRED),
        (None, Reason.LIST_STALE, None),
    ],
)
def test_a_list_lets_in_all_then_the_essential_then_nobody(
    age: int | None, everybody: Reason | None, essential: Reason | None
) -> None:
    for record, reason in ((ADA, everybody), (ADA._replace(flags=Flag.ESSENTIAL), essential)):
        decision = entry(building(), record, known(proven_s=age))
        assert permitted(decision) if reason is None else refused(decision, reason)


# Posture.


def test_lockdown_of_the_room_or_the_door_keeps_out_all_but_who_may_override() -> None:
    locked_door = building(door=replace(DOOR, mode=DoorMode.LOCKDOWN))
    for policy in (room(posture=Posture(lockdown=True)), locked_door):
        assert refused(entry(policy), Reason.LOCKDOWN)
        assert refused(entry(policy, None), Reason.LOCKDOWN, Reason.NOT_ON_LIST)
        assert permitted(entry(policy, ADA._replace(flags=Flag.OVERRIDE)), Reason.LOCKDOWN)


def test_evacuation_keeps_out_all_but_who_may_override() -> None:
    policy = room(posture=Posture(evacuation=True))
    assert refused(entry(policy), Reason.EVACUATION)
    assert permitted(entry(policy, ADA._replace(flags=Flag.OVERRIDE)), Reason.EVACUATION)


def test_a_threat_level_asks_for_as_much_clearance() -> None:
    policy = room(posture=Posture(threat=2))
    assert refused(entry(policy, ADA._replace(clearance=1)), Reason.THREAT_LEVEL)
    assert permitted(entry(policy, ADA._replace(clearance=2)))
    assert permitted(entry(policy, ADA._replace(clearance=3)))
    assert permitted(entry(policy, ADA._replace(flags=Flag.OVERRIDE)), Reason.THREAT_LEVEL)


def test_an_override_opens_a_posture_and_nothing_else() -> None:
    lost = ADA._replace(flags=Flag.OVERRIDE, state=CardState.LOST)
    told = refused(entry(room(posture=Posture(lockdown=True)), lost), Reason.CARD_LOST)
    assert not told  # the lockdown is told as well
    assert entry(room(posture=Posture(lockdown=True)), lost).violations == (Reason.LOCKDOWN, Reason.CARD_LOST)
    assert entry(room(posture=Posture(lockdown=True)), lost).reason is Reason.CARD_LOST


# The PIN.


def test_after_the_card_comes_the_pin() -> None:
    asked = point(pin=PinRule())
    assert waits(entry(asked), Reason.AWAITING_PIN)
    assert permitted(entry(asked, situation=known(pin=PinVerdict.RIGHT)))
    assert permitted(entry(building(), situation=known(pin=PinVerdict.WRONG)))


@pytest.mark.parametrize("verdict", [PinVerdict.WRONG, PinVerdict.LATE, PinVerdict.LOCKED, PinVerdict.MISSING])
def test_a_pin_that_is_not_right_refuses_by_its_own_name(verdict: PinVerdict) -> None:
    assert refused(entry(point(pin=PinRule()), situation=known(pin=verdict)), Reason[f"PIN_{verdict.name}"])


def test_the_card_alone_is_enough_only_at_hours_that_are_certain() -> None:
    by_day = point(pin=PinRule(card_alone=OFFICE_HOURS))
    assert permitted(entry(by_day))
    assert permitted(entry(by_day, situation=known(pin=PinVerdict.WRONG)))
    assert waits(entry(by_day, moment=at(2026, 11, 23, 12)), Reason.AWAITING_PIN)
    assert waits(entry(by_day, moment=replace(NOON, trusted=False)), Reason.AWAITING_PIN)
    late = entry(by_day, situation=known(pin=PinVerdict.LATE), moment=at(2026, 11, 23, 12))
    assert refused(late, Reason.PIN_LATE)


def test_a_card_that_is_always_enough_needs_no_clock() -> None:
    assert permitted(entry(point(pin=PinRule(card_alone=0)), moment=replace(NOON, trusted=False)))


def test_duress_opens_or_not_as_the_room_says_and_is_always_recorded() -> None:
    forced = known(pin=PinVerdict.DURESS)
    assert permitted(entry(point(pin=PinRule(duress=DuressAnswer.OPEN)), situation=forced), Reason.DURESS)
    assert refused(entry(point(pin=PinRule(duress=DuressAnswer.REFUSE)), situation=forced), Reason.DURESS)
    assert permitted(entry(point(pin=PinRule(card_alone=OFFICE_HOURS)), situation=forced), Reason.DURESS)


def test_nobody_is_asked_for_a_pin_who_would_be_refused_anyway() -> None:
    assert refused(entry(point(pin=PinRule()), ADA._replace(flags=Flag.EXIT_ONLY)), Reason.EXIT_ONLY)


def test_the_pin_comes_before_the_company() -> None:
    policy = building(replace(ROOM, company=Company(2)), replace(ENTRY, pin=PinRule()))
    assert waits(entry(policy), Reason.AWAITING_PIN)
    assert waits(entry(policy, situation=known(pin=PinVerdict.RIGHT)), Reason.AWAITING_COMPANY)


# Anti-passback.


def test_coming_in_twice_is_refused_recorded_or_not_looked_at() -> None:
    assert refused(entry(room(passback=Passback(HARD)), situation=INSIDE), Reason.ALREADY_INSIDE)
    assert permitted(entry(room(passback=Passback(SOFT)), situation=INSIDE), Reason.ALREADY_INSIDE)
    assert permitted(entry(room(passback=Passback(OFF)), situation=INSIDE))
    assert permitted(entry(room(passback=Passback(HARD)), situation=known(standing=Standing())))


def test_a_presence_that_is_old_enough_is_no_reason_any_more() -> None:
    timed = room(passback=Passback(HARD, forgiven_after_s=60))
    for age, enters in ((59, False), (60, True), (61, True), (None, False)):
        decision = entry(timed, situation=known(standing=Standing("cedar-room", age)))
        assert permitted(decision) if enters else refused(decision, Reason.ALREADY_INSIDE)
    never = room(passback=Passback(HARD, forgiven_after_s=0))
    assert refused(entry(never, situation=known(standing=Standing("cedar-room", 10**6))), Reason.ALREADY_INSIDE)


def test_a_forgiven_presence_and_an_exempt_holder_come_in() -> None:
    hard = room(passback=HELD_OPEN)
    assert permitted(entry(hard, situation=known(standing=Standing("cedar-room", 5, forgiven=True))))
    assert permitted(entry(hard, ADA._replace(flags=Flag.PASSBACK_EXEMPT), INSIDE))


def test_where_presence_is_uncertain_a_hard_rule_records_and_says_that_it_is_weakened() -> None:
    doubtful = known(proof=UNSURE, standing=Standing("cedar-room", 5))
    weakened = entry(room(passback=HELD_OPEN), situation=doubtful)
    assert permitted(weakened, Reason.ALREADY_INSIDE, Reason.PROTECTION_WEAKENED)
    elsewhere = entry(room(passback=HELD_OPEN), situation=known(proof=UNSURE))
    assert permitted(elsewhere, Reason.PROTECTION_WEAKENED)
    assert permitted(entry(room(passback=Passback(SOFT)), situation=known(proof=UNSURE)))
    company = room(passback=Passback(SOFT), company=Company(most=1))
    assert refused(entry(company, situation=known(proof=UNSURE, inside=Inside(1))), Reason.OCCUPANCY_MAX)


def test_a_neighbour_that_is_not_heard_leaves_it_to_the_room() -> None:
    deaf = known(proof=DEAF, standing=Standing("cedar-room", 5))
    hard = Passback(HARD)
    assert refused(entry(room(passback=hard, unheard=Unheard.ENFORCE), situation=deaf), Reason.ALREADY_INSIDE)
    softened = entry(room(passback=hard, unheard=Unheard.SOFTEN), situation=deaf)
    assert permitted(softened, Reason.ALREADY_INSIDE, Reason.PROTECTION_WEAKENED)
    nobody = entry(room(passback=hard, unheard=Unheard.REFUSE), situation=known(proof=DEAF))
    assert refused(nobody, Reason.PRESENCE_UNKNOWN)


@pytest.mark.parametrize(
    ("rules", "protected"),
    [
        ({"passback": Passback(HARD)}, True),
        ({"company": Company(most=9)}, True),
        ({"company": Company(least=2)}, True),
        ({"company": Company(supervisor=HARD)}, True),
        ({"passback": Passback(SOFT, HARD)}, False),
        ({"company": Company(most=0, least=1, supervisor=SOFT)}, False),
        ({"company": Company(2, most=9, most_by=SOFT, least=2, least_by=SOFT)}, False),
    ],
)
def test_only_a_room_that_presence_protects_is_weakened(rules: dict[str, Any], protected: bool) -> None:
    """Where nothing refuses by presence, a silent neighbour changes nothing."""
    deaf = known(proof=DEAF, inside=Inside(people=2, supervisors=1))
    if rules.get("company", Company()).size == 2:
        deaf = replace(deaf, company=(Companion(BEN),))
    wanted = (Reason.PROTECTION_WEAKENED,) if protected else ()
    assert permitted(entry(room(**rules, unheard=Unheard.SOFTEN), situation=deaf), *wanted)
    shut = entry(room(**rules, unheard=Unheard.REFUSE), situation=deaf)
    assert refused(shut, Reason.PRESENCE_UNKNOWN) if protected else permitted(shut)


def test_a_card_waits_before_it_comes_in_again() -> None:
    policy = point(card_again_s=5, door_again_s=3)
    for before, reasons in (
        (Before(4, 4), (Reason.REPEATED_CARD,)),
        (Before(5, 5), ()),
        (Before(2, 2), (Reason.REPEATED_CARD, Reason.REPEATED_AT_DOOR)),
        (Before(None, 2), (Reason.REPEATED_AT_DOOR,)),
        (Before(None, 3), ()),
        (Before(), ()),
    ):
        decision = entry(policy, situation=known(before=before))
        assert refused(decision, *reasons) if reasons else permitted(decision)
    assert permitted(entry(policy, ADA._replace(flags=Flag.PASSBACK_EXEMPT), known(before=Before(0, 0))))
    assert permitted(entry(building(), situation=known(before=Before(0, 0))))
    assert refused(entry(point(door_again_s=1), situation=known(before=Before(0, 0))), Reason.REPEATED_AT_DOOR)
    assert refused(entry(point(card_again_s=1), situation=known(before=Before(0, 0))), Reason.REPEATED_CARD)


# Company.


def test_a_full_room_refuses_records_or_does_not_look() -> None:
    full = known(inside=Inside(people=2))
    assert refused(entry(room(company=Company(most=2)), situation=full), Reason.OCCUPANCY_MAX)
    assert permitted(entry(room(company=Company(most=3)), situation=full))
    assert permitted(entry(room(company=Company(most=2, most_by=SOFT)), situation=full), Reason.OCCUPANCY_MAX)
    assert permitted(entry(room(company=Company(most=2, most_by=OFF)), situation=full))
    assert permitted(entry(room(company=Company(most=0)), situation=full))
    exempt = ADA._replace(flags=Flag.OCCUPANCY_EXEMPT)
    assert permitted(entry(room(company=Company(most=2)), exempt, full))


def test_the_room_must_hold_all_who_come_together_each_counted_once() -> None:
    two = room(company=Company(most=2))
    with_ben = (Companion(BEN), Companion(BEN))
    assert permitted(entry(two, situation=known(company=with_ben)))
    assert refused(entry(two, situation=known(inside=Inside(1), company=with_ben)), Reason.OCCUPANCY_MAX)
    assert permitted(entry(two, situation=known(inside=Inside(1), company=(Companion(ADA.holder),))))
    visitor = (Companion(EVE, Flag.VISITOR),)
    assert refused(entry(two, situation=known(inside=Inside(1), company=visitor)), Reason.OCCUPANCY_MAX)


def test_a_full_room_is_only_recorded_while_a_neighbour_is_not_heard() -> None:
    full = known(inside=Inside(1), proof=DEAF)
    softened = entry(room(company=Company(most=1)), situation=full)
    assert permitted(softened, Reason.OCCUPANCY_MAX, Reason.PROTECTION_WEAKENED)


def test_two_different_holders_come_in_together() -> None:
    two = room(company=Company(2))
    assert waits(entry(two), Reason.AWAITING_COMPANY)
    assert waits(entry(two, situation=known(company=(Companion(ADA.holder),))), Reason.AWAITING_COMPANY)
    assert permitted(entry(two, situation=known(company=(Companion(BEN),))))
    assert waits(entry(two, situation=known(company=(Companion(EVE, Flag.VISITOR),))), Reason.AWAITING_COMPANY)
    three = room(company=Company(3))
    assert waits(entry(three, situation=known(company=(Companion(BEN),))), Reason.AWAITING_COMPANY)
    assert permitted(entry(three, situation=known(company=(Companion(BEN), Companion(EVE)))))


def test_nobody_is_ever_alone_where_the_room_forbids_it() -> None:
    never = room(company=Company(least=2))
    assert waits(entry(never), Reason.OCCUPANCY_MIN)
    assert permitted(entry(never, situation=known(company=(Companion(BEN),))))
    assert permitted(entry(never, situation=known(inside=Inside(1))))
    three = room(company=Company(2, least=3))
    assert waits(entry(three), Reason.OCCUPANCY_MIN)
    assert waits(entry(three, situation=known(inside=Inside(1))), Reason.AWAITING_COMPANY)


def test_being_alone_is_recorded_where_it_is_not_forbidden() -> None:
    soft = room(company=Company(least=2, least_by=SOFT))
    assert permitted(entry(soft), Reason.OCCUPANCY_MIN)
    assert permitted(entry(soft, situation=known(inside=Inside(1))))
    assert permitted(entry(soft, situation=known(company=(Companion(BEN),))))
    assert permitted(entry(room(company=Company(least=2, least_by=OFF))))


def test_a_softened_room_records_who_is_alone_instead_of_letting_them_wait() -> None:
    """ "only record" is said of every rule about presence: waiting would be enforcing it."""
    alone = entry(room(company=Company(least=2), unheard=Unheard.SOFTEN), situation=known(proof=DEAF))
    assert permitted(alone, Reason.OCCUPANCY_MIN, Reason.PROTECTION_WEAKENED)
    enforced = entry(room(company=Company(least=2), unheard=Unheard.ENFORCE), situation=known(proof=DEAF))
    assert waits(enforced, Reason.OCCUPANCY_MIN)


def test_a_supervisor_is_inside_or_comes_along() -> None:
    policy = room(company=Company(supervisor=HARD))
    assert refused(entry(policy), Reason.SUPERVISOR_MISSING)
    assert permitted(entry(policy, ADA._replace(flags=Flag.SUPERVISOR)))
    assert permitted(entry(policy, situation=known(inside=Inside(1, supervisors=1))))
    assert permitted(entry(policy, situation=known(company=(Companion(BEN), Companion(EVE, Flag.SUPERVISOR)))))
    assert refused(entry(policy, situation=known(company=(Companion(BEN),))), Reason.SUPERVISOR_MISSING)
    assert permitted(entry(room(company=Company(supervisor=SOFT))), Reason.SUPERVISOR_MISSING)
    softened = entry(policy, situation=known(proof=DEAF))
    assert permitted(softened, Reason.SUPERVISOR_MISSING, Reason.PROTECTION_WEAKENED)


def test_a_visitor_follows_a_host_and_needs_no_other_company() -> None:
    eve = ADA._replace(holder=EVE, flags=Flag.VISITOR)
    policy = room(company=Company(2, within_s=10, least=2, supervisor=HARD))
    assert refused(entry(policy, eve), Reason.ESCORT_MISSING)
    assert refused(entry(policy, eve, known(before=Before(host_s=11))), Reason.ESCORT_MISSING)
    assert permitted(entry(policy, eve, known(before=Before(host_s=10))))
    assert permitted(entry(policy, eve, known(company=(Companion(BEN, Flag.HOST),))))
    assert refused(entry(policy, eve, known(company=(Companion(BEN),))), Reason.ESCORT_MISSING)
    assert lacking(policy.areas["cedar-room"], eve, SURE) is None
    soft = room(company=Company(least=2, least_by=SOFT))
    assert permitted(entry(soft, eve, known(before=Before(host_s=0))))


def test_what_is_recorded_is_told_while_somebody_waits_too() -> None:
    policy = building(AreaPolicy("cedar-room", True, 3600, 7200, company=Company(2)))
    assert waits(entry(policy, situation=INSIDE), Reason.ALREADY_INSIDE) is False
    decision = entry(policy, situation=INSIDE)
    assert (decision.outcome, decision.reason) == (Outcome.AWAIT, Reason.AWAITING_COMPANY)
    assert decision.violations == (Reason.ALREADY_INSIDE, Reason.AWAITING_COMPANY)


def test_an_access_point_is_judged_by_its_own_direction() -> None:
    assert isinstance(ENTRY, AccessPointPolicy)
    policy = building()
    assert (policy.thresholds["cedar-in"].way_out, policy.thresholds["cedar-out"].way_out) == (False, True)
    assert CERTAIN.complete


def test_a_decision_is_never_changed_afterwards_for_many_cards_get_the_same_one() -> None:
    granted = decide(building(), entering(), SURE, NOON)
    assert granted.outcome is Outcome.GRANT
    with pytest.raises(AttributeError):
        granted.outcome = Outcome.REFUSE  # type: ignore[misc]
    assert decide(building(), entering(), SURE, NOON).outcome is Outcome.GRANT
