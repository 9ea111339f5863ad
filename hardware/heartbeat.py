"""The heartbeat output: a square wave for a hardware dead-man, that runs only while somebody proves to be thinking.

The law: it is the edges that mean life, never a level. Nobody fed it for `FRESH_FOR` (2 s): the pin is low within
another half period, and stays low until the next `beat`. A killed, stopped or hung process makes no edges either.

For the circuit behind it: 5 Hz, half of it high, so 200 ms from one rising edge to the next. A retriggerable monostable
(or a charge pump behind a capacitor) that lets the relay of a fail-safe lock drop 1 to 2 s after the last rising edge
rides over a busy moment, and frees the door at most 4.1 s after the agent stopped thinking.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from gpiozero import OutputDevice

HALF_PERIOD: Final = 0.1
FRESH_FOR: Final = 2.0


class Wave:
    """The level to drive, step by step. Sans-I/O; stamps are seconds of one monotonic clock."""

    def __init__(self, fresh_for: float = FRESH_FOR) -> None:
        self._fresh_for = fresh_for
        self._fed: float | None = None
        self._level = False

    def beat(self, now: float) -> None:
        """Somebody is thinking at `now`."""
        self._fed = now

    def step(self, now: float) -> bool:
        """The level for the next half period: the other one while fed, low otherwise."""
        fresh = self._fed is not None and now - self._fed <= self._fresh_for
        self._level = fresh and not self._level
        return self._level


class Heartbeat:
    """Low until the first `beat()`; low and given back after `close()`."""

    def __init__(
        self,
        pin: int,
        pin_factory: Any = None,
        *,
        half_period: float = HALF_PERIOD,
        fresh_for: float = FRESH_FOR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._half_period = half_period
        self._clock = clock
        self._wave = Wave(fresh_for)
        self._guard = threading.Lock()
        self._ending = threading.Event()
        self._output = OutputDevice(pin, initial_value=False, pin_factory=pin_factory)
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """Call it from the thread that must not hang, at least once a second. Never waits for the pin."""
        self._wave.beat(self._clock())

    def close(self) -> None:
        """Low, the thread ended, the pin given back. May be called twice."""
        self._ending.set()
        self._thread.join(1.0)
        with self._guard:
            if not self._output.closed:
                self._output.off()
                self._output.close()

    def _run(self) -> None:
        while not self._ending.wait(self._half_period):
            with self._guard:
                if self._output.closed:
                    return
                self._output.value = self._wave.step(self._clock())
