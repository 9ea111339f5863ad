"""Inputs over gpiozero's mock pins: first level, settled changes, and what acts at once."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.inputs import Input, Pull
from hardware.lock import Strike
from hardware.signal import InputLevel, Signal


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.close()


def level(heard: "SimpleQueue[Signal]") -> tuple[str, bool]:
    signal = heard.get(timeout=5)
    assert isinstance(signal, InputLevel)
    return signal.input, signal.active


def test_the_level_found_at_the_start_is_delivered_and_then_each_change(factory: MockFactory) -> None:
    heard: SimpleQueue[Signal] = SimpleQueue()
    contact = Input("cedar.contact", 5, heard.put, pull=Pull.UP, active_high=False, debounce=0.005, pin_factory=factory)
    assert heard.empty()
    contact.start()
    assert level(heard) == ("cedar.contact", False)
    for active in (True, False):
        factory.pin(5).drive_low() if active else factory.pin(5).drive_high()
        assert level(heard) == ("cedar.contact", active)
    contact.close()
    contact.close()
    assert not any(thread.name.startswith("input") for thread in threading.enumerate())


def test_a_closed_loop_with_a_pull_up_is_active_when_it_is_cut(factory: MockFactory) -> None:
    heard: SimpleQueue[Signal] = SimpleQueue()
    glass = Input("cedar.glass", 6, heard.put, pull=Pull.UP, active_high=True, debounce=0, pin_factory=factory)
    factory.pin(6).drive_low()
    glass.start()
    assert level(heard) == ("cedar.glass", False)
    factory.pin(6).drive_high()
    assert level(heard) == ("cedar.glass", True)
    glass.close()


def test_a_bouncing_contact_is_one_change(factory: MockFactory) -> None:
    heard: SimpleQueue[Signal] = SimpleQueue()
    contact = Input("cedar.contact", 5, heard.put, pull=Pull.DOWN, debounce=0.05, pin_factory=factory)
    contact.start()
    level(heard)
    for _ in range(5):
        factory.pin(5).drive_high()
        factory.pin(5).drive_low()
    factory.pin(5).drive_high()
    assert level(heard) == ("cedar.contact", True)
    assert heard.empty()
    contact.close()


def test_fire_releases_the_lock_in_the_pins_own_callback_before_anything_is_delivered(factory: MockFactory) -> None:
    strike = Strike(17, factory)
    order: list[str] = []

    def at_once(active: bool) -> None:
        if active:
            strike.latch_released("fire")
            order.append("released")

    def deliver(signal: Signal) -> None:
        order.append("delivered")

    fire = Input("cedar.fire", 6, deliver, pull=Pull.DOWN, debounce=10.0, at_once=at_once, pin_factory=factory)
    fire.start()
    order.clear()
    factory.pin(6).drive_high()  # returns when the callback has run
    assert (strike.released, strike.latched) == (True, True)
    assert order[0] == "released"
    assert order[-1] == "delivered"
    fire.close()
    strike.close()


def test_fire_that_stands_before_the_start_acts_at_the_start(factory: MockFactory) -> None:
    acted: list[bool] = []
    heard: SimpleQueue[Signal] = SimpleQueue()
    fire = Input("cedar.fire", 6, heard.put, pull=Pull.DOWN, at_once=acted.append, pin_factory=factory)
    factory.pin(6).drive_high()
    fire.start()
    assert acted == [True]
    assert level(heard) == ("cedar.fire", True)
    fire.close()


def test_the_raw_level_is_the_pins_own_before_anything_has_settled(factory: MockFactory) -> None:
    contact = Input("cedar.contact", 5, lambda _signal: None, pull=Pull.DOWN, debounce=60.0, pin_factory=factory)
    contact.start()
    factory.pin(5).drive_high()
    assert (contact.raw, contact.active) == (True, False)
    contact.close()
    assert not contact.raw


def test_an_input_is_alive_between_its_start_and_its_end(factory: MockFactory) -> None:
    contact = Input("cedar.contact", 5, lambda _signal: None, pull=Pull.DOWN, pin_factory=factory)
    seen = [contact.alive]
    contact.start()
    seen.append(contact.alive)
    contact.close()
    assert [*seen, contact.alive] == [False, True, False]


def test_a_deed_that_raises_does_not_keep_the_signal_from_being_delivered(factory: MockFactory) -> None:
    heard: SimpleQueue[Signal] = SimpleQueue()

    def broken(active: bool) -> None:
        if active:
            raise OSError("the pin is gone")

    fire = Input("cedar.fire", 6, heard.put, pull=Pull.DOWN, at_once=broken, pin_factory=factory)
    fire.start()
    level(heard)
    with pytest.raises(OSError, match="the pin is gone"):
        factory.pin(6).drive_high()
    assert level(heard) == ("cedar.fire", True)
    fire.close()
