"""A real agent process on the bench: what its outputs and its watchdog do when it is ended, killed or stopped."""

from __future__ import annotations

import contextlib
import signal
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.lone_agent import LoneAgent
from hardware.bench.hand import Hand

pytestmark = pytest.mark.building

LONGEST_QUIET_S = 2.0
"""Half of the watchdog's time below, and the second for which the thinking thread may wait."""

WITHIN_S = 10.0


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[LoneAgent]:
    with contextlib.closing(LoneAgent(tmp_path)) as agent:
        yield agent


@pytest.fixture
def hand(agent: LoneAgent) -> Iterator[Hand]:
    with Hand(agent.bench.socket) as hand:
        hand.watch()
        yield hand


def locks(hand: Hand) -> tuple[int, int]:
    """The power on the strike and on the magnet."""
    return hand.value("cedar.lock"), hand.value("maple.lock")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_however_the_agent_ends_the_strike_is_secured_and_the_magnet_lets_go(
    agent: LoneAgent, hand: Hand, how: signal.Signals
) -> None:
    assert locks(hand) == (0, 1)
    raised = hand.set("cedar.fire", 1)
    hand.wait_for("cedar.lock", 1, after=raised)
    agent.process.send_signal(how)
    hand.wait_for("maple.lock", 0, WITHIN_S, after=raised)
    hand.wait_for("cedar.lock", 0, WITHIN_S, after=raised)
    assert agent.process.wait(WITHIN_S) == (0 if how is signal.SIGTERM else -how)
    assert locks(hand) == (0, 0)


def test_a_fire_releases_although_the_broker_is_dead_and_no_list_has_ever_come(agent: LoneAgent, hand: Hand) -> None:
    raised = hand.set("maple.fire", 1)
    assert hand.wait_for("maple.lock", 0, after=raised).mono - raised < 2.0
    assert locks(hand) == (0, 0)


def test_a_working_agent_feeds_the_watchdog_and_a_stopped_one_does_not(tmp_path: Path) -> None:
    name = f"sekisho-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name}")
        systemd.settimeout(WITHIN_S)
        told = {"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": "2000000"}
        with contextlib.closing(LoneAgent(tmp_path, told)) as agent:
            assert systemd.recv(100) == b"READY=1"
            assert [systemd.recv(100) for _ in range(2)] == [b"WATCHDOG=1"] * 2
            agent.process.send_signal(signal.SIGSTOP)
            require_silence(systemd)
            agent.process.send_signal(signal.SIGCONT)
            assert systemd.recv(100) == b"WATCHDOG=1"


def require_silence(systemd: socket.socket) -> None:
    """Nothing comes for longer than a working agent is ever quiet, but what was on its way already."""
    systemd.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        systemd.recv(100)
    systemd.settimeout(LONGEST_QUIET_S + 0.5)
    with pytest.raises(TimeoutError):
        systemd.recv(100)
    systemd.settimeout(WITHIN_S)
