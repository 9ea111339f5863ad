"""A reset that was on its way when a fire broke out relocks nothing, although nobody but the lock knows of the fire."""

from __future__ import annotations

from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from door_agent.events import Level, Lock, LockWish
from door_agent.fittings import Fittings
from tests.door_agent.wired import pins, told

POWER_WHEN_RELEASED = {"cedar": 1, "maple": 0}


@pytest.mark.parametrize("door", ["cedar", "maple"])
@pytest.mark.parametrize("cause", ["fire", "break_glass"])
def test_fire_wins_over_a_reset_that_the_thinking_thread_decided_before_it_heard(
    factory: MockFactory, tmp_path: Path, door: str, cause: str
) -> None:
    heard: list[object] = []
    fittings = Fittings(told(tmp_path), heard.append)
    lock, fire = factory.pin(pins()[f"{door}.lock"]), factory.pin(pins()[f"{door}.{cause}"])
    fittings.start()
    fire.drive_high()
    for wish in (LockWish.RESET, LockWish.SECURE):
        fittings.lock(Lock(door, wish))
    assert lock.state == POWER_WHEN_RELEASED[door]
    assert Level(door, cause.replace("_", "-"), True) in heard
    fire.drive_low()
    for wish in (LockWish.RESET, LockWish.SECURE):
        fittings.lock(Lock(door, wish))
    assert lock.state != POWER_WHEN_RELEASED[door]
    fittings.close()
