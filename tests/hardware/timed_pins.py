"""Pins that tell, pins whose edges carry simulated stamps, and a Wiegand reader on two: no test waits for pulses."""

from queue import Empty, SimpleQueue
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from hardware.indicator import Indicator
from hardware.readers.gpiozero_edges import GpiozeroEdges
from hardware.readers.keypad import Keypad
from hardware.readers.wiegand import WiegandReader
from hardware.signal import Signal

D0, D1 = 17, 27
PULSE = 50e-6


def approx(stamp: float) -> Any:
    """A stamp within a nanosecond or so; pytest's own type says that it is no float."""
    return pytest.approx(stamp, abs=1e-6)


class TimedPin(MockPin):
    """A pin that is driven with stamps."""

    _state: bool

    def drive(self, level: bool, stamp: float) -> None:
        if self._state == level:
            return
        self._state = level
        self._last_change = stamp
        if self._when_changed is not None and self._edges in ("both", "rising" if level else "falling"):
            self._call_when_changed()


class TellingPin(MockPin):  # type: ignore[misc,unused-ignore]  # gpiozero has no types
    """Puts each change into the factory's queue."""

    def _set_state(self, value: float) -> None:
        before = self._state
        super()._set_state(value)
        if self._state != before:
            self._factory.edges.put((self._number, bool(self._state)))


class TimedFactory(MockFactory):
    """Its clock stands still until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(pin_class=TimedPin)
        self.now = 1000.0

    def ticks(self) -> float:
        return self.now


class WiegandBed:
    """A started Wiegand reader over timed pins, and what it delivered."""

    def __init__(self, keypad: Keypad = Keypad.NONE, indicator: Indicator | None = None) -> None:
        self.factory = TimedFactory()
        self.source = GpiozeroEdges(D0, D1, self.factory)
        self.heard: SimpleQueue[Signal] = SimpleQueue()
        self.reader = WiegandReader("elm-in", self.source, self.heard.put, keypad=keypad, indicator=indicator)
        self.reader.start()
        assert self.reader.wait_open(5)
        self._pins = [self.factory.pin(number) for number in (D0, D1)]

    def pulse(self, line: int, at: float, width: float = PULSE) -> None:
        """One low pulse."""
        self.level(line, False, at)
        self.level(line, True, at + width)

    def level(self, line: int, level: bool, at: float) -> None:
        """One edge."""
        self._pins[line].drive(level, at)
        self.factory.now = max(self.factory.now, at)

    def send(self, bits: str, spacing: float = 0.002) -> float:
        """A train of pulses; returns the stamp of the last bit."""
        begin = self.factory.now + 0.2
        for place, bit in enumerate(bits):
            self.pulse(int(bit), begin + place * spacing)
        return begin + (len(bits) - 1) * spacing

    def rest(self, seconds: float = 0.05) -> None:
        """Time goes by on the clock of the stamps."""
        self.factory.now += seconds
        self.source.wake()

    def next(self, timeout: float = 5.0) -> Any:
        """The next signal."""
        return self.heard.get(timeout=timeout)

    def nothing(self) -> bool:
        """Was nothing more delivered?"""
        try:
            self.heard.get_nowait()
        except Empty:
            return True
        return False

    def close(self) -> None:
        self.reader.close()
        self.reader.close()
        assert not self.reader.alive
        self.factory.close()
