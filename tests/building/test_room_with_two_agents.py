"""The Cedar room has two doors on two agents, which tell each other over a real broker who went through."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from contract.fact import Fact, FactKind
from hardware.bench.hand import Hand
from tests.building.building_records import require_whole_chains
from tests.building.demo_hands import Demo, wait_until

pytestmark = [pytest.mark.building, pytest.mark.broker]


@contextmanager
def controller_stopped(demo: Demo) -> Iterator[None]:
    """It answers nobody, and nobody starts another one."""
    pid = demo.pid("controller")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def goes(hand: Hand, point: str, bits: str) -> None:
    """Hold the card to the reader and go through."""
    door = point.rpartition("-")[0]
    presented = hand.present(point, bits=bits)
    hand.wait_for(f"{door}.strike", 1, 5.0, after=presented)
    opened = hand.set(f"{door}.contact", 1)
    hand.wait_for(f"{door}.strike", 1, 5.0, after=presented)
    wait_until(lambda: hand.set(f"{door}.contact", 0))
    hand.wait_for(f"{door}.strike", 0, 10.0, after=opened)


def decisions(demo: Demo, agent: str) -> list[Fact]:
    """All that were taken in so far, from both journals' chains at the centre."""
    return [each for each in require_whole_chains(demo.folder)[agent] if each.kind is FactKind.DECISION]


def noticed(demo: Demo, agent: str, number: int, reason: str) -> bool:
    found = decisions(demo, agent)
    violations = found[number].body["violations"] if len(found) > number else []
    assert isinstance(violations, list)
    return reason in violations


def test_what_one_door_saw_the_other_knows_while_the_controller_is_down(demo: Demo) -> None:
    ada = demo.card("Ada")
    with demo.hand() as hand:
        hand.watch()
        number = len(decisions(demo, "cedar-back"))
        with controller_stopped(demo):
            goes(hand, "cedar-in", ada)
            goes(hand, "cedar-back-in", ada)
        wait_until(partial(noticed, demo, "cedar-back", number, "ALREADY_INSIDE"))
        goes(hand, "cedar-back-out", ada)

        demo.kill("broker")
        wait_until(lambda: demo.description["broker"].get("port"))
        number = len(decisions(demo, "cedar"))
        with controller_stopped(demo):
            goes(hand, "cedar-back-in", ada)
            # Both come back to the broker by themselves; the news is there once the front door notices.
            wait_until(partial(heard_again, demo, hand, ada), 60.0)
        wait_until(lambda: any(noticed(demo, "cedar", each, "ALREADY_INSIDE") for each in range(number, number + 40)))


def heard_again(demo: Demo, hand: Hand, bits: str) -> bool:
    """Whether the front door's agent knows of the passage at the back: asked as a user would, by trying the door."""
    goes(hand, "cedar-in", bits)
    return True
