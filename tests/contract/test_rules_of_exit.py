"""Every rule of the way out: what it records, what alarms, and the one case in which a door stays shut (DESIGN 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contract import canonical
from contract.decision import decide, decide_unlisted, input_object, replayed
from contract.outcome import Decision, Effect, Outcome
from contract.policy import DoorMode, ExitMode, Policy
from contract.reason import Reason
from contract.record import FOREVER, CardState, Flag, Record
from contract.room_rules import Company, Enforcement, Passback, Posture
from contract.situation import Inside, Moment, Proof, Situation, Standing
from tests.contract.rooms import ADA, DOOR, EXIT, INSIDE, NIGHT_SHIFT, NOON, ROOM, building, leaving

HARD, SOFT, OFF = Enforcement.HARD, Enforcement.SOFT, Enforcement.OFF
ALARM = (Effect.RELEASE, Effect.ALARM)


def room(**rules: Any) -> Policy:
    return building(replace(ROOM, **rules))


def known(**told: Any) -> Situation:
    return replace(INSIDE, **told)


def out(policy: Policy, record: Record | None = ADA, situation: Situation = INSIDE, moment: Moment = NOON) -> Decision:
    return decide(policy, leaving(record), situation, moment)


def opens(decision: Decision, *noted: Reason, alarm: bool = False) -> bool:
    effects = ALARM if alarm else (Effect.RELEASE,)
    return decision == Decision(Outcome.GRANT, Reason.PERMITTED, noted, effects)


def test_ada_leaves_and_nothing_is_remarkable() -> None:
    assert opens(out(building()))


@pytest.mark.parametrize("state", [state for state in CardState if state != CardState.ACTIVE])
def test_no_state_of_a_card_holds_anybody_in_but_lost_and_stolen_alarm(state: CardState) -> None:
    alarm = state in (CardState.LOST, CardState.STOLEN)
    assert opens(out(building(), ADA._replace(state=state)), Reason[f"CARD_{state.name}"], alarm=alarm)


def test_what_time_forbids_on_the_way_in_is_recorded_on_the_way_out() -> None:
    ended = ADA._replace(valid_until=1, card_until=1, trained_until=0, schedule=NIGHT_SHIFT, flags=Flag.EXIT_ONLY)
    over = (Reason.CARD_EXPIRED, Reason.EXPIRED, Reason.OUTSIDE_SCHEDULE, Reason.TRAINING_EXPIRED)
    assert opens(out(building(), ended), Reason.EXIT_ONLY, *over)
    begins = ADA._replace(valid_from=FOREVER - 1, card_from=FOREVER - 1)
    assert opens(out(building(), begins), Reason.CARD_NOT_YET_VALID, Reason.NOT_YET_VALID)


def test_a_clock_that_cannot_be_believed_is_recorded_for_who_depends_on_it() -> None:
    unset = replace(NOON, trusted=False)
    assert opens(out(building(), ADA._replace(valid_until=1), moment=unset), Reason.TIME_UNTRUSTED)
    assert opens(out(building(), moment=unset))


def test_uses_are_counted_on_the_way_in_alone() -> None:
    assert opens(out(building(), ADA._replace(uses=1), known(uses=1)))
    assert opens(out(building(), ADA._replace(uses=0)), Reason.USES_EXHAUSTED)


def test_a_stale_list_and_a_busy_interlock_are_recorded() -> None:
    assert opens(out(building(), situation=known(proven_s=3600)))
    assert opens(out(building(), situation=known(proven_s=3601)), Reason.LIST_STALE)
    assert opens(out(building(), situation=known(proven_s=None)), Reason.LIST_STALE)
    assert opens(out(building(), situation=known(interlocked=True)), Reason.INTERLOCKED)


def test_postures_let_everybody_out_and_say_that_they_stood() -> None:
    assert opens(out(room(posture=Posture(lockdown=True))), Reason.LOCKDOWN)
    assert opens(out(building(door=replace(DOOR, mode=DoorMode.LOCKDOWN))), Reason.LOCKDOWN)
    assert opens(out(room(posture=Posture(threat=1))), Reason.THREAT_LEVEL)
    assert opens(out(room(posture=Posture(threat=1)), ADA._replace(clearance=1)))
    assert opens(out(room(posture=Posture(evacuation=True))), Reason.EVACUATION)


def test_an_evacuation_lets_out_even_the_unknown_card_whose_absence_is_proven() -> None:
    assert opens(out(room(posture=Posture(evacuation=True)), None), Reason.EVACUATION, Reason.NOT_ON_LIST)


def test_going_out_twice_is_recorded_alarms_or_is_not_looked_at() -> None:
    outside = known(standing=Standing("hallway", 5))
    assert opens(out(room(passback=Passback(exit=SOFT)), situation=outside), Reason.NOT_INSIDE)
    assert opens(out(room(passback=Passback(exit=HARD)), situation=outside), Reason.NOT_INSIDE, alarm=True)
    assert opens(out(room(passback=Passback(exit=OFF)), situation=outside))
    assert opens(out(building(), situation=known(standing=Standing())), Reason.NOT_INSIDE)
    assert opens(out(building(), situation=known(standing=Standing("hallway", 5, forgiven=True))))
    assert opens(out(room(passback=Passback(exit=HARD)), ADA._replace(flags=Flag.PASSBACK_EXEMPT), outside))


def test_leaving_one_behind_where_nobody_may_be_alone_alarms() -> None:
    never = room(company=Company(least=2))
    assert opens(out(never, situation=known(inside=Inside(1))), Reason.OCCUPANCY_MIN, alarm=True)
    assert opens(out(never, situation=known(inside=Inside(0))))
    assert opens(out(never, situation=known(inside=Inside(2))))
    soft = room(company=Company(least=2, least_by=SOFT))
    assert opens(out(soft, situation=known(inside=Inside(1))), Reason.OCCUPANCY_MIN)
    assert opens(out(room(company=Company(least=2, least_by=OFF)), situation=known(inside=Inside(1))))


def test_a_host_who_leaves_visitors_alone_alarms() -> None:
    host = ADA._replace(flags=Flag.HOST)
    assert opens(out(building(), host, known(inside=Inside(1, visitors=1))), Reason.VISITOR_ALONE, alarm=True)
    assert opens(out(building(), host, known(inside=Inside(2, hosts=1, visitors=1))))
    assert opens(out(building(), host, known(inside=Inside(1))))
    assert opens(out(building(), situation=known(inside=Inside(1, visitors=1))))


def test_only_an_unknown_card_stays_in_and_only_while_the_agent_misses_nothing() -> None:
    held = Decision(Outcome.REFUSE, Reason.NOT_ON_LIST, (Reason.NOT_ON_LIST,))
    assert out(building(), None) == held
    unsure = [known(proof=Proof(*(place != gap for place in range(3)))) for gap in range(3)]
    opened = Decision(Outcome.GRANT, Reason.EXIT_UNVERIFIED, (Reason.NOT_ON_LIST, Reason.EXIT_UNVERIFIED), ALARM)
    assert [out(building(), None, each) for each in unsure] == [opened] * 3
    for age in (3601, None):
        stale = (Reason.NOT_ON_LIST, Reason.LIST_STALE, Reason.EXIT_UNVERIFIED)
        found = out(building(), None, known(proven_s=age))
        assert found == Decision(Outcome.GRANT, Reason.EXIT_UNVERIFIED, stale, ALARM)


def test_a_bad_read_opens_and_alarms_whatever_is_proven() -> None:
    bad = (Reason.BAD_FORMAT, Reason.EXIT_UNVERIFIED)
    found = decide(building(), leaving(None, clean=False), INSIDE, NOON)
    assert found == Decision(Outcome.GRANT, Reason.EXIT_UNVERIFIED, bad, ALARM)
    assert decide(building(), leaving(clean=False), INSIDE, NOON) == found


def test_wiring_that_forbids_control_opens_and_alarms() -> None:
    reasons = (Reason.NOT_ON_LIST, Reason.EXIT_MODE_NOT_PERMITTED)
    found = out(building(), None, known(control_permitted=False))
    assert found == Decision(Outcome.GRANT, Reason.EXIT_MODE_NOT_PERMITTED, reasons, ALARM)


@pytest.mark.parametrize("mode", [ExitMode.RECORDED, ExitMode.FREE])
def test_an_exit_that_is_not_controlled_opens_for_any_card(mode: ExitMode) -> None:
    policy = building(way_out=replace(EXIT, exit_mode=mode))
    assert opens(out(policy, None, known(control_permitted=False)), Reason.NOT_ON_LIST)
    assert opens(out(policy))


def test_without_a_list_nobody_enters_and_everybody_leaves() -> None:
    assert decide_unlisted(exit_point=False) == Decision(Outcome.REFUSE, Reason.NO_LIST, (Reason.NO_LIST,))
    reasons = (Reason.NO_LIST, Reason.EXIT_UNVERIFIED)
    assert decide_unlisted(exit_point=True) == Decision(Outcome.GRANT, Reason.EXIT_UNVERIFIED, reasons, ALARM)


def test_a_decision_is_told_with_its_reasons_in_order() -> None:
    decision = out(building(), None, known(control_permitted=False))
    assert decision.as_object() == {
        "outcome": "GRANT",
        "reason": "EXIT_MODE_NOT_PERMITTED",
        "violations": ["NOT_ON_LIST", "EXIT_MODE_NOT_PERMITTED"],
    }


def test_only_a_whole_input_of_this_version_is_replayed() -> None:
    whole = input_object(leaving(), INSIDE, NOON)
    assert whole["version"] == 3
    assert opens(replayed(building(), canonical.encode(whole)))
    for wrong in ({**whole, "version": 2}, {**whole, "version": 4}, {**whole, "more": 1}):
        with pytest.raises(ValueError, match=r"version|more|exactly|member"):
            replayed(building(), canonical.encode(wrong))
