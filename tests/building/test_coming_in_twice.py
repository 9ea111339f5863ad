"""Nobody comes in twice: hard anti-passback over two doors on two agents, with no controller, and with no broker."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from contract.fact import FactKind
from hardware.bench.hand import Hand
from tests.building.building_records import kept, received
from tests.building.demo_hands import Demo, by_two, wait_until
from tests.building.test_room_with_two_agents import facts, goes

pytestmark = [pytest.mark.building, pytest.mark.broker]

AGENTS = ("cedar", "cedar-back")
SPREADS_WITHIN_S = 8.0
"""What one agent saw the other knows at once; a door that was opened meanwhile is secured again after 5 s."""


@pytest.fixture
def hand(building: Demo) -> Iterator[Hand]:
    with building.hand() as hand:
        hand.watch()
        yield hand


@contextmanager
def stopped(demo: Demo, *names: str) -> Iterator[None]:
    """These processes answer nobody, and nobody starts others in their place."""
    with contextlib.ExitStack() as stack:
        for pid in map(demo.pid, names):
            os.kill(pid, signal.SIGSTOP)
            stack.callback(os.kill, pid, signal.SIGCONT)
        yield


def decided(demo: Demo, hand: Hand, point: str, bits: str) -> dict[str, Any]:
    """What the agent writes down about this card at this door; a door that opens is left to itself."""
    agent = point.rpartition("-")[0]
    before = len(facts(demo, agent, FactKind.DECISION))
    presented = hand.present(point, bits=bits)
    wait_until(lambda: len(facts(demo, agent, FactKind.DECISION)) > before)
    found = facts(demo, agent, FactKind.DECISION)[-1]
    if found["outcome"] == "GRANT":
        hand.wait_for(f"{agent}.strike", 1, 5.0, after=presented)
        hand.wait_for(f"{agent}.strike", 0, 10.0, after=presented)
    return found


def refused_for(demo: Demo, hand: Hand, reason: str, point: str, bits: str) -> bool:
    found = decided(demo, hand, point, bits)
    return (found["outcome"], found["reason"]) == ("REFUSE", reason)


def rules(demo: Demo, hand: Hand, **wanted: str) -> None:
    """Set them for the Cedar room, and wait until both agents live by a list that was proven the newest."""
    area = next(each for each in demo.api("kim", "/areas")["items"] if each["key"] == "cedar-room")
    before = {agent: len(facts(demo, agent, FactKind.LIST_ADOPTED)) for agent in AGENTS}
    told = {name.replace("__", "."): value for name, value in wanted.items()}
    changed = any(area["rules"][name] != value for name, value in told.items())
    by_two(demo, f"/areas/{area['id']}/rules", {"set": told, "reason": "a test of anti-passback"})
    for agent in AGENTS:
        if changed:
            wait_until(lambda: len(facts(demo, agent, FactKind.LIST_ADOPTED)) > before[agent])  # noqa: B023 - at once
        wait_until(partial(knows_its_list, demo, hand, f"{agent}-in"))


def knows_its_list(demo: Demo, hand: Hand, point: str) -> bool:
    """Asked by a card that does not open: whether the list is proven fresh."""
    found = decided(demo, hand, point, demo.card("Eve"))
    assert found["outcome"] == "REFUSE"
    return "LIST_STALE" not in found["violations"]


def starts_again(demo: Demo, agent: str) -> None:
    """The agent is ended in good order, and another one comes up in its place."""
    before, starts = demo.pid(agent), len(facts(demo, agent, FactKind.STARTED))
    os.kill(before, signal.SIGTERM)
    wait_until(lambda: len(facts(demo, agent, FactKind.STARTED)) > starts, 30.0)


def test_who_is_inside_is_refused_at_the_other_door_while_the_controller_is_down(building: Demo, hand: Hand) -> None:
    ada = building.card("Ada")
    rules(building, hand, passback__entry="hard")
    with stopped(building, "controller"):
        goes(building, hand, "cedar-in", ada)
        twice = partial(refused_for, building, hand, "ALREADY_INSIDE", "cedar-back-in", ada)
        wait_until(twice, SPREADS_WITHIN_S)
        goes(building, hand, "cedar-back-out", ada)
        wait_until(lambda: not refused_for(building, hand, "ALREADY_INSIDE", "cedar-in", ada), SPREADS_WITHIN_S)
        goes(building, hand, "cedar-in", ada)
        wait_until(twice, SPREADS_WITHIN_S)
        goes(building, hand, "cedar-out", ada)


@pytest.mark.parametrize(
    ("unheard", "outcome", "told"),
    [
        ("enforce", "REFUSE", ["ALREADY_INSIDE"]),
        ("refuse", "REFUSE", ["ALREADY_INSIDE", "PRESENCE_UNKNOWN"]),
        ("soften", "GRANT", ["ALREADY_INSIDE", "PROTECTION_WEAKENED"]),
    ],
)
def test_without_the_broker_the_room_does_what_it_says_of_neighbours_that_are_not_heard(
    building: Demo, hand: Hand, unheard: str, outcome: str, told: list[str]
) -> None:
    """Cedar's agent starts while nobody answers: it knows who came in by its own door, and hears no neighbour."""
    ada = building.card("Ada")
    rules(building, hand, passback__entry="hard", unheard=unheard)
    goes(building, hand, "cedar-in", ada)
    with stopped(building, "broker", "controller"):
        starts_again(building, "cedar")
        found = decided(building, hand, "cedar-in", ada)
        assert (found["outcome"], sorted(found["violations"])) == (outcome, told)
        goes(building, hand, "cedar-out", ada)
    wait_until(partial(tells_everything, building, "cedar"), 30.0)
    assert ("PROTECTION_WEAKENED" in waiting(building)) == (unheard == "soften")


def tells_everything(demo: Demo, agent: str) -> bool:
    """Whether the controller holds all that the agent wrote down."""
    _, written = kept(demo.folder, agent)
    held = received(demo.folder, agent)
    return not written or written[-1].sequence <= held[-1].sequence


def waiting(demo: Demo) -> list[str]:
    """Of which kinds alarms wait for somebody at the centre."""
    return [each["kind"] for each in demo.api("olu", "/alarms?waiting=true")["items"]]
