"""Resistors make bands: each state has its own values, and no value of a broken line reads as all is well."""

import math

import pytest

from hardware.loop import CUT, LOOPS, Band, Bands, Contact, Loop, bands_of, double_end_of_line, single_end_of_line
from hardware.signal import LineState

NORMAL, ACTIVE, SHORT, OPEN, FAULT = LineState


@pytest.mark.parametrize(
    ("contact", "normal", "active"), [(Contact.NORMALLY_OPEN, 10_400, 2_200), (Contact.NORMALLY_CLOSED, 2_200, 10_400)]
)
def test_two_resistors_at_the_contact_make_four_states(contact: Contact, normal: float, active: float) -> None:
    loop = double_end_of_line(2_200, 8_200, contact, 4_700)
    assert (loop.normal, loop.active) == (normal, active)
    bands = bands_of(loop)
    measured = [0.0, active, normal, CUT]
    assert [bands.state(loop.fraction(ohms), None) for ohms in measured] == [SHORT, ACTIVE, NORMAL, OPEN]


@pytest.mark.parametrize(
    ("contact", "states"),
    [(Contact.NORMALLY_OPEN, [ACTIVE, NORMAL, OPEN]), (Contact.NORMALLY_CLOSED, [SHORT, NORMAL, ACTIVE])],
)
def test_one_resistor_tells_three_states(contact: Contact, states: list[LineState]) -> None:
    loop = single_end_of_line(4_700, contact, 4_700)
    bands = bands_of(loop)
    assert [bands.state(loop.fraction(ohms), None) for ohms in (0.0, 4_700, CUT)] == states


@pytest.mark.parametrize("name", LOOPS)
def test_every_scheme_stands_its_tolerance_and_its_cable(name: str) -> None:
    loop, bands = LOOPS[name], bands_of(LOOPS[name])
    for state, ohms in ((NORMAL, loop.normal), (ACTIVE, loop.active)):
        for drift in (0.91, 1.0, 1.09):
            for cable in (0.0, 49.0):
                assert bands.state(loop.fraction(ohms * drift + cable), None) is state


@pytest.mark.parametrize("name", LOOPS)
def test_only_values_near_the_normal_resistor_are_normal(name: str) -> None:
    loop, bands = LOOPS[name], bands_of(LOOPS[name])
    for count in range(1024):  # every value the ADC can tell
        value = count / 1023
        if bands.state(value, NORMAL) is NORMAL:
            ohms = loop.reference * value / (1 - value)
            assert loop.normal * 0.8 < ohms < loop.normal * 1.2


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -0.01, 1.01, 0.2, 0.5, 0.8])
def test_a_value_in_no_band_is_a_fault(value: float | None) -> None:
    assert bands_of(LOOPS["1k-1k"]).state(value, NORMAL) is FAULT


def test_a_band_is_left_later_than_it_is_entered() -> None:
    bands = Bands([Band(ACTIVE, 0.2, 0.3), Band(NORMAL, 0.6, 0.7)], hysteresis=0.02)
    walk = [0.65, 0.71, 0.719, 0.721, 0.719, 0.71, 0.69]
    seen: list[LineState | None] = [None]
    for value in walk:
        seen.append(bands.state(value, seen[-1]))
    assert seen[1:] == [NORMAL, NORMAL, NORMAL, FAULT, FAULT, FAULT, NORMAL]


@pytest.mark.parametrize(
    ("series", "across", "reference"), [(4_700, 470, 4_700), (1_000, 1_000, 100_000), (1_000, 1_000, 10)]
)
def test_resistors_that_cannot_be_told_apart_are_refused(series: float, across: float, reference: float) -> None:
    with pytest.raises(ValueError, match="too close together"):
        bands_of(double_end_of_line(series, across, Contact.NORMALLY_OPEN, reference))


@pytest.mark.parametrize(("normal", "active", "reference"), [(0, 1, 1), (CUT, 1, 1), (5, 5, 5), (5, -1, 5), (5, 1, 0)])
def test_a_loop_without_a_resistor_when_normal_is_no_loop(normal: float, active: float, reference: float) -> None:
    with pytest.raises(ValueError, match="resistor"):
        Loop(normal, active, reference)
