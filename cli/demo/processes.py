"""The processes of the demo, each a child of the supervisor: started, listened to, ended.

The law: ready is a line that our own child says. A child lives in a session of its own (Ctrl-C is for the supervisor),
holds a pipe from us as its stdin and asks the kernel for a SIGTERM when we end, so nothing outlives us. Start children
from the main thread only: the kernel's wish is tied to the thread that started them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Protocol

from cli.brokers.running import RunningBroker

CHECKOUT: Final = Path(__file__).resolve().parents[2]
LAST_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Ready:
    """A part said that it is ready."""

    name: str
    pid: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A process of a part is no more; `code` as of `Popen.returncode`."""

    name: str
    pid: int
    code: int


@dataclass(frozen=True, slots=True)
class Power:
    """Somebody wants a part switched on or off."""

    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wants everything to end."""


Event = Ready | Ended | Power | Stop
Events = SimpleQueue[Event]


class Part(Protocol):
    """One process of the demo. `start` may block for as long as the process needs to say that it is ready."""

    @property
    def name(self) -> str: ...

    @property
    def after(self) -> tuple[str, ...]:
        """The parts that must be ready before this one is started."""

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The present or last process."""

    def start(self) -> None: ...

    def last_words(self) -> list[str]:
        """The last lines of its log."""


class Child:
    """A Python process of ours that says `ready` on stdout; its stderr goes to a log file of this run."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        events: Events,
        after: tuple[str, ...] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.after = name, after
        self.process: subprocess.Popen[bytes] | None = None
        self._arguments, self._log, self._events = list(arguments), log, events
        self._environ = dict(environ or {})
        log.unlink(missing_ok=True)

    def start(self) -> None:
        # -P and our own path first: what lies in the folder that the caller stands in is not imported.
        path = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=descriptor,
                env={**os.environ, **self._environ, "PYTHONPATH": path},
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        threading.Thread(target=self._listen, args=(self.process,), name=f"hears {self.name}", daemon=True).start()

    def last_words(self) -> list[str]:
        return last_lines(self._log)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 - for the type checker: it was asked for
        for line in process.stdout:
            if line.split()[:1] == [b"ready"]:
                self._events.put(Ready(self.name, process.pid))
        self._events.put(Ended(self.name, process.pid, process.wait()))
        close_pipes(process)


class BrokerPart:
    """The broker, of whichever kind. `begin` starts one and returns when it is ready."""

    name = "broker"
    after: tuple[str, ...] = ()

    def __init__(self, begin: Callable[[], RunningBroker], folder: Path, events: Events) -> None:
        self.running: RunningBroker | None = None
        self._begin, self._folder, self._events = begin, folder, events

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return None if self.running is None else self.running.process

    def start(self) -> None:
        self.running = self._begin()
        process = self.running.process
        self._events.put(Ready(self.name, process.pid))
        threading.Thread(target=self._wait, args=(process,), name="hears broker", daemon=True).start()

    def last_words(self) -> list[str]:
        logs = sorted(self._folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
        return last_lines(logs[-1]) if logs else []

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        self._events.put(Ended(self.name, process.pid, process.wait()))
        close_pipes(process)


def close_pipes(process: subprocess.Popen[bytes]) -> None:
    """Close our ends of a process that has ended."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def last_lines(log: Path, count: int = LAST_LINES) -> list[str]:
    """The last lines of a log file; none when it is not there."""
    with contextlib.suppress(OSError):
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return []


def how_it_ended(code: int) -> str:
    """`Popen.returncode` in words."""
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
