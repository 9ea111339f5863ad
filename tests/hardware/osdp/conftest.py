"""A real line: libosdp readers in processes of their own, our panel's thread, ptys between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from hardware.bench.osdp_line import OsdpLine, OsdpPeripheral
from hardware.readers.osdp.line import OsdpBus, OsdpReader
from hardware.readers.osdp.settings import BusSettings, ReaderSettings
from hardware.signal import CardBits, FaultKind, ReaderFault, Signal

PATIENCE = 20.0


class Heard:
    """Everything that somebody said, in order, and a way to wait for more."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._news = threading.Condition()

    def __call__(self, said: Any) -> None:
        with self._news:
            self.all.append(said)
            self._news.notify_all()

    def wait(self, holds: Callable[[list[Any]], bool], timeout: float = PATIENCE) -> bool:
        with self._news:
            return self._news.wait_for(lambda: holds(self.all), timeout)


class Signals(Heard):
    @property
    def cards(self) -> list[str]:
        return [signal.bits for signal in list(self.all) if isinstance(signal, CardBits)]

    @property
    def faults(self) -> list[FaultKind]:
        return [signal.kind for signal in list(self.all) if isinstance(signal, ReaderFault)]

    def card(self, bits: str, timeout: float = PATIENCE) -> bool:
        return self.wait(lambda _all: bits in self.cards, timeout)

    def fault(self, kind: FaultKind, timeout: float = PATIENCE) -> bool:
        return self.wait(lambda _all: kind in self.faults, timeout)

    def signal(self, wanted: Callable[[Signal], bool], timeout: float = PATIENCE) -> bool:
        return self.wait(lambda heard: any(wanted(signal) for signal in heard), timeout)

    def told(self, reader: OsdpReader, do: Callable[[], object], holds: Callable[[], bool]) -> bool:
        """Do this at a reader that is ready until it is heard, as people do: on a busy machine libosdp may lose it."""
        for _ in range(5):
            if not reader.wait_open(PATIENCE):
                return False
            do()
            if self.wait(lambda _all: holds(), 3.0):
                return True
        return False


class SkippingClock:
    """The monotonic clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class RealLine:
    """Readers on a line, and panels at its end. All of it ends with the test."""

    def __init__(self, stack: ExitStack, seed: int) -> None:
        self._stack = stack
        self._seed = seed
        self.clock = SkippingClock()
        self.shown = Heard()
        self.signals = Signals()
        self._buses: list[OsdpBus] = []

    def peripheral(self, address: int = 1, **settings: Any) -> OsdpPeripheral:
        made = OsdpPeripheral({"address": address, **settings}, self.shown)
        self._stack.callback(made.close)
        made.wait_ready()
        return made

    def wire(self, *peripherals: OsdpPeripheral) -> OsdpLine:
        line = OsdpLine([peripheral.wire.ours for peripheral in peripherals], self._seed)
        self._stack.callback(line.close)
        return line

    def panel(self, port: str, readers: Sequence[ReaderSettings]) -> OsdpBus:
        bus = OsdpBus(BusSettings(port, tuple(readers), 115200), self.signals, self.clock)
        self._stack.callback(bus.close)
        bus.start()
        self._buses.append(bus)
        return bus

    def swipe(self, peripheral: OsdpPeripheral, reader: OsdpReader, bits: str) -> bool:
        """Present this card until it is read."""
        return self.signals.told(
            reader, lambda: peripheral.do({"do": "card", "bits": bits}), lambda: bits in self.signals.cards
        )

    def skip(self, seconds: float) -> None:
        """Let the panels believe that so much time has passed, at once."""
        self.clock.ahead += seconds
        for bus in self._buses:
            bus.wish(lambda: None)

    def connected(self, reader: ReaderSettings, **settings: Any) -> tuple[OsdpPeripheral, OsdpLine, OsdpReader]:
        """One reader on its line with its panel, not waited for."""
        peripheral = self.peripheral(reader.address, **settings)
        line = self.wire(peripheral)
        return peripheral, line, self.panel(line.path, [reader]).readers[reader.id]


@pytest.fixture
def real(seed: int) -> Iterator[RealLine]:
    with ExitStack() as stack:
        yield RealLine(stack, seed)
