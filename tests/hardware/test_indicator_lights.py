"""What the lights say; pins that tell of each change, and no waiting caller."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.indicator import Indicator
from tests.hardware.timed_pins import TellingPin

GREEN, RED, BUZZER = 23, 24, 25
Edge = tuple[int, bool]


@pytest.fixture
def edges() -> "SimpleQueue[Edge]":
    return SimpleQueue()


@pytest.fixture
def indicator(edges: "SimpleQueue[Edge]") -> Iterator[Indicator]:
    factory = MockFactory(pin_class=TellingPin)
    factory.edges = edges
    indicator = Indicator(GREEN, RED, BUZZER, factory, pace=20)
    yield indicator
    indicator.close()
    indicator.close()
    assert not any(thread.name == "indicator" for thread in threading.enumerate())
    factory.close()


def take(edges: "SimpleQueue[Edge]", count: int) -> list[Edge]:
    return [edges.get(timeout=5) for _ in range(count)]


def test_granted_is_green_with_one_beep_and_ends_by_itself(indicator: Indicator, edges: "SimpleQueue[Edge]") -> None:
    indicator.granted()
    assert take(edges, 4) == [(GREEN, True), (BUZZER, True), (BUZZER, False), (GREEN, False)]


def test_refused_is_red_with_three_beeps_and_ends_by_itself(indicator: Indicator, edges: "SimpleQueue[Edge]") -> None:
    indicator.refused()
    found = take(edges, 8)
    assert found == [(RED, True), *[(BUZZER, True), (BUZZER, False)] * 3, (RED, False)]


def test_waiting_blinks_green_until_off(indicator: Indicator, edges: "SimpleQueue[Edge]") -> None:
    indicator.waiting()
    assert take(edges, 5) == [(GREEN, True), (GREEN, False)] * 2 + [(GREEN, True)]
    indicator.off()
    indicator.refused()
    while take(edges, 1) != [(RED, True)]:
        continue


def test_an_alarm_goes_on_after_an_answer_until_it_is_ended(indicator: Indicator, edges: "SimpleQueue[Edge]") -> None:
    indicator.alarm(True)
    assert take(edges, 2) == [(RED, True), (BUZZER, True)]
    indicator.granted()
    while take(edges, 1) != [(GREEN, False)]:
        continue
    indicator.off()
    while take(edges, 1) != [(BUZZER, True)]:
        continue
    indicator.alarm(False)
    while take(edges, 1) != [(BUZZER, False)]:
        continue


def test_closing_in_the_middle_leaves_everything_dark(edges: "SimpleQueue[Edge]") -> None:
    factory = MockFactory(pin_class=TellingPin)
    factory.edges = edges
    indicator = Indicator(GREEN, None, None, factory)
    indicator.granted()
    assert take(edges, 1) == [(GREEN, True)]
    indicator.close()
    assert take(edges, 1) == [(GREEN, False)]
    factory.close()
