"""What light and buzzer of an OSDP reader show after the panel's commands, as time passes."""

from __future__ import annotations

from typing import Any

import pytest

from hardware.bench.osdp_lights import Lights

RED, GREEN, AMBER = 1, 2, 3


def light(on: int, off: int, colour: int, other: int = 0, *, tenths: int | None = None) -> dict[str, Any]:
    blink = {"on_count": on, "off_count": off, "on_color": colour, "off_color": other, "command": 2}
    if tenths is None:
        return blink | {"temporary": False, "control_code": 1, "cancel_temporary": True}
    return blink | {"temporary": True, "control_code": 2, "timer_count": tenths}


def tone(on: int, off: int, times: int) -> dict[str, Any]:
    return {"command": 3, "control_code": 2, "on_count": on, "off_count": off, "rep_count": times}


def story(lights: Lights, now: float, until: float) -> list[tuple[float, str]]:
    """What it shows from `now` on, as often as it wants to be looked at."""
    told: list[tuple[float, str]] = []
    at: float | None = now
    while at is not None and at <= until:
        values, at_next = lights.values(at)
        shown = "+".join(name for name, value in values.items() if value) or "dark"
        if not told or told[-1][1] != shown:
            told.append((round(at - now, 3), shown))
        assert at_next is None or at_next > at, "it would look again for ever"
        at = at_next
    return told


def test_a_light_that_passes_gives_way_to_the_steady_one() -> None:
    lights = Lights()
    assert lights.take(light(1, 0, RED), 5.0)
    assert lights.take(light(1, 0, GREEN, tenths=30), 10.0)
    assert story(lights, 10.0, 20.0) == [(0.0, "green"), (3.0, "red")]


def test_a_blink_has_an_edge_for_each_of_its_halves_and_amber_is_both_colours() -> None:
    lights = Lights()
    lights.take(light(2, 2, RED, AMBER, tenths=10), 100.123)
    assert story(lights, 100.123, 110.0) == [
        (0.0, "red"),
        (0.2, "green+red"),
        (0.4, "red"),
        (0.6, "green+red"),
        (0.8, "red"),
        (1.0, "dark"),
    ]


@pytest.mark.parametrize("began", [0.0, 0.1, 4711.7, 123456.789])
def test_tones_are_counted_and_the_last_has_no_pause(began: float) -> None:
    lights = Lights()
    lights.take(tone(1, 1, 3), began)
    edges = [(0.0, "buzzer"), (0.1, "dark"), (0.2, "buzzer"), (0.3, "dark"), (0.4, "buzzer"), (0.5, "dark")]
    assert story(lights, began, began + 9.0) == edges


def test_a_cancelled_light_is_gone_and_other_commands_are_none_of_its_business() -> None:
    lights = Lights()
    lights.take(light(1, 0, RED), 1.0)
    lights.take(light(1, 0, GREEN, tenths=50), 1.0)
    lights.take({**light(1, 0, GREEN, tenths=50), "control_code": 1}, 2.0)
    assert story(lights, 2.0, 9.0) == [(0.0, "red")]
    assert not lights.take({"command": 9, "type": 2}, 2.0)
