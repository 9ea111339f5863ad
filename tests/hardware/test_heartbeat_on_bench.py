"""The heartbeat of a real process, seen from the wire: fed, not fed, stopped, killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.bench.hand import Hand
from hardware.bench.process import BenchProcess

pytestmark = pytest.mark.building

PIN = "cedar.strike"
BEATING = """
import sys
from hardware.bench.pins import BenchFactory
from hardware.heartbeat import Heartbeat

heartbeat = Heartbeat(17, BenchFactory(), half_period=0.02, fresh_for=float(sys.argv[1]))
for _line in sys.stdin:
    heartbeat.beat()
heartbeat.close()
"""


class Thinker:
    """A process that beats once for every `think()`."""

    def __init__(self, bench: BenchProcess, fresh_for: float) -> None:
        wires = {"SEKISHO_BENCH_SOCKET": str(bench.socket), "SEKISHO_BENCH_AGENT": "cedar"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEATING, str(fresh_for)],
            cwd=Path(__file__).parents[2],
            env=os.environ | wires,
            stdin=subprocess.PIPE,
        )

    def think(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def end(self) -> int:
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        return self.process.wait(10)


@pytest.fixture
def thinker(bench: BenchProcess, request: pytest.FixtureRequest) -> Iterator[Thinker]:
    thinker = Thinker(bench, request.param)
    yield thinker
    thinker.process.kill()
    thinker.end()


def require_a_wave(hand: Hand) -> None:
    for level in (1, 0):
        hand.wait_for(PIN, level, 10.0)


@pytest.mark.parametrize("thinker", [1.0], indirect=True)
def test_it_beats_while_it_is_fed_and_ends_low_when_it_is_not(thinker: Thinker, hand: Hand) -> None:
    thinker.think()
    require_a_wave(hand)
    list(hand.edges(2.0))
    assert list(hand.edges(0.3)) == []
    assert hand.value(PIN) == 0
    thinker.think()
    require_a_wave(hand)
    assert thinker.end() == 0
    assert hand.value(PIN) == 0


@pytest.mark.parametrize("thinker", [600.0], indirect=True)
def test_a_stopped_process_makes_no_edges_and_a_killed_one_leaves_the_pin_low(thinker: Thinker, hand: Hand) -> None:
    thinker.think()
    require_a_wave(hand)
    thinker.process.send_signal(signal.SIGSTOP)
    os.waitpid(thinker.process.pid, os.WUNTRACED)
    left = hand.value(PIN)  # the bench has now heard all that was said before
    hand.forget_edges()
    assert list(hand.edges(0.3)) == []
    thinker.process.kill()
    thinker.process.wait(10)
    if left:
        hand.wait_for(PIN, 0, 10.0)
    assert hand.value(PIN) == 0
