"""One serial reader: a thread of its own that opens the port, frames its bytes and delivers card bits.

The law: the thread blocks only on the port, tells of a lost port once and of its return once, and comes back by itself.
Bytes that waited in the port from before it was opened are thrown away: a badge from then must not open a door now.
"""

import os
import select
import termios
import threading
import time
from collections.abc import Callable
from typing import Final

import serial

from hardware.readers.framing import INTER_BYTE_GAP, Finding, Flaw, Framer, RepeatSuppression
from hardware.signal import SERIAL_HEX, CardBits, Deliver, FaultKind, ReaderFault

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
FLAW_INTERVAL: Final = 1.0
"""A reader that sends rubbish says so at most once in this many seconds for each kind of flaw."""


class SerialReader:
    """Reads `port` at `baud`, 8N1, opened exclusively. `deliver` is called from this reader's own thread only."""

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
        self._baud = baud
        self._clock = clock
        self._repeats = RepeatSuppression(repeat_window)
        self._told: dict[FaultKind, float] = {}
        self._lost = False
        self._stopping = False
        self._open = threading.Event()
        self._wake: int | None = None
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Does the reading thread run? (It must, between `start` and `close`: a watchdog may ask.)"""
        return self._thread is not None and self._thread.is_alive()

    def wait_open(self, timeout: float) -> bool:
        """Wait until the port is open, so that a card presented from now on is seen; False if it is not in time."""
        return self._open.wait(timeout)

    def start(self) -> None:
        """Begin to read; returns at once, whether or not the port is there."""
        if self._thread is not None:
            raise RuntimeError("a reader is started once")
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name=f"reader {self._reader}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop within a second and give the port back. May be called twice, or without a start."""
        self._stopping = True
        if self._thread is None or self._wake is None:
            return
        os.eventfd_write(self._wake, 1)
        self._thread.join(1.0)
        if not self._thread.is_alive():
            os.close(self._wake)
            self._wake = None

    def _run(self) -> None:
        delay = FIRST_DELAY
        while not self._stopping:
            began = self._clock()
            try:
                self._read_until_lost()
            except (OSError, termios.error) as error:  # termios.error is no OSError; pyserial lets it through
                self._open.clear()
                self._say_lost(str(error))
            if self._clock() - began > LONGEST_DELAY:
                delay = FIRST_DELAY  # it had worked for a while: this is a new trouble, not the same one flapping
            self._woken(None, delay)
            delay = min(delay * 2, LONGEST_DELAY)

    def _read_until_lost(self) -> None:
        with serial.Serial(self._port, self._baud, timeout=0, exclusive=True) as port:
            self._framer.reset()
            self._open.set()
            self._say_reopened()
            while not self._stopping:
                # A little more than the gap, so that the tick after it finds the gap passed.
                ready = self._woken(port.fileno(), INTER_BYTE_GAP + 0.005 if self._framer.pending else None)
                data = port.read(4096) if ready else b""
                self._pass_on(self._framer.feed(data, self._clock()))

    def _woken(self, port: int | None, timeout: float | None) -> bool:
        """Wait for bytes at the port, the wish to stop, or the time; True if there are bytes."""
        if self._wake is None:
            return False
        watched = [self._wake] if port is None else [self._wake, port]
        ready, _, _ = select.select(watched, [], [], timeout)
        return port in ready

    def _pass_on(self, findings: list[Finding]) -> None:
        for finding in findings:
            if isinstance(finding, Flaw):
                self._say_flaw(finding)
            elif self._repeats.fresh(finding.bits, finding.mono):
                self._deliver(CardBits(self._reader, SERIAL_HEX, finding.bits, finding.mono))

    def _say_flaw(self, flaw: Flaw) -> None:
        told = self._told.get(flaw.kind)
        if told is None or flaw.mono - told >= FLAW_INTERVAL:
            self._told[flaw.kind] = flaw.mono
            self._deliver(ReaderFault(self._reader, flaw.kind, flaw.detail, flaw.mono))

    def _say_lost(self, detail: str) -> None:
        if not self._lost and not self._stopping:
            self._lost = True
            self._deliver(ReaderFault(self._reader, FaultKind.LOST, detail, self._clock()))

    def _say_reopened(self) -> None:
        if self._lost:
            self._lost = False
            self._deliver(ReaderFault(self._reader, FaultKind.REOPENED, "the port is back", self._clock()))
