"""The heartbeat: edges while it is fed, low when it is not, low at the end."""

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.heartbeat import FRESH_FOR, HALF_PERIOD, Heartbeat, Wave


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.close()


def test_the_wave_is_low_until_it_is_fed_for_the_first_time() -> None:
    wave = Wave()
    assert [wave.step(now) for now in (0.0, 0.1, 0.2)] == [False] * 3


def test_the_wave_toggles_while_it_is_fed_and_is_low_within_the_stated_time_after() -> None:
    wave = Wave()
    wave.beat(10.0)
    levels = [(place * HALF_PERIOD, wave.step(10.0 + place * HALF_PERIOD)) for place in range(60)]
    last_high = max(since for since, level in levels if level)
    edges = [one[1] is not other[1] for one, other in pairwise(levels)]
    assert all(edges[: round(FRESH_FOR / HALF_PERIOD) - 1])
    assert last_high + HALF_PERIOD <= FRESH_FOR + HALF_PERIOD
    assert not any(level for since, level in levels if since > FRESH_FOR)


def test_the_wave_goes_on_when_it_is_fed_again() -> None:
    wave = Wave(fresh_for=2.0)
    wave.beat(1.0)
    assert wave.step(4.0) is False
    wave.beat(4.0)
    assert [wave.step(4.1), wave.step(4.2), wave.step(4.3)] == [True, False, True]


class Stepped:
    """A clock that says when the wave has asked it, and goes on by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked = threading.Semaphore(0)

    def __call__(self) -> float:
        self.asked.release()
        return self.now

    def wait_steps(self, count: int) -> None:
        while self.asked.acquire(blocking=False):
            continue
        for _ in range(count):
            assert self.asked.acquire(timeout=5)


def test_the_pin_toggles_while_it_is_fed_stops_when_it_is_not_and_ends_low(factory: MockFactory) -> None:
    clock = Stepped()
    beating = Heartbeat(17, factory, half_period=0.001, fresh_for=2.0, clock=clock)
    pin = factory.pin(17)
    clock.wait_steps(3)
    assert {state.state for state in pin.states} == {False}
    beating.beat()
    clock.wait_steps(6)
    assert len(pin.states) > 3
    clock.now += 2.1
    clock.wait_steps(3)
    stopped = len(pin.states)
    clock.wait_steps(6)
    assert (pin.state, len(pin.states)) == (0, stopped)
    beating.beat()
    clock.wait_steps(4)
    assert len(pin.states) > stopped
    beating.close()
    beating.close()
    assert pin.function == "input"
    assert pin.states[-1].state is False
    assert not any(thread.name == "heartbeat" for thread in threading.enumerate())
