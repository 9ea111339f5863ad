"""Being started, watched and ended: ready is said by the process itself, and nothing outlives its parent.

The law: readiness is a word that our own child says, never guessed from an open port; a stop is an event that the
main loop waits for, never an exception thrown into the middle of something.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Final, TextIO

from process.logs import event, logger

_PR_SET_PDEATHSIG: Final = 1
_RETRIES: Final = 4
"""How often the probes are asked again within one interval while one of them says False."""

Probe = Callable[[], bool]
"""Is this part of the process alive? Called from the loop that must not hang: it answers at once."""

log = logger(__name__)


def say_ready(text: str = "ready", stream: TextIO | None = None) -> None:
    """Write `text` on a line of its own to `stream` (stdout) and to systemd; a parent may be waiting for it."""
    out = stream if stream is not None else sys.stdout
    out.write(f"{text}\n")
    out.flush()
    sd_notify("READY=1")


def sd_notify(state: str, environ: Mapping[str, str] | None = None) -> bool:
    """Tell systemd `state` ("READY=1", "WATCHDOG=1", "STOPPING=1"). False when nobody is there to be told.

    Never raises: a supervisor that went away is no reason for a door to stop.
    """
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        try:
            sender.sendto(state.encode(), address)
        except OSError:
            return False
    return True


class Watchdog:
    """Pings systemd's watchdog at half the time it allows (`WATCHDOG_USEC`), from the loop that must not hang, and only
    while every one of `probes` says True: a thread that died or hangs must end in a restart, not in a silent half."""

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        process_id: int | None = None,
        probes: Mapping[str, Probe] | None = None,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._probes = dict(probes or {})
        self._next = float("-inf")
        self._told_stale: tuple[str, ...] = ()
        self.interval = _watchdog_interval(self._environ, os.getpid() if process_id is None else process_id)
        """Seconds between two pings, or None when no watchdog is set for this process."""

    def stale(self) -> tuple[str, ...]:
        """The names of the probes that say False now."""
        return tuple(name for name, fresh in self._probes.items() if not fresh())

    def ping(self, now: float) -> bool:
        """Tell that the caller is alive, if it is due at monotonic time `now` (seconds). True when it was told.

        While a probe says False nothing is told but which one, in systemd's status and in the log, once.
        """
        if self.interval is None or now < self._next:
            return False
        stale = self.stale()
        if stale != self._told_stale:
            self._tell(stale)
        self._next = now + self.interval / (_RETRIES if stale else 1)
        return not stale and sd_notify("WATCHDOG=1", self._environ)

    def _tell(self, stale: tuple[str, ...]) -> None:
        self._told_stale = stale
        what, level = ("watchdog_not_fed", "error") if stale else ("watchdog_fed_again", "info")
        event(log, what, level=level, stale=list(stale))
        sd_notify(f"STATUS=not alive: {', '.join(stale)}" if stale else "STATUS=", self._environ)


def _watchdog_interval(environ: Mapping[str, str], process_id: int) -> float | None:
    microseconds = environ.get("WATCHDOG_USEC", "")
    meant_for = environ.get("WATCHDOG_PID", str(process_id))
    if not microseconds.isascii() or not microseconds.isdigit() or meant_for != str(process_id):
        return None
    return int(microseconds) / 2_000_000 or None


def end_with_parent(parent: int | None = None, with_signal: signal.Signals = signal.SIGTERM) -> bool:
    """Ask the kernel to send us `with_signal` when the parent (strictly: the thread that started us) ends.

    `parent` is the process id of the parent if known: when it is already gone, the signal is sent at once. False where
    the kernel cannot (not Linux): then only `on_stdin_eof` is left.
    """
    if not sys.platform.startswith("linux"):
        return False
    done: int = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), with_signal)
    return done == 0


def on_stdin_eof(callback: Callable[[], object], descriptor: int = 0) -> threading.Thread:
    """Call `callback` once, on a thread of its own, when the other end of stdin is closed or its holder is gone.

    Only for children whose parent holds a pipe to their stdin: /dev/null ends at once.
    """
    thread = threading.Thread(target=_read_to_end, args=(descriptor, callback), name="stdin-eof", daemon=True)
    thread.start()
    return thread


def _read_to_end(descriptor: int, callback: Callable[[], object]) -> None:
    try:
        while os.read(descriptor, 4096):
            continue
    except OSError:  # a closed descriptor and a hung-up terminal are ends as well
        callback()
    else:
        callback()


class StopSignal:
    """SIGTERM (and SIGINT) as an event to wait for. Make it on the main thread; wait for it and set it from any.

    A pipe, not a `threading.Event`: `Event.set` inside a signal's own code can wait for ever for the lock that the
    interrupted `Event.wait` holds.
    """

    def __init__(self, signals: Iterable[signal.Signals] = (signal.SIGTERM, signal.SIGINT)) -> None:
        self._set = False
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._before = {number: signal.signal(number, self._on_signal) for number in signals}

    def set(self) -> None:
        """Ask for the stop; harmless when asked already."""
        if not self._set:
            self._set = True
            os.write(self._writer, b"\0")

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the stop, at most `timeout` seconds; True when it has been asked for."""
        return self._set or bool(select.select([self._reader], [], [], timeout)[0])

    def fileno(self) -> int:
        """Becomes readable with the stop, and stays so: for `select` beside other descriptors."""
        return self._reader

    def close(self) -> None:
        """Put the earlier signal dispositions back (main thread only) and close the pipe."""
        for number, before in self._before.items():
            signal.signal(number, before)
        os.close(self._reader)
        os.close(self._writer)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.set()
