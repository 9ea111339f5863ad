"""`decide()`: who may enter, and that nobody is held in (DESIGN 4) unless the agent can prove it misses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contract import canonical
from contract.decision import decide, decide_unlisted, input_object, replayed
from contract.outcome import Effect, Outcome
from contract.policy import (
    AccessPointPolicy,
    AreaPolicy,
    Direction,
    DoorMode,
    DoorPolicy,
    ExitMode,
    Policy,
)
from contract.reason import Reason
from contract.record import FOREVER, CardState, Flag, Record
from contract.room_rules import Company
from contract.schedule import ALWAYS, Interval, compiled
from contract.site_time import SiteTime
from contract.situation import Attempt, Before, Companion, Inside, Moment, PinVerdict, Proof, Situation, Standing

TOKYO = SiteTime("Asia/Tokyo", ((946_652_400, 32_400),), 4_102_412_400)
OFFICE = compiled([Interval(day, 9 * 60, 18 * 60) for day in range(5)])
ADA = Record(b"A" * 16, 1, 0, FOREVER)
MONDAY_NOON = Moment(datetime(2026, 11, 23, 3, 0, tzinfo=UTC), timedelta(seconds=1), 100.0, trusted=True)
SURE = Situation(10, Proof(True, True, True), control_permitted=True, standing=Standing("hallway", 60))
INSIDE = replace(SURE, standing=Standing("cedar-room", 60))


def policy(company: int = 1, mode: ExitMode = ExitMode.CONTROLLED, door: DoorMode = DoorMode.NORMAL) -> Policy:
    points = (
        AccessPointPolicy("cedar-in", "cedar", Direction.ENTRY, "hallway", "cedar-room", ("serial-40",)),
        AccessPointPolicy("cedar-out", "cedar", Direction.EXIT, "cedar-room", "hallway", ("serial-40",), mode),
    )
    return Policy(
        "tokyo",
        "cedar",
        TOKYO,
        {"cedar-room": AreaPolicy("cedar-room", True, 3600, 7200, company=Company(company))},
        {"cedar": DoorPolicy("cedar", 5000, 30, door)},
        {point.id: point for point in points},
        (ALWAYS, OFFICE),
    )


def entry(record: Record | None, clean: bool = True) -> Attempt:
    return Attempt("cedar-in", clean, record)


def leaving(record: Record | None, clean: bool = True) -> Attempt:
    return Attempt("cedar-out", clean, record)


def test_ada_enters_the_cedar_room() -> None:
    decision = decide(policy(), entry(ADA), SURE, MONDAY_NOON)
    assert (decision.outcome, decision.reason) == (Outcome.GRANT, Reason.PERMITTED)
    assert decision.effects == (Effect.RELEASE,)


def test_ben_who_is_not_on_the_list_does_not() -> None:
    decision = decide(policy(), entry(None), SURE, MONDAY_NOON)
    assert (decision.outcome, decision.reason, decision.effects) == (Outcome.REFUSE, Reason.NOT_ON_LIST, ())


def test_a_card_that_reads_badly_does_not_enter_even_with_a_record() -> None:
    assert decide(policy(), entry(ADA, clean=False), SURE, MONDAY_NOON).reason is Reason.BAD_FORMAT


def test_eves_lost_card_may_leave_but_not_enter() -> None:
    eve = ADA._replace(flags=Flag.EXIT_ONLY)
    assert decide(policy(), entry(eve), SURE, MONDAY_NOON).reason is Reason.EXIT_ONLY
    assert decide(policy(), leaving(eve), INSIDE, MONDAY_NOON).outcome is Outcome.GRANT


def test_a_grant_begins_and_ends_with_the_whole_uncertainty_of_the_clock() -> None:
    now = int(MONDAY_NOON.wall.timestamp())
    for record, reason in (
        (ADA._replace(valid_from=now), Reason.NOT_YET_VALID),
        (ADA._replace(valid_from=now - 1), Reason.PERMITTED),
        (ADA._replace(valid_until=now + 1), Reason.EXPIRED),
        (ADA._replace(valid_until=now + 2), Reason.PERMITTED),
    ):
        assert decide(policy(), entry(record), SURE, MONDAY_NOON).reason is reason


def test_office_hours_are_those_of_the_sites_clock() -> None:
    office = ADA._replace(schedule=1)
    for hour_utc, reason in (
        (0, Reason.PERMITTED),
        (3, Reason.PERMITTED),
        (9, Reason.OUTSIDE_SCHEDULE),
        (23, Reason.OUTSIDE_SCHEDULE),
    ):
        moment = replace(MONDAY_NOON, wall=datetime(2026, 11, 24, hour_utc, 0, 2, tzinfo=UTC))
        assert decide(policy(), entry(office), SURE, moment).reason is reason


def test_at_the_edge_of_office_hours_both_bounds_of_the_clock_must_lie_inside() -> None:
    office = ADA._replace(schedule=1)
    edge = datetime(2026, 11, 24, 0, 0, 0, tzinfo=UTC)
    assert decide(policy(), entry(office), SURE, replace(MONDAY_NOON, wall=edge)).reason is Reason.OUTSIDE_SCHEDULE
    inside = replace(MONDAY_NOON, wall=edge + timedelta(seconds=1))
    assert decide(policy(), entry(office), SURE, inside).reason is Reason.PERMITTED


def test_an_untrusted_clock_refuses_only_what_depends_on_the_time() -> None:
    unset = replace(MONDAY_NOON, trusted=False)
    assert decide(policy(), entry(ADA), SURE, unset).outcome is Outcome.GRANT
    assert decide(policy(), entry(ADA._replace(schedule=1)), SURE, unset).reason is Reason.TIME_UNTRUSTED


def test_a_stale_list_lets_in_the_essential_and_then_nobody_new() -> None:
    essential = ADA._replace(flags=Flag.ESSENTIAL)
    for proven, record, reason in (
        (3600, ADA, Reason.PERMITTED),
        (3601, ADA, Reason.LIST_STALE),
        (3601, essential, Reason.PERMITTED),
        (7201, essential, Reason.LIST_EXPIRED),
        (None, ADA, Reason.LIST_STALE),
        (None, essential, Reason.PERMITTED),
    ):
        assert decide(policy(), entry(record), replace(SURE, proven_s=proven), MONDAY_NOON).reason is reason


def test_every_rule_that_failed_is_told_in_the_fixed_order() -> None:
    late = ADA._replace(schedule=1, valid_until=1, flags=Flag.EXIT_ONLY)
    night = replace(MONDAY_NOON, wall=datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    decision = decide(policy(door=DoorMode.LOCKDOWN), entry(late), SURE, night)
    assert decision.violations == (Reason.LOCKDOWN, Reason.EXIT_ONLY, Reason.EXPIRED, Reason.OUTSIDE_SCHEDULE)
    assert decision.reason is Reason.LOCKDOWN


def test_two_holders_are_needed_where_the_area_wants_company() -> None:
    alone = decide(policy(company=2), entry(ADA), SURE, MONDAY_NOON)
    assert (alone.outcome, alone.effects) == (Outcome.AWAIT, ())
    twice = replace(SURE, company=(Companion(ADA.holder),))
    assert decide(policy(company=2), entry(ADA), twice, MONDAY_NOON).outcome is Outcome.AWAIT
    together = replace(SURE, company=(Companion(b"B" * 16),))
    assert decide(policy(company=2), entry(ADA), together, MONDAY_NOON).outcome is Outcome.GRANT


def test_entering_twice_is_recorded() -> None:
    assert decide(policy(), entry(ADA), INSIDE, MONDAY_NOON).violations == (Reason.ALREADY_INSIDE,)


def test_a_clean_unknown_card_stays_in_only_while_the_agent_misses_nothing() -> None:
    refused = decide(policy(), leaving(None), INSIDE, MONDAY_NOON)
    assert (refused.outcome, refused.reason) == (Outcome.REFUSE, Reason.NOT_ON_LIST)
    unsure = [
        replace(INSIDE, proven_s=3601),
        replace(INSIDE, proven_s=None),
        *(replace(INSIDE, proof=Proof(*(place != gap for place in range(3)))) for gap in range(3)),
    ]
    for situation in unsure:
        opened = decide(policy(), leaving(None), situation, MONDAY_NOON)
        assert (opened.outcome, opened.reason) == (Outcome.GRANT, Reason.EXIT_UNVERIFIED)
        assert opened.effects == (Effect.RELEASE, Effect.ALARM)


def test_a_bad_read_opens_a_controlled_exit_and_alarms() -> None:
    opened = decide(policy(), leaving(None, clean=False), INSIDE, MONDAY_NOON)
    assert (opened.reason, opened.effects) == (Reason.EXIT_UNVERIFIED, (Effect.RELEASE, Effect.ALARM))


def test_an_exit_whose_wiring_forbids_control_opens_and_says_so() -> None:
    opened = decide(policy(), leaving(None), replace(INSIDE, control_permitted=False), MONDAY_NOON)
    assert (opened.outcome, opened.reason) == (Outcome.GRANT, Reason.EXIT_MODE_NOT_PERMITTED)
    assert Effect.ALARM in opened.effects


def test_a_recorded_exit_opens_for_any_card_and_records_what_is_odd() -> None:
    opened = decide(policy(mode=ExitMode.RECORDED), leaving(None), INSIDE, MONDAY_NOON)
    assert (opened.outcome, opened.violations) == (Outcome.GRANT, (Reason.NOT_ON_LIST,))


def test_leaving_without_having_entered_is_recorded_and_never_refused() -> None:
    assert decide(policy(), leaving(ADA), SURE, MONDAY_NOON).violations == (Reason.NOT_INSIDE,)


def test_without_a_list_nobody_enters_and_everybody_leaves() -> None:
    assert decide(None, entry(ADA), SURE, MONDAY_NOON).reason is Reason.NO_LIST
    assert decide_unlisted(exit_point=False).outcome is Outcome.REFUSE
    out = decide_unlisted(exit_point=True)
    assert (out.outcome, out.effects) == (Outcome.GRANT, (Effect.RELEASE, Effect.ALARM))


seconds = st.none() | st.integers(0, 10**9)
handles = st.binary(min_size=16, max_size=16)
records = st.builds(
    Record,
    handles,
    *[st.integers(0, 2**32 - 1)] * 3,
    *[st.integers(0, 2**16 - 1)] * 2,
    *[st.integers(0, 2**32 - 1)] * 3,
    *[st.integers(0, 2**16 - 1)] * 2,
    st.integers(0, max(CardState)),
    st.integers(0, 255),
)
attempts = st.builds(
    Attempt, st.sampled_from(["cedar-in", "cedar-out", "elsewhere"]), st.booleans(), st.none() | records
)
situations = st.builds(
    Situation,
    seconds,
    st.builds(Proof, st.booleans(), st.booleans(), st.booleans()),
    st.booleans(),
    st.builds(Standing, st.none() | st.sampled_from(["hallway", "cedar-room"]), seconds, st.booleans()),
    st.builds(Inside, *[st.integers(0, 9)] * 4),
    st.lists(st.builds(Companion, handles, st.integers(0, 2**16 - 1)), max_size=3).map(tuple),
    st.builds(Before, seconds, seconds, seconds),
    st.booleans(),
    st.integers(0, 70_000),
    st.sampled_from(PinVerdict),
    seconds,
)
moments = st.builds(
    Moment,
    st.integers(946684800, 4102444800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.timedeltas(timedelta(0), timedelta(days=400)),
    st.integers(0, 2**40).map(lambda micros: micros / 1_000_000),
    st.booleans(),
)
policies = st.builds(policy, st.integers(1, 8), st.sampled_from(ExitMode), st.sampled_from(DoorMode))


@given(policies, attempts, situations, moments)
def test_decide_is_total_and_an_exit_is_refused_in_one_case_only(
    rules: Policy, attempt: Attempt, situation: Situation, moment: Moment
) -> None:
    decision = decide(rules, attempt, situation, moment)
    assert (Effect.RELEASE in decision.effects) == (decision.outcome is Outcome.GRANT)
    if attempt.access_point == "cedar-out" and decision.outcome is not Outcome.GRANT:
        assert decision.outcome is Outcome.REFUSE
        assert attempt.clean
        assert attempt.record is None
        assert situation.control_permitted
        assert situation.proof.complete
        assert situation.proven_s is not None
        assert situation.proven_s <= 3600


@given(attempts, situations, moments)
def test_what_declared_types_say_needs_no_check(attempt: Attempt, situation: Situation, moment: Moment) -> None:
    """`encode` looks at every value, as for what comes from outside; the door's path does not."""
    said = input_object(attempt, situation, moment)
    assert canonical.encode_declared(said) == canonical.encode(said)


@given(policies, attempts, situations, moments)
def test_a_recorded_input_replays_to_the_same_decision(
    rules: Policy, attempt: Attempt, situation: Situation, moment: Moment
) -> None:
    data = canonical.encode(input_object(attempt, situation, moment))
    assert replayed(rules, data) == decide(rules, attempt, situation, moment)
