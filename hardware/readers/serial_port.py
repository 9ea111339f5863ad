"""One serial reader: a thread of its own that opens the port, frames its bytes and delivers card bits.

The law: the thread blocks only on the port, tells of a lost port once and of its return once, and comes back by itself.
Bytes that waited in the port from before it was opened are thrown away: a badge from then must not open a door now.
A reader that is asked is lost when it does not answer, though its port may stand.
"""

import contextlib
import os
import select
import termios
import threading
import time
from collections.abc import Callable
from typing import Final

import serial

from hardware.readers.flood import FloodGate, soonest
from hardware.readers.framing.framer import Finding, Flaw, Framer
from hardware.readers.reader import Shown
from hardware.readers.repeats import RepeatSuppression
from hardware.signal import SERIAL_HEX, CardBits, Deliver, FaultKind, ReaderFault

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
_AFTERWARDS: Final = 0.005
"""A little later than asked for, so that the look at the clock finds the time passed."""


class SerialReader:
    """Reads `port` at `baud`, 8N1, opened exclusively. `deliver` is called from this reader's own thread only.

    `port` is best a name that follows the device (/dev/serial/by-id/…): it is looked up anew at each opening.
    """

    def __init__(
        self,
        reader_id: str,
        port: str,
        framing: Framer,
        deliver: Deliver,
        baud: int = 9600,
        clock: Callable[[], float] = time.monotonic,
        *,
        repeat_window: float = 0.0,
    ) -> None:
        self._reader = reader_id
        self._port = port
        self._framer = framing
        self._deliver = deliver
        self._gate = FloodGate(reader_id, deliver)
        self._baud = baud
        self._clock = clock
        self._repeats = RepeatSuppression(repeat_window)
        self._lost = False
        self._stopping = False
        self._shown: Shown | None = None
        self._online = threading.Event()
        self._guard = threading.Lock()
        self._wake: int | None = None
        self._thread: threading.Thread | None = None

    @property
    def id(self) -> str:
        """The id of its access point."""
        return self._reader

    @property
    def alive(self) -> bool:
        """Does the reading thread run? (It must, between `start` and `close`: a watchdog may ask.)"""
        return self._thread is not None and self._thread.is_alive()

    @property
    def online(self) -> bool:
        """Is the port open, and does a reader that is asked answer?"""
        return self._online.is_set()

    @property
    def secure(self) -> bool:
        """Never: what these readers send is neither encrypted nor authenticated."""
        return False

    def wait_open(self, timeout: float) -> bool:
        """Wait until the port is open, so that a card presented from now on is seen; False if it is not in time."""
        return self._online.wait(timeout)

    def start(self) -> None:
        """Begin to read; returns at once, whether or not the port is there."""
        if self._thread is not None:
            raise RuntimeError("a reader is started once")
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name=f"reader {self._reader}", daemon=True)
        self._thread.start()

    def indicate(self, shown: Shown) -> None:
        """Show this on a reader that is asked; the others have no lights that we can reach."""
        if self._framer.asked:
            self._shown = shown
            self._wake_up()

    def close(self) -> None:
        """Stop within a second and give the port back. May be called twice, or without a start."""
        self._stopping = True
        if self._thread is None:
            return
        self._wake_up()
        self._thread.join(1.0)
        with self._guard:
            if self._wake is not None and not self._thread.is_alive():
                os.close(self._wake)
                self._wake = None

    def _wake_up(self) -> None:
        with self._guard:
            if self._wake is not None:
                os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        delay = FIRST_DELAY
        while not self._stopping:
            began = self._clock()
            try:
                self._read_until_lost()
            except (OSError, termios.error) as error:  # termios.error is no OSError; pyserial lets it through
                self._online.clear()
                self._say_lost(str(error))
            if self._clock() - began > LONGEST_DELAY:
                delay = FIRST_DELAY  # it had worked for a while: this is a new trouble, not the same one flapping
            self._woken(None, delay)
            delay = min(delay * 2, LONGEST_DELAY)
        self._online.clear()

    def _read_until_lost(self) -> None:
        with serial.Serial(self._port, self._baud, timeout=0, exclusive=True) as port:
            self._framer.reset()
            self._say_state()
            while not self._stopping:
                now = self._clock()
                wait = soonest(self._framer.wanted(now), self._gate.wanted(now))
                ready = self._woken(port.fileno(), None if wait is None else wait + _AFTERWARDS)
                data = port.read(4096) if ready else b""
                self._turn(port.fileno(), data, self._clock())

    def _turn(self, port: int, data: bytes, now: float) -> None:
        self._pass_on(self._framer.feed(data, now))
        self._gate.summarise(now)
        shown, self._shown = self._shown, None
        if shown is not None:
            self._framer.show(shown, now)
        if out := self._framer.outgoing(now):
            # What does not fit is lost, like on any wire: a question is asked again.
            with contextlib.suppress(BlockingIOError):
                os.write(port, out)
        self._say_state()

    def _woken(self, port: int | None, timeout: float | None) -> bool:
        """Wait for bytes at the port, a wish of another thread, or the time; True if there are bytes."""
        if self._wake is None:
            return False
        watched = [self._wake] if port is None else [self._wake, port]
        ready, _, _ = select.select(watched, [], [], timeout)
        if self._wake in ready:
            os.eventfd_read(self._wake)
        return port in ready

    def _pass_on(self, findings: list[Finding]) -> None:
        for finding in findings:
            if isinstance(finding, Flaw):
                self._gate.flaw(finding.kind, finding.detail, finding.mono)
            elif self._repeats.fresh(finding.bits, finding.mono):
                self._gate.read(CardBits(self._reader, SERIAL_HEX, finding.bits, finding.mono))

    def _say_state(self) -> None:
        """The port is open: online, unless the reader is one that is asked and does not answer."""
        if self._framer.answers or not self._framer.asked:
            self._online.set()
            if self._lost:
                self._lost = False
                self._deliver(ReaderFault(self._reader, FaultKind.REOPENED, "the reader is back", self._clock()))
        elif self._framer.answers is False:
            self._online.clear()
            self._say_lost("the reader does not answer")

    def _say_lost(self, detail: str) -> None:
        if not self._lost and not self._stopping:
            self._lost = True
            self._deliver(ReaderFault(self._reader, FaultKind.LOST, detail, self._clock()))
