"""Samples become settled states: what bounces is waited for, what saves lives is not, what never rests is a fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.line import PATIENCE, LineChange, LineClassifier
from hardware.loop import LOOPS, bands_of
from hardware.signal import LineState

NORMAL, ACTIVE, SHORT, OPEN, FAULT = LineState
LOOP = LOOPS["1k-1k"]
VALUES = {NORMAL: LOOP.fraction(2000), ACTIVE: LOOP.fraction(1000), SHORT: 0.0, OPEN: 1.0, FAULT: 0.5}
STEP, SETTLE = 0.02, 0.06


def line(eager: bool = False) -> LineClassifier:
    return LineClassifier(bands_of(LOOP), SETTLE, eager=eager)


def told(watched: LineClassifier, states: list[LineState], start: float = 0.0) -> list[tuple[LineState, float, float]]:
    """Every change with its own stamp and that of the sample which brought it, in steps."""
    found: list[tuple[LineState, float, float]] = []
    for place, state in enumerate(states):
        changes = watched.classify(VALUES[state], start + place * STEP)
        found += [(each.state, round((each.stamp - start) / STEP), place) for each in changes]
    return found


@pytest.mark.parametrize("state", [NORMAL, ACTIVE])
def test_what_stands_at_the_start_counts_at_once(state: LineState) -> None:
    assert told(line(), [state, state]) == [(state, 0, 0)]


@pytest.mark.parametrize("state", [SHORT, OPEN, FAULT])
def test_trouble_has_to_stand_even_at_the_start(state: LineState) -> None:
    assert told(line(eager=True), [state] * 5) == [(state, 0, 3)]


@pytest.mark.parametrize("state", [ACTIVE, SHORT, OPEN, FAULT])
def test_a_change_counts_when_it_has_stood_and_is_stamped_with_its_first_sample(state: LineState) -> None:
    assert told(line(), [NORMAL, NORMAL, *[state] * 5]) == [(NORMAL, 0, 0), (state, 2, 5)]


def test_a_bounce_is_no_change() -> None:
    assert told(line(), [NORMAL, ACTIVE, ACTIVE, NORMAL, NORMAL, NORMAL, NORMAL, ACTIVE, NORMAL, NORMAL]) == [
        (NORMAL, 0, 0)
    ]


def test_an_activation_of_what_saves_lives_counts_with_its_first_sample_and_its_end_has_to_settle() -> None:
    assert told(line(eager=True), [NORMAL, ACTIVE, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL]) == [
        (NORMAL, 0, 0),
        (ACTIVE, 1, 1),
        (NORMAL, 2, 5),
    ]


def test_an_activation_counts_at_once_although_the_line_was_in_trouble() -> None:
    watched = line(eager=True)
    told(watched, [OPEN] * 4)
    assert told(watched, [ACTIVE], start=1.0) == [(ACTIVE, 0, 0)]


@pytest.mark.parametrize("pattern", [[NORMAL, OPEN], [OPEN, FAULT], [NORMAL, NORMAL, SHORT], [SHORT, OPEN, FAULT]])
def test_a_line_that_comes_to_no_rest_is_a_fault(pattern: list[LineState]) -> None:
    watched = line()
    told(watched, [NORMAL])
    found = told(watched, pattern * 10, start=1.0)
    assert [state for state, _, _ in found] == [FAULT]
    assert found[0][2] <= PATIENCE * round(SETTLE / STEP) + len(pattern)


def test_a_line_that_comes_to_rest_again_is_normal_again() -> None:
    watched = line()
    told(watched, [NORMAL, OPEN] * 10)
    assert watched.state is FAULT
    assert told(watched, [NORMAL] * 4, start=1.0) == [(NORMAL, 0, 3)]


def test_a_value_that_cannot_be_measured_is_a_fault() -> None:
    watched = line()
    watched.classify(VALUES[NORMAL], 0.0)
    found = [change for place in range(5) for change in watched.classify(None, 1.0 + place * STEP)]
    assert found == [LineChange(FAULT, 1.0)]


@given(st.lists(st.tuples(st.lists(st.sampled_from(LineState), max_size=6), st.sampled_from(LineState))), st.booleans())
def test_a_state_that_stands_is_told_whatever_was_before_and_none_is_told_twice(
    walk: list[tuple[list[LineState], LineState]], eager: bool
) -> None:
    watched, now, last = line(eager), 0.0, None
    for noise, state in walk:
        for each in [*noise, *[state] * 13]:
            now += STEP
            for change in watched.classify(VALUES[each], now):
                assert change.state is not last
                last = change.state
        assert watched.state is state
