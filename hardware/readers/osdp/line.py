"""The thread that owns a bus, and the readers as the door sees them.

The law: the thread blocks only on the port, tells of a lost port once, and comes back by itself with a back-off.
Nothing else touches the wire; other threads only leave wishes and ring.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from hardware.readers.osdp.bus import Bus
from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.channel import RandomBytes
from hardware.readers.osdp.command import Command
from hardware.readers.osdp.port import PORT_ERRORS, Bell, Port
from hardware.readers.osdp.reply import Identity
from hardware.readers.osdp.session import Session
from hardware.readers.osdp.settings import BusSettings
from hardware.readers.reader import Shown
from hardware.signal import Deliver, Signal

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 5.0
MOST_WISHES: Final = 32

Wish = Callable[[], None]


class OsdpBus:
    """One port with its readers. `deliver` is called from this bus's own thread only."""

    def __init__(
        self,
        settings: BusSettings,
        deliver: Deliver,
        clock: Callable[[], float] = time.monotonic,
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self._settings = settings
        self._deliver = deliver
        self._clock = clock
        self._bus = Bus(settings, clock(), random_bytes)
        self._bell: Bell | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._wishes: list[Wish] = []
        self._guard = threading.Lock()
        self._changed = threading.Condition()
        self.readers: Mapping[str, OsdpReader] = {
            session.settings.id: OsdpReader(self, session) for session in self._bus.sessions
        }

    @property
    def alive(self) -> bool:
        """Does the thread run? (It must, between `start` and `close`.)"""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin; returns at once, whether or not the port is there. Nothing if it has begun."""
        with self._guard:
            if self._thread is not None:
                return
            self._bell = Bell()
            self._thread = threading.Thread(target=self._run, name=f"osdp {self._settings.port}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop within a second and give the port back. May be called twice, or without a start."""
        self._stopping = True
        if self._thread is None or self._bell is None:
            return
        self._bell.ring()
        self._thread.join(1.0)
        if not self._thread.is_alive():
            with self._guard:
                self._bell.close()

    def wish(self, wish: Wish) -> None:
        """Let the bus's thread do this next; nothing if too much waits or the bus does not run."""
        with self._guard:
            if self._bell is None or self._stopping or len(self._wishes) >= MOST_WISHES:
                return
            self._wishes.append(wish)
            self._bell.ring()

    def wait_until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until this holds of the bus, looking whenever something has happened on it."""
        with self._changed:
            return self._changed.wait_for(condition, timeout)

    def _run(self) -> None:
        delay = FIRST_DELAY
        while not self._stopping:
            began = self._clock()
            try:
                self._talk_until_lost()
            except PORT_ERRORS as error:
                self._pass_on(self._bus.port_lost(str(error), self._clock()))
            if self._clock() - began > LONGEST_DELAY:
                delay = FIRST_DELAY  # it had worked for a while: this is a new trouble, not the same one flapping
            self._pause(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    def _pause(self, delay: float) -> None:
        until = self._clock() + delay
        while not self._stopping and self._bell is not None and (left := until - self._clock()) > 0:
            self._bell.wait(left)

    def _talk_until_lost(self) -> None:
        with Port(self._settings.port, self._settings.baud, rs485=self._settings.rs485) as port:
            port.discard()
            self._bus.port_opened(self._clock())
            ready = False
            while not self._stopping and self._bell is not None:
                step = self._bus.advance(self._clock(), port.read() if ready else b"")
                self._pass_on(step.signals)
                if step.transmit:
                    port.discard()
                    port.write(step.transmit)
                ready = self._bell.wait(step.wake_at - self._clock(), port.fileno())
                self._grant_wishes()

    def _grant_wishes(self) -> None:
        with self._guard:
            wishes, self._wishes = self._wishes, []
        for wish in wishes:
            wish()

    def _pass_on(self, signals: list[Signal] | tuple[Signal, ...]) -> None:
        for signal in signals:
            self._deliver(signal)
        with self._changed:
            self._changed.notify_all()


class OsdpReader:
    """One reader on a bus, as `hardware.readers.reader.Reader` promises. Made by its bus."""

    def __init__(self, bus: OsdpBus, session: Session) -> None:
        self._bus = bus
        self._session = session

    @property
    def id(self) -> str:
        """The id of its access point, as in every signal it delivers."""
        return self._session.settings.id

    @property
    def alive(self) -> bool:
        """Does the thread of its bus run?"""
        return self._bus.alive

    @property
    def online(self) -> bool:
        """Would a card presented now be read? False as soon as three tries in a row had no answer."""
        return self._session.online

    @property
    def secure(self) -> bool:
        """Is it online inside a Secure Channel?"""
        return self._session.secure

    @property
    def capabilities(self) -> Capabilities | None:
        """What it said last, inside its channel, that it can do; None before it was ever online."""
        return self._session.capabilities

    @property
    def identity(self) -> Identity | None:
        """Maker, model and serial number, as it said last inside its channel."""
        return self._session.identity

    @property
    def authentication_failures(self) -> int:
        """How often since the start something did not verify."""
        return self._session.authentication_failures

    def start(self) -> None:
        """Start its bus, if nobody has yet."""
        self._bus.start()

    def wait_open(self, timeout: float) -> bool:
        """Wait until a card presented from now on is read and delivered; False if that is not so in time (seconds)."""
        return self._bus.wait_until(lambda: self._session.ready, timeout)

    def indicate(self, shown: Shown) -> None:
        """Show this on the reader; nothing while it is not online."""
        self._bus.wish(lambda: self._session.show(shown))

    def ask(self, said: Command) -> None:
        """Say this to the reader when its turn comes: a text, an output. Nothing while it is not online."""
        self._bus.wish(lambda: self._session.ask(said))

    def close(self) -> None:
        """Close its bus, and with it the other readers on it."""
        self._bus.close()
