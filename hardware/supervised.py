"""Supervised inputs: a contact behind end-of-line resistors, measured by an ADC; sampled by one thread for all.

The law: a line in trouble is never read as "all is well". For a life-safety input trouble acts like the alarm itself
(decision 33): `at_once(True)` runs in the sampling thread before anything is delivered. A value that cannot be read is
trouble too. `gpiozero.MCP3008(channel)` is a source as it stands.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from hardware.inputs import AtOnce
from hardware.line import LineChange, LineClassifier
from hardware.loop import Bands
from hardware.signal import Deliver, InputLevel, InputLine, LineState

SETTLE: Final = 0.06
"""Three samples at the usual rate."""

RATE: Final = 50.0
FASTEST: Final = 200.0
STUCK_AFTER: Final = 1.0


class LineSource(Protocol):
    """What measures one line."""

    @property
    def value(self) -> float:
        """The voltage at the input as a fraction of the reference, 0 to 1; measured now."""

    def close(self) -> None:
        """Give the channel back."""


class SupervisedInput:
    """Delivers `InputLine` for every settled state, then `InputLevel` when the level that follows from it changed.

    `trouble_acts`: SHORT, OPEN and FAULT read as active. False (a contact, a request to exit: no stranger may open a
    door by cutting a wire) keeps the last level, and only `InputLine` tells. What is `at_once` always acts.
    """

    def __init__(
        self,
        input_id: str,
        source: LineSource,
        bands: Bands,
        deliver: Deliver,
        *,
        settle: float = SETTLE,
        at_once: AtOnce | None = None,
        trouble_acts: bool = True,
    ) -> None:
        if at_once is not None and not trouble_acts:
            raise ValueError("a life-safety input acts on trouble of its line too")
        self._input = input_id
        self._source = source
        self._deliver = deliver
        self._at_once = at_once
        self._trouble_acts = trouble_acts
        self._classifier = LineClassifier(bands, settle, eager=at_once is not None)
        self._active: bool | None = None

    @property
    def active(self) -> bool:
        """The last level that was delivered; False before the first."""
        return bool(self._active)

    @property
    def state(self) -> LineState | None:
        """The last state that was delivered; None before the first."""
        return self._classifier.state

    def sample(self, mono: float) -> None:
        """Measure the line once, and act on what follows from it."""
        for change in self._classifier.classify(self._measured(), mono):
            self._pass_on(change)

    def close(self) -> None:
        """Give the channel back. May be called twice."""
        self._source.close()

    def _measured(self) -> float | None:
        """Broad on purpose: what a bus driver raises is not ours to list (lgpio's own error is a bare Exception), and
        a failure that we did not foresee must not leave a fire line standing at "normal"."""
        try:
            return float(self._source.value)
        except Exception:  # noqa: BLE001 - see the docstring
            return None

    def _pass_on(self, change: LineChange) -> None:
        before, self._active = self._active, self._level(change.state)
        try:
            if self._at_once is not None:
                self._at_once(self._active)
        finally:
            self._deliver(InputLine(self._input, change.state, change.stamp))
            if self._active is not before:
                self._deliver(InputLevel(self._input, self._active, change.stamp))

    def _level(self, state: LineState) -> bool:
        if state.trouble:
            return self._trouble_acts or self.active
        return state is LineState.ACTIVE


class LineSampler:
    """One thread that measures all of `inputs`, at most `rate` times a second each."""

    def __init__(
        self, inputs: Sequence[SupervisedInput], rate: float = RATE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not 1.0 <= rate <= FASTEST:
            raise ValueError(f"the rate is from 1 to {FASTEST:g} samples a second")
        self._inputs = tuple(inputs)
        self._period = 1.0 / rate
        self._clock = clock
        self._ending = threading.Event()
        self._last_round = 0.0
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Were all lines measured within the last second? (They must be, between `start` and `close`.)"""
        running = self._thread is not None and self._thread.is_alive()
        return running and self._clock() - self._last_round < STUCK_AFTER

    def start(self) -> None:
        """Measure every line now, so that a fire that burns already acts at once, and from now on."""
        if self._thread is not None:
            raise RuntimeError("a sampler is started once")
        try:
            self._measure_all()
        finally:
            self._go_on()

    def close(self) -> None:
        """Stop measuring and give the channels back. May be called twice. Not from `deliver`."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(1.0)
        with contextlib.ExitStack() as stack:
            for each in self._inputs:
                stack.callback(each.close)

    def _go_on(self) -> None:
        self._thread = threading.Thread(target=self._run, name="supervised lines", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        ended = False
        try:
            # The pause follows the work: a slow bus lowers the rate, never takes the whole processor.
            while not self._ending.wait(self._period):
                self._measure_all()
            ended = True
        finally:
            if not ended:
                self._go_on()  # a callback raised: this thread reports it, another one goes on

    def _measure_all(self) -> None:
        """What one input raises keeps no other from being measured."""
        now = self._clock()
        with contextlib.ExitStack() as stack:
            for each in reversed(self._inputs):
                stack.callback(each.sample, now)
        self._last_round = now
