"""A start-up that fails half-way lets go of everything already claimed, the locks first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device, OutputDevice
from gpiozero.exc import GPIOPinInUse
from gpiozero.pins.mock import MockFactory, MockPin

from door_agent.events import Lock, LockWish
from door_agent.fittings import Fittings
from hardware.inputs import Input
from tests.door_agent.wired import pins, told

PINS = pins()
NUMBERS = {number: part for part, number in PINS.items()}


class Watched(MockFactory):
    """Writes down in which order pins are claimed and given back."""

    def __init__(self) -> None:
        super().__init__()
        self.claimed: list[str] = []
        self.released: list[str] = []

    def reserve_pins(self, requester: Any, *wanted: Any) -> None:
        super().reserve_pins(requester, *wanted)
        self.claimed += self._parts(wanted)

    def release_pins(self, reserver: Any, *wanted: Any) -> None:
        super().release_pins(reserver, *wanted)
        self.released += self._parts(wanted)

    def _parts(self, wanted: Any) -> list[str]:
        return [NUMBERS[int(str(name).removeprefix("GPIO"))] for name in wanted]

    def on(self, part: str) -> MockPin:
        return self.pin(PINS[part])


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    factory = Watched()
    monkeypatch.setattr(Device, "pin_factory", factory)
    monkeypatch.setattr("door_agent.fittings._READERS_OPEN_WITHIN_S", 0.0)  # no reader is plugged in here
    yield factory
    factory.close()


def require_all_given_back(factory: Watched) -> None:
    mine = factory.claimed
    assert sorted(factory.released) == sorted(mine)
    for part in mine:
        assert (part, factory.on(part).function) == (part, "input")
    locks = [part for part in mine if part.endswith(".lock")]
    # The lamps of an indicator that was itself only half built are the one thing that goes before.
    released = [part for part in factory.released if ".in." not in part]
    assert sorted(released[: len(locks)]) == sorted(locks)
    for part in locks:
        assert not factory.on(part).states[-1].state  # the strike is secured, the magnet let go
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("input", "indicator"))]


@pytest.mark.parametrize("busy", list(PINS))
def test_a_pin_that_is_not_to_be_had_costs_no_other(factory: Watched, tmp_path: Path, busy: str) -> None:
    settings = told(tmp_path)
    with OutputDevice(PINS[busy]):
        factory.claimed.clear()
        with pytest.raises(GPIOPinInUse):
            Fittings(settings, lambda _event: None)
        assert factory.claimed == list(PINS)[: list(PINS).index(busy)]
        require_all_given_back(factory)


def test_an_input_that_cannot_be_watched_lets_go_of_everything(
    factory: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Input.start

    def failing(self: Input) -> None:
        if self is fittings._inputs[3]:
            raise OSError("no edges from this pin")
        start(self)

    fittings = Fittings(told(tmp_path), lambda _event: None)
    monkeypatch.setattr(Input, "start", failing)
    with pytest.raises(OSError, match="no edges"):
        fittings.start()
    assert factory.claimed == list(PINS)
    require_all_given_back(factory)


def test_the_end_gives_back_the_locks_first_in_their_safe_state(factory: Watched, tmp_path: Path) -> None:
    fittings = Fittings(told(tmp_path), lambda _event: None)
    assert [factory.on(f"{door}.lock").state for door in ("cedar", "maple")] == [0, 1]
    fittings.start()
    fittings.lock(Lock("cedar", LockWish.LATCH, "fire"))
    assert factory.on("cedar.lock").state == 1
    fittings.close()
    require_all_given_back(factory)
