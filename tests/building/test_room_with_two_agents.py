"""The Cedar room has two doors on two agents, which tell each other over a real broker who went through."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from contract.fact import FactKind
from hardware.bench.hand import Hand
from tests.building.building_records import kept, received
from tests.building.demo_hands import Demo, wait_until

pytestmark = [pytest.mark.building, pytest.mark.broker]

LONGER_THAN_A_BOUNCE_S = 0.1


@contextmanager
def controller_stopped(demo: Demo) -> Iterator[None]:
    """It answers nobody, and nobody starts another one."""
    pid = demo.pid("controller")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def shows(hand: Hand, point: str, bits: str) -> float:
    """Hold a card to the reader, which opens; when that was."""
    presented = hand.present(point, bits=bits)
    hand.wait_for(f"{point.rpartition('-')[0]}.strike", 1, 5.0, after=presented)
    return presented


def goes(demo: Demo, hand: Hand, point: str, bits: str) -> None:
    """Hold a card to the reader and go through; wait until the agent has written the passage down."""
    door = agent = point.rpartition("-")[0]
    before = len(facts(demo, agent, FactKind.PASSAGE))
    presented = shows(hand, point, bits)
    hand.set(f"{door}.contact", 1)
    wait_until(lambda: len(facts(demo, agent, FactKind.PASSAGE)) > before)
    hand.set(f"{door}.contact", 0)
    hand.wait_for(f"{door}.strike", 0, 10.0, after=presented)


def facts(demo: Demo, agent: str, kind: FactKind) -> list[dict[str, object]]:
    """The bodies of this kind that the agent ever wrote, wherever they are by now."""
    written = {each.sequence: each for each in (*kept(demo.folder, agent)[1], *received(demo.folder, agent))}
    return [dict(written[number].body) for number in sorted(written) if written[number].kind is kind]


def noticed(demo: Demo, hand: Hand, agent: str, bits: str, reason: str) -> bool:
    """Whether the front or back door, asked by a card that then does not go in, notices that."""
    before = len(facts(demo, agent, FactKind.DECISION))
    presented = shows(hand, f"{agent}-in", bits)
    wait_until(lambda: len(facts(demo, agent, FactKind.DECISION)) > before)
    hand.wait_for(f"{agent}.strike", 0, 10.0, after=presented)
    violations = facts(demo, agent, FactKind.DECISION)[-1]["violations"]
    assert isinstance(violations, list)
    return reason in violations


def test_what_one_door_saw_the_other_knows_while_the_controller_is_down(demo: Demo) -> None:
    ada = demo.card("Ada")
    with demo.hand() as hand:
        hand.watch()
        assert not noticed(demo, hand, "cedar-back", ada, "ALREADY_INSIDE")
        with controller_stopped(demo):
            goes(demo, hand, "cedar-in", ada)
            # Telling takes its time over a real broker; a controller that is down could not have told at all.
            wait_until(partial(noticed, demo, hand, "cedar-back", ada, "ALREADY_INSIDE"))
            goes(demo, hand, "cedar-back-out", ada)
            wait_until(lambda: not noticed(demo, hand, "cedar", ada, "ALREADY_INSIDE"))


def test_after_the_broker_died_and_came_back_they_know_of_each_other_again(demo: Demo) -> None:
    ada = demo.card("Ada")
    with demo.hand() as hand:
        hand.watch()
        demo.kill("broker")
        with controller_stopped(demo):
            goes(demo, hand, "cedar-back-in", ada)
            wait_until(partial(noticed, demo, hand, "cedar", ada, "ALREADY_INSIDE"), 60.0)
            goes(demo, hand, "cedar-out", ada)
        for agent in ("cedar", "cedar-back"):
            # In the demo's past the agents never met; since then they were never lost to each other.
            assert len(facts(demo, agent, FactKind.PEER_LOST)) <= 1
            assert not facts(demo, agent, FactKind.PRESENCE_CONFLICT)
            assert not facts(demo, agent, FactKind.MESSAGE_REFUSED)
