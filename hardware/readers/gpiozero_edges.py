"""Wiegand edges over gpiozero: lgpio on a Raspberry Pi 3 to 5, the bench, or gpiozero's own mock.

The law: the pins' callbacks only append, under a lock under which the clock of the stamps is read too: the clock is
never ahead of an edge that is being handed over. What cannot be known here is whether the kernel lost an edge (lgpio
keeps 16 for each line and says nothing): use gpiod where that matters.
"""

import threading
import time
from collections import deque
from typing import Any, Final

from gpiozero import GPIOZeroError, InputDevice

from hardware.readers.edges import Edges, FallingEdge

_MOST_WAITING: Final = 4096
_LATE: Final = 0.010
"""A wait that ended this much after its time shows that our process was starved, and the pins' thread with it."""


class GpiozeroEdges:
    """`d0` and `d1` are GPIO numbers. Pulled up inside the Pi as well as, it is hoped, outside it."""

    def __init__(self, d0: int, d1: int, pin_factory: Any = None) -> None:
        self._numbers = (d0, d1)
        self._factory = pin_factory
        self._guard = threading.Condition()
        self._waiting: deque[FallingEdge] = deque()
        self._overrun = False
        self._woken = False
        self._devices: list[Any] = []

    def open(self) -> None:
        """Take both pins and listen to their falling edges. gpiozero's own errors; then none is held."""
        try:
            self._take_pins()
        except GPIOZeroError:
            self.close()
            raise

    def wait(self, timeout: float | None) -> Edges:
        """The edges so far, and the time of their clock."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._guard:
            self._guard.wait_for(lambda: self._waiting or self._woken, timeout)
            late = until is not None and time.monotonic() - until > _LATE
            edges = tuple(self._waiting)
            self._waiting.clear()
            self._woken = False
            # Under the lock: between this look at the clock and the edges above no edge can come in.
            return Edges(edges, self._devices[0].pin_factory.ticks(), late)

    def low(self) -> frozenset[int]:
        """The lines that are low right now."""
        return frozenset(line for line, device in enumerate(self._devices) if not device.pin.state)

    def wake(self) -> None:
        """Make `wait` return."""
        with self._guard:
            self._woken = True
            self._guard.notify_all()

    def close(self) -> None:
        """Give the pins back. May be called twice."""
        devices, self._devices = self._devices, []
        for device in devices:
            device.close()

    def _take_pins(self) -> None:
        for number, fell in zip(self._numbers, (self._d0_fell, self._d1_fell), strict=True):
            device = InputDevice(number, pull_up=True, pin_factory=self._factory)
            self._devices.append(device)
            device.pin.bounce = None  # a bounce time makes gpiozero miss edges
            device.pin.edges = "falling"
            device.pin.when_changed = fell  # gpiozero keeps a weak reference to this bound method

    def _d0_fell(self, ticks: float, _state: int) -> None:
        self._fell(0, ticks)

    def _d1_fell(self, ticks: float, _state: int) -> None:
        self._fell(1, ticks)

    def _fell(self, line: int, stamp: float) -> None:
        with self._guard:
            if len(self._waiting) >= _MOST_WAITING:
                self._overrun = True
                return
            self._waiting.append(FallingEdge(line, stamp, self._overrun))
            self._overrun = False
            self._guard.notify_all()
