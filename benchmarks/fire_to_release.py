"""fire-to-release: from the fire input's level on the wire to the edge of the strike, both stamped by the bench.

One real agent whose broker is dead; first in peace, then with everything against it: its journal's disk stalled
(another process holds the database), unknown cards at the readers as fast as a serial line carries them (which keeps
the thinking thread busy), and a burning process for each core.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.figure import Latency, latency
from benchmarks.lone_agent import LoneAgent
from door_agent.control import AgentUnreachableError, ask
from hardware.bench.hand import BenchRefusedError, Hand

TRIALS: Final = 1000
_BOUNDS: Final = (20.0, 100.0)
_CARD_S: Final = 0.015
"""What a card's 14 bytes take at 9600 baud."""

_BURN_S: Final = 150
_RESET_WITHIN_S: Final = 20.0


def measure() -> list[Latency]:
    """1,000 fires in peace and 1,000 under load; goal 20 ms, must 100 ms."""
    with (
        tempfile.TemporaryDirectory() as name,
        contextlib.closing(LoneAgent(Path(name))) as agent,
        Hand(agent.bench.socket) as hand,
    ):
        hand.watch()
        calm = [_fire(hand, agent.data) for _ in range(TRIALS)]
        with _stalled(agent.data / "journal.sqlite"), _flooded(agent.bench.socket), _burning():
            loaded = [_fire(hand, agent.data) for _ in range(TRIALS)]
    return [latency("fire-to-release", calm, _BOUNDS), latency("fire-to-release-loaded", loaded, _BOUNDS)]


def _fire(hand: Hand, data: Path) -> float:
    """Raise fire, see the lock released, end the fire, reset the door."""
    raised = hand.set("cedar.fire", 1)
    released = hand.wait_for("cedar.lock", 1, timeout=5.0, after=raised)
    _ask_reset_until(data, done=False)  # now the thinking thread knows of the fire: the next trial begins afresh
    ended = hand.set("cedar.fire", 0)
    _ask_reset_until(data, done=True)
    hand.wait_for("cedar.lock", 0, timeout=5.0, after=ended)
    return released.mono - raised


def _ask_reset_until(data: Path, *, done: bool) -> None:
    """The thinking thread may not have seen the input's change yet, or be too busy to answer in time."""
    deadline = time.monotonic() + _RESET_WITHIN_S
    while _reset(data) is not done:
        if time.monotonic() > deadline:
            raise TimeoutError("the agent did not answer the reset as it must")
        time.sleep(0.005)


def _reset(data: Path) -> bool | None:
    """Whether the agent says that it reset the door; None when it does not answer."""
    try:
        answer = ask(data, {"do": "reset", "door": "cedar"})
    except AgentUnreachableError:
        return None
    return bool(answer["done"]) if "done" in answer else None


@contextlib.contextmanager
def _stalled(journal: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(journal, isolation_level=None, timeout=10.0)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")


@contextlib.contextmanager
def _flooded(bench: Path) -> Iterator[None]:
    """Cards at three readers. Not at the measured door's exit: its own releases would hide those of the fire."""
    enough = threading.Event()
    floods = [
        threading.Thread(target=_flood, args=(bench, reader, enough))
        for reader in ("cedar-in", "maple-in", "maple-out")
    ]
    for each in floods:
        each.start()
    try:
        yield
    finally:
        enough.set()
        for each in floods:
            each.join()


def _flood(bench: Path, reader: str, enough: threading.Event) -> None:
    number = 0
    with Hand(bench) as hand:
        while not enough.wait(_CARD_S):
            number += 1
            with contextlib.suppress(BenchRefusedError):  # the agent reads no faster
                hand.present(reader, bits=f"{number:040b}")


@contextlib.contextmanager
def _burning() -> Iterator[None]:
    code = f"import signal; signal.alarm({_BURN_S})\nwhile True: pass"
    burners = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in burners:
            each.kill()
            each.wait()
