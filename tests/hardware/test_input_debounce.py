"""Debouncing on stamps."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.debounce import Debounce, Settled


def test_a_level_counts_when_it_has_stood_and_is_stamped_with_its_edge() -> None:
    debounce = Debounce(0.02, active=False)
    assert debounce.edge(True, 1.0) == []
    assert debounce.settle(1.01) == []
    assert debounce.settle(1.021) == [Settled(True, 1.0)]
    assert debounce.active


def test_a_glitch_never_counts() -> None:
    debounce = Debounce(0.02, active=False)
    debounce.edge(True, 1.0)
    assert debounce.edge(False, 1.005) == []
    assert debounce.settle(2.0) == []
    assert not debounce.waiting


def test_bounces_count_once_from_the_last_stable_edge() -> None:
    debounce = Debounce(0.02, active=False)
    for n, active in enumerate([True, False, True, False, True]):
        assert debounce.edge(active, 1 + n / 1000) == []
    assert debounce.settle(1.1) == [Settled(True, 1.004)]


def test_a_late_look_at_the_stamps_loses_no_level() -> None:
    debounce = Debounce(0.02, active=False)
    debounce.edge(True, 1.0)
    assert debounce.edge(False, 1.5) == [Settled(True, 1.0)]
    assert debounce.settle(2.0) == [Settled(False, 1.5)]


def test_an_eager_input_activates_at_once_and_settles_only_its_end() -> None:
    debounce = Debounce(0.02, active=False, eager=True)
    assert debounce.edge(True, 1.0) == [Settled(True, 1.0)]
    assert debounce.edge(False, 1.001) == []
    assert debounce.edge(True, 1.002) == []
    assert debounce.edge(False, 1.003) == []
    assert debounce.settle(1.1) == [Settled(False, 1.003)]


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.booleans(), st.lists(st.tuples(st.booleans(), st.floats(0, 0.1)), max_size=60))
def test_levels_always_alternate_and_end_with_the_last_raw_level(eager: bool, edges: list[tuple[bool, float]]) -> None:
    debounce, now, found = Debounce(0.02, active=False, eager=eager), 0.0, []
    for active, pause in edges:
        now += pause
        found += debounce.edge(active, now)
    found += debounce.settle(now + 1)
    assert all(one.active is not other.active for one, other in pairwise(found))
    assert debounce.active is (edges[-1][0] if edges else False)
