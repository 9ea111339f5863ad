"""swipe-to-strike: from the last byte on a reader's wire to the edge of the strike, both stamped by the bench.

A Wiegand card is over with its last pulse: the pause by which the agent knows that counts, and is most of its row
(`frame_gap_ms`, 25 unless set: of a median of 28 ms 3 are left, as much as a serial reader's card takes). An OSDP card
begins when the reader has it: waiting to be polled counts.

A whole demo building runs: bench, broker, controller, pages and agents, each in its own process. Both doors are used at
the same time, each by its own hand: one after the other they would take longer than four minutes.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.figure import Latency, latency
from hardware.bench.hand import Hand

TRIALS = 1000
"""In each row. By serial readers an entry and an exit in turns; as many entries by Wiegand as exits by OSDP."""

FAST, POLLED = (20.0, 50.0), (80.0, 150.0)
"""(goal, must) in milliseconds."""
_SETTLED_S = 0.03
"""Longer than the contact's debounce: the door must be seen open, and closed again, before the next card."""


def measure() -> list[Latency]:
    """A row for each kind of reader."""
    with _building() as described, ThreadPoolExecutor() as hands:
        ada = next(each["identities"] for each in described["credentials"] if each["cardholder"] == "Ada")
        cards = {each["source"]: each["bits"] for each in ada}
        at = described["bench_socket"]
        serial = hands.submit(_in_turns, at, "cedar", (cards["serial-hex"], cards["serial-hex"]), TRIALS)
        others = hands.submit(_in_turns, at, "maple", (cards["wiegand"], cards["osdp"]), 2 * TRIALS)
        return [
            latency("swipe-to-strike", serial.result(), FAST),
            latency("swipe-to-strike, Wiegand", others.result()[::2], FAST),
            latency("swipe-to-strike, OSDP", others.result()[1::2], POLLED),
        ]


def _in_turns(bench_socket: str, door: str, cards: tuple[str, str], trials: int) -> list[float]:
    """Go in and out of a room so many times in all; seconds from card to strike."""
    points = (f"{door}-in", f"{door}-out")
    with Hand(bench_socket) as hand:
        hand.watch()
        return [_swipe(hand, door, points[place % 2], cards[place % 2]) for place in range(trials)]


def _swipe(hand: Hand, door: str, reader: str, bits: str) -> float:
    presented = hand.present(reader, bits=bits)
    released = hand.wait_for(f"{door}.strike", 1, timeout=2.0, after=presented)
    hand.set(f"{door}.contact", 1)
    time.sleep(_SETTLED_S)
    hand.set(f"{door}.contact", 0)
    hand.wait_for(f"{door}.strike", 0, timeout=2.0, after=released.mono)
    return released.mono - presented


@contextlib.contextmanager
def _building() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "cli.main", "demo", "--data", name, "--for", "600"]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("ready "):
                    break
            yield json.loads((Path(name) / "demo.json").read_text(encoding="utf-8"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()
