"""The supervisor: brings the parts up in parallel, starts again what ends by itself, and ends everything.

The law: one thread, the main one, starts processes and decides; everybody else posts events. A part that crashes is
named with its last words and started again after a pause that grows; the others go on. Nothing is left running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty
from typing import Final

from cli.brokers.running import BrokerNotStartedError
from cli.demo.processes import Ended, Event, Events, Part, Power, Ready, Stop, close_pipes, how_it_ended

UP_WITHIN: Final = 90.0
END_WITHIN: Final = 3.0
PAUSES: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
STEADY_AFTER: Final = 30.0
"""Seconds of life after which an end counts as the first one again."""

TRIES: Final = 3
LAST: Final = ("broker", "bench")
"""What the others lean on, and so ends after them."""


class NotUpError(RuntimeError):
    """The demo did not come up; the text says which part, and its last words."""


@dataclass(slots=True)
class _State:
    part: Part
    wanted: bool = True
    ready: bool = False
    alive: bool = False
    ends: int = 0
    started: float = 0.0
    again_at: float | None = 0.0


class Supervisor:
    """`bring_up()`, `watch()`, `wind_up()`; `power` and `stop` from any thread or signal handler."""

    def __init__(
        self,
        parts: Sequence[Part],
        events: Events,
        say: Callable[[str], None],
        on_ready: Callable[[str], None],
    ) -> None:
        self._states = {part.name: _State(part) for part in parts}
        self._events, self._say, self._on_ready = events, say, on_ready
        self._stopping = False

    @property
    def pids(self) -> dict[str, int]:
        """The process id of every part that is alive, by name."""
        alive = ((name, state.part.process) for name, state in self._states.items() if state.alive)
        return {name: process.pid for name, process in alive if process is not None}

    def is_on(self, name: str) -> bool:
        """Whether that part is wanted and ready."""
        return self._states[name].wanted and self._states[name].ready

    def power(self, name: str, on: bool) -> None:
        """Switch a part on, or off as a power cut does."""
        self._events.put(Power(name, on))

    def stop(self) -> None:
        self._events.put(Stop())

    def bring_up(self) -> bool:
        """Start everything and wait until all of it is ready; False if stopped meanwhile. Raises NotUpError."""
        deadline = time.monotonic() + UP_WITHIN
        while not self._stopping and not all(state.ready for state in self._states.values()):
            self._turn(deadline)
            for name, state in self._states.items():
                if state.ends >= TRIES and not state.ready:
                    raise NotUpError(self._last_words(name, "does not start"))
            if time.monotonic() >= deadline:
                late = ", ".join(name for name, state in self._states.items() if not state.ready)
                raise NotUpError(f"not ready within {UP_WITHIN:.0f} s: {late}")
        return not self._stopping

    def watch(self, until: float | None) -> None:
        """Go on until somebody stops it, or until that monotonic time."""
        while not self._stopping and (until is None or time.monotonic() < until):
            self._turn(until)

    def wind_up(self) -> None:
        """End every part, those that need others first; who does not go in time is killed."""
        alive = [state.part for state in self._states.values() if state.alive]
        for wave in ([part for part in alive if part.name not in LAST], [part for part in alive if part.name in LAST]):
            _end([part.process for part in wave if part.process is not None])

    def _turn(self, until: float | None) -> None:
        """Start what is due, then wait for one event, at most until something else is due."""
        for state in self._states.values():
            self._start_if_due(state)
        waits = [state.again_at for state in self._states.values() if self._may_start(state)]
        ends = [each for each in (*waits, until) if each is not None]
        timeout = max(0.0, min(ends) - time.monotonic()) if ends else None
        with contextlib.suppress(Empty):
            self._take(self._events.get(timeout=timeout))

    def _may_start(self, state: _State) -> bool:
        idle = state.wanted and not state.alive and state.again_at is not None
        return idle and all(self._states[name].ready for name in state.part.after)

    def _start_if_due(self, state: _State) -> None:
        now = time.monotonic()
        if not self._may_start(state) or (state.again_at or 0.0) > now:
            return
        state.again_at, state.started, state.alive = None, now, True
        try:
            state.part.start()
        except (OSError, BrokerNotStartedError) as error:
            state.alive = False
            self._say(f"{state.part.name} did not start: {error}")
            self._plan_again(state)

    def _take(self, event: Event) -> None:
        if isinstance(event, Stop):
            self._stopping = True
        elif isinstance(event, Power):
            self._switch(self._states[event.name], event.on)
        else:
            state = self._states[event.name]
            process = state.part.process
            if process is None or process.pid != event.pid:
                return  # an earlier process of this part
            if isinstance(event, Ready):
                state.ready = True
                self._on_ready(event.name)
            else:
                self._ended(state, event)

    def _ended(self, state: _State, event: Ended) -> None:
        state.alive = state.ready = False
        self._end_dependents(event.name)
        if not state.wanted:
            self._say(f"{event.name} has no power")
            return
        self._say(self._last_words(event.name, f"ended ({how_it_ended(event.code)}); starting it again"))
        self._plan_again(state)

    def _end_dependents(self, name: str) -> None:
        for state in self._states.values():
            if name in state.part.after and state.alive and state.part.process is not None:
                state.part.process.terminate()

    def _plan_again(self, state: _State) -> None:
        now = time.monotonic()
        state.ends = 1 if now - state.started > STEADY_AFTER else state.ends + 1
        state.again_at = now + PAUSES[min(state.ends, len(PAUSES)) - 1]

    def _switch(self, state: _State, on: bool) -> None:
        if on == state.wanted:
            return
        state.wanted = on
        process = state.part.process
        if on:
            state.again_at, state.ends = time.monotonic(), 0
        elif state.alive and process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

    def _last_words(self, name: str, what: str) -> str:
        words = self._states[name].part.last_words()
        return "\n".join((f"{name} {what}", *(f"    {line[:300]}" for line in words)))


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + END_WITHIN
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        close_pipes(process)
