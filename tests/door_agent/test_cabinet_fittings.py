"""The cabinet's wires: its lid, its power and its heartbeat, and inputs that are loops, through the real drivers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from door_agent.events import Event, Level, LineFault
from door_agent.fittings import Fittings
from door_agent.settings import AgentSettings, CabinetSettings, SupervisedSettings
from tests.door_agent.wired import told

LID, MAINS, HEART = 2, 3, 27


class Line:
    """A measured line at which a test turns."""

    def __init__(self) -> None:
        self.value = 0.6

    def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    made = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", made)
    monkeypatch.setattr("door_agent.reader_fittings._OPEN_WITHIN_S", 0.0)  # no reader is plugged in here
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path) -> AgentSettings:
    """One door, and a cabinet whose lid and mains are loops."""
    whole = told(tmp_path)
    cabinet = CabinetSettings(tamper_pin=LID, mains_pin=MAINS, heartbeat_pin=HEART, loops=("tamper", "mains"))
    return replace(whole, door=whole.door[:1], cabinet=cabinet)


def eventually(holds: Callable[[], bool], within: float = 5.0) -> bool:
    """Wait for a driver's thread to make it so."""
    until = time.monotonic() + within
    while not holds() and time.monotonic() < until:
        time.sleep(0.001)
    return holds()


def test_an_opened_lid_and_failing_mains_are_told(factory: MockFactory, settings: AgentSettings) -> None:
    heard: list[Event] = []
    lid, mains = factory.pin(LID), factory.pin(MAINS)
    fittings = Fittings(settings, heard.append)
    lid.drive_low()
    mains.drive_low()
    fittings.start()
    assert Level(None, "tamper", False) in heard
    lid.drive_high()
    mains.drive_high()
    assert eventually(lambda: {Level(None, "tamper", True), Level(None, "mains", True)} <= set(heard))
    fittings.close()


def test_the_heart_beats_while_somebody_thinks_and_is_low_at_the_end(
    factory: MockFactory, settings: AgentSettings
) -> None:
    fittings = Fittings(settings, lambda _event: None)
    heart = factory.pin(HEART)
    fittings.beat()
    assert eventually(lambda: len([each for each in heart.states if each.state]) >= 2)
    fittings.close()
    assert not heart.states[-1].state


def test_a_supervised_fire_line_that_is_cut_latches_the_lock_and_is_told(
    factory: MockFactory, settings: AgentSettings
) -> None:
    line, heard = Line(), list[Event]()
    cedar = settings.door[0]
    supervised = (SupervisedSettings("fire", 0, "2k2-4k7"),)
    door = replace(cedar, fire_pin=None, supervised=supervised)
    fittings = Fittings(replace(settings, door=(door,)), heard.append, lambda _channel: line)
    fittings.start()
    assert eventually(lambda: Level("cedar", "fire", False) in heard)
    line.value = 1.0
    assert eventually(lambda: Level("cedar", "fire", True) in heard)
    assert LineFault("cedar", "fire", "open") in heard
    assert factory.pin(door.lock_pin).state
    fittings.close()
