"""`decide()` against its slow writing, at the edges of every rule; and replayed from what a fact commits to."""

from __future__ import annotations

import random
from collections.abc import Iterator

from contract import canonical
from contract.decision import decide, decide_unlisted, input_object, replayed
from contract.outcome import Decision, Effect, Outcome
from contract.policy import Policy
from contract.reason import Reason
from contract.record import Record
from tests.contract import rooms, slow_decision
from tests.contract.rooms import Case
from tests.contract.slow_decision import Verdict

CASES = 4000


def cases(rng: random.Random, number: int = CASES) -> Iterator[Case]:
    return (rooms.made_up(rng) for _ in range(number))


def decided(case: Case) -> Decision:
    return decide(case.policy, case.attempt, case.situation, case.moment)


def told(decision: Decision) -> Verdict:
    effects = tuple(str(each) for each in decision.effects)
    return Verdict(str(decision.outcome), str(decision.reason), tuple(map(str, decision.violations)), effects)


def expected(case: Case) -> Verdict:
    forms = case.policy.as_object(), case.attempt.as_object(), case.situation.as_object(), case.moment.as_object()
    return slow_decision.judged(*forms)


def test_outcome_reasons_and_effects_are_those_of_the_slow_writing(rng: random.Random) -> None:
    for case in cases(rng):
        assert told(decided(case)) == expected(case), case


def test_every_reason_of_a_decision_comes_up_among_the_cases(rng: random.Random) -> None:
    """Or the comparison above would say nothing about the rule."""
    found = {decide_unlisted(exit_point=False).reason}
    for case in cases(rng):
        decision = decided(case)
        found |= {decision.reason, *decision.violations}
    assert found | {Reason.JOURNAL_UNAVAILABLE} == set(Reason)


def test_a_refusal_names_its_reason_and_only_a_grant_releases(rng: random.Random) -> None:
    for case in cases(rng, 1000):
        decision = decided(case)
        assert (Effect.RELEASE in decision.effects) == (decision.outcome is Outcome.GRANT)
        assert decision.outcome is Outcome.GRANT or decision.reason in decision.violations


def test_nobody_waits_on_the_way_out_and_only_an_unknown_card_is_held(rng: random.Random) -> None:
    for case in cases(rng):
        decision = decided(case)
        if case.attempt.access_point == "cedar-out" and decision.outcome is not Outcome.GRANT:
            age, budget = case.situation.proven_s, case.policy.areas["cedar-room"].fresh_s
            assert decision.outcome is Outcome.REFUSE
            assert (case.attempt.clean, case.attempt.record) == (True, None)
            assert case.situation.proof.complete
            assert case.situation.control_permitted
            assert age is not None
            assert age <= budget


def test_a_random_history_replays_to_the_same_decisions_from_what_is_kept(rng: random.Random) -> None:
    """As the auditor does it: later, in any order, from the policies and openings alone."""
    history = []
    for case in cases(rng, 600):
        record = case.attempt.record
        assert record is None or Record.unpacked(record.packed()) == record
        opening = canonical.encode(input_object(case.attempt, case.situation, case.moment))
        history.append((canonical.encode(case.policy.as_object()), case.policy.hash(), opening, decided(case)))
    rng.shuffle(history)
    for kept, name, opening, decision in history:
        policy = Policy.from_object(canonical.decode_object(kept))
        assert policy.hash() == name
        assert replayed(policy, opening) == decision
