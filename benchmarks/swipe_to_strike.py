"""swipe-to-strike: from the last byte on a reader's wire to the edge of the strike, both stamped by the bench.

A whole demo building runs: bench, broker, controller, pages and agents, each in its own process.
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
from pathlib import Path
from typing import Any

from benchmarks.figure import Latency, latency
from hardware.bench.hand import Hand

TRIALS = 1000
_SETTLED_S = 0.03
"""Longer than the contact's debounce: the door must be seen open, and closed again, before the next card."""


def measure() -> list[Latency]:
    """An exit and an entry in turns, 1,000 in all; goal 20 ms, must 50 ms."""
    with _building() as described, Hand(described["bench_socket"]) as hand:
        cards = {each["cardholder"]: each["identities"][0]["bits"] for each in described["credentials"]}
        hand.watch()
        seconds = [_swipe(hand, ("cedar-in", "cedar-out")[place % 2], cards["Ada"]) for place in range(TRIALS)]
    return [latency("swipe-to-strike", seconds, (20.0, 50.0))]


def _swipe(hand: Hand, reader: str, bits: str) -> float:
    presented = hand.present(reader, bits=bits)
    released = hand.wait_for("cedar.strike", 1, timeout=2.0, after=presented)
    hand.set("cedar.contact", 1)
    time.sleep(_SETTLED_S)
    hand.set("cedar.contact", 0)
    hand.wait_for("cedar.strike", 0, timeout=2.0, after=released.mono)
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
