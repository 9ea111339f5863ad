"""One digital input (contact, request-to-exit, break-glass, fire, tamper): levels with the pin's own stamps.

The law: for a life-safety input `at_once(True)` runs in the pin's own callback, before debouncing, before any lock of
ours and before the signal is delivered. `DigitalInputDevice`, not `Button`: a Button's hold thread delays our exit.
"""

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from gpiozero import DigitalInputDevice

from hardware.debounce import Debounce, Settled
from hardware.signal import Deliver, InputLevel

DEBOUNCE: Final = 0.02

AtOnce = Callable[[bool], None]
"""Called with the new level. May be called again with the same one: it must be idempotent, quick and thread-safe."""


class Pull(StrEnum):
    """The resistor inside the pin. A loop that is closed when all is well wants `UP` and active high (a cut acts)."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


class Input:
    """Delivers `InputLevel(input_id, …)`: the level found at `start()`, then every settled change."""

    def __init__(
        self,
        input_id: str,
        pin: int,
        deliver: Deliver,
        *,
        active_high: bool = True,
        pull: Pull = Pull.NONE,
        debounce: float = DEBOUNCE,
        at_once: AtOnce | None = None,
        pin_factory: Any = None,
    ) -> None:
        self._input = input_id
        self._deliver = deliver
        self._active_high = active_high
        self._period = debounce
        self._at_once = at_once
        self._guard = threading.Condition()
        self._debounce = Debounce(debounce, active=False, eager=at_once is not None)
        self._raw = False
        self._last_edge = (0.0, 0.0)
        self._closed = False
        self._settler: threading.Thread | None = None
        self._device = _device(pin, pull, active_high, pin_factory)

    @property
    def active(self) -> bool:
        """The last level that was delivered."""
        return self._debounce.active

    @property
    def raw(self) -> bool:
        """What the pin says at this moment, before anything has settled or was delivered; False after `close`."""
        return not self._device.closed and self._level()

    @property
    def alive(self) -> bool:
        """Does its settling thread run? (It must, between `start` and `close`: a watchdog may ask.)"""
        return self._settler is not None and self._settler.is_alive()

    def start(self) -> None:
        """Deliver the present level and watch the pin from now on."""
        if self._settler is not None:
            raise RuntimeError("an input is started once")
        with self._guard:
            stamp = self._device.pin_factory.ticks()
            self._device.pin.when_changed = self._changed  # gpiozero keeps a weak reference to this bound method
            active = self._raw = self._level()
            self._debounce = Debounce(self._period, active, eager=self._at_once is not None)
            self._pass_on(Settled(active, stamp))
        self._settler = threading.Thread(target=self._settle, name=f"input {self._input}", daemon=True)
        self._settler.start()

    def close(self) -> None:
        """Stop watching and give the pin back. May be called twice. Not from `deliver`."""
        with self._guard:
            self._closed = True
            self._guard.notify_all()
        self._device.close()
        if self._settler is not None:
            self._settler.join(1.0)

    def _changed(self, ticks: float, state: int) -> None:
        active = bool(state) is self._active_high
        try:
            if active and self._at_once is not None:
                self._at_once(True)
        finally:
            with self._guard:
                self._edge(active, ticks)

    def _edge(self, active: bool, stamp: float) -> None:
        if self._closed:
            return
        self._raw = active
        self._last_edge = (stamp, time.monotonic())
        for settled in self._debounce.edge(active, stamp):
            self._pass_on(settled)
        if self._debounce.waiting:
            self._guard.notify_all()

    def _settle(self) -> None:
        """Wait out the debounce period after each edge. Sleeps without a timer while nothing is waiting."""
        with self._guard:
            while not self._closed:
                if not self._debounce.waiting:
                    self._guard.wait()
                elif (left := self._period - self._elapsed()) > 0:
                    self._guard.wait(left)
                else:
                    self._settle_now()

    def _settle_now(self) -> None:
        # The stamps may come from another clock than ours: only the time we waited is carried over to theirs.
        stamp = self._last_edge[0] + self._elapsed()
        if (level := self._level()) is not self._raw:
            self._edge(level, stamp)  # an edge got lost in the kernel; the level itself is the truth
            return
        for settled in self._debounce.settle(stamp):
            self._pass_on(settled)

    def _elapsed(self) -> float:
        return time.monotonic() - self._last_edge[1]

    def _level(self) -> bool:
        return bool(self._device.pin.state) is self._active_high

    def _pass_on(self, settled: Settled) -> None:
        try:
            if self._at_once is not None:
                self._at_once(settled.active)
        finally:
            self._deliver(InputLevel(self._input, settled.active, settled.stamp))


def _device(pin: int, pull: Pull, active_high: bool, pin_factory: Any) -> Any:
    # gpiozero ties polarity to the pull; ours is separate (`_level`), so the device's own idea of active is not used.
    if pull is Pull.NONE:
        return DigitalInputDevice(pin, pull_up=None, active_state=active_high, pin_factory=pin_factory)
    return DigitalInputDevice(pin, pull_up=pull is Pull.UP, pin_factory=pin_factory)
