"""Edges from the kernel, numbered through: a stream of gpiod's own shape over a real file descriptor."""

import os
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import pytest

from hardware.readers.gpiod_edges import GpiodEdges, request_lines
from hardware.readers.wiegand import WiegandReader
from hardware.signal import CardBits, FaultKind, ReaderFault, Signal
from tests.hardware.timed_pins import approx

CARD = "10110011100011110000111110"


@dataclass(frozen=True)
class EdgeEvent:
    """The fields of gpiod.EdgeEvent (2.5)."""

    event_type: int
    timestamp_ns: int
    line_offset: int
    global_seqno: int
    line_seqno: int


class Kernel:
    """A line request: 1,024 events wait in it at most, then the oldest is dropped, as the kernel does."""

    def __init__(self, holds: int = 1024) -> None:
        self.events: deque[EdgeEvent] = deque(maxlen=holds)
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_SEMAPHORE)
        self.values = [1, 1]
        self.released = False
        self._guard = threading.Lock()
        self._numbers = [0, 0, 0]

    def pulse(self, line: int, stamp: float) -> None:
        with self._guard:
            self._numbers[2] += 1
            self._numbers[line] += 1
            full = len(self.events) == self.events.maxlen
            self.events.append(EdgeEvent(2, int(stamp * 1e9), (17, 27)[line], self._numbers[2], self._numbers[line]))
            if not full:
                os.eventfd_write(self.fd, 1)

    def lose(self, count: int) -> None:
        self._numbers[2] += count

    def read_edge_events(self, max_events: int | None = None) -> list[Any]:
        with self._guard:
            found: list[Any] = []
            while self.events and len(found) < (max_events or 64):
                found.append(self.events.popleft())
                os.eventfd_read(self.fd)
            return found

    def get_values(self, lines: Any = None) -> list[Any]:
        assert lines == [17, 27]
        return list(self.values)

    def release(self) -> None:
        self.released = True
        os.close(self.fd)


class Clock:
    """Stands still until told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kernel() -> Kernel:
    return Kernel(holds=32)


@pytest.fixture
def edges(kernel: Kernel, clock: Clock) -> Iterator[GpiodEdges]:
    edges = GpiodEdges("/dev/gpiochip0", 17, 27, request=lambda _chip, _d0, _d1: kernel, clock=clock)
    yield edges
    edges.close()
    edges.close()


def send(kernel: Kernel, bits: str, begin: float) -> None:
    for place, bit in enumerate(bits):
        kernel.pulse(int(bit), begin + place * 0.002)


def card(bits: str, mono: float) -> CardBits:
    return CardBits("elm-in", "wiegand", bits, approx(mono))


@pytest.fixture
def heard() -> "SimpleQueue[Signal]":
    return SimpleQueue()


@pytest.fixture
def reader(edges: GpiodEdges, heard: "SimpleQueue[Signal]", kernel: Kernel) -> Iterator[WiegandReader]:
    reader = WiegandReader("elm-in", edges, heard.put)
    reader.start()
    assert reader.wait_open(5)
    yield reader
    reader.close()
    assert kernel.released


def test_a_card_from_the_kernel_is_read(
    reader: WiegandReader, edges: GpiodEdges, kernel: Kernel, clock: Clock, heard: "SimpleQueue[Signal]"
) -> None:
    send(kernel, CARD, 1001.0)
    clock.now = 1002.0
    edges.wake()
    assert heard.get(timeout=5) == card(CARD, 1001.05)


def test_a_hole_in_the_kernels_numbers_spoils_the_frame_and_only_that(
    reader: WiegandReader, kernel: Kernel, clock: Clock, edges: GpiodEdges, heard: "SimpleQueue[Signal]"
) -> None:
    send(kernel, CARD[:10], 1001.0)
    kernel.lose(3)
    send(kernel, CARD[13:], 1001.026)
    clock.now = 1002.0
    edges.wake()
    fault = heard.get(timeout=5)
    assert isinstance(fault, ReaderFault)
    assert fault.kind is FaultKind.LOST_EDGE
    send(kernel, CARD[::-1], 1003.0)
    clock.now = 1004.0
    edges.wake()
    assert heard.get(timeout=5) == card(CARD[::-1], 1003.05)


def test_each_edge_has_its_line_its_stamp_and_whether_others_are_missing(kernel: Kernel, edges: GpiodEdges) -> None:
    edges.open()
    kernel.pulse(0, 5.0)
    kernel.lose(3)
    kernel.pulse(1, 6.0)
    found = edges.wait(0.0)
    assert [(edge.line, edge.stamp, edge.after_loss) for edge in found.edges] == [(0, 5.0, False), (1, 6.0, True)]
    assert found.until == 1000.0


def test_what_the_kernel_dropped_before_we_looked_is_known(kernel: Kernel, edges: GpiodEdges) -> None:
    edges.open()
    send(kernel, CARD + CARD, 1000.0)
    found = edges.wait(0.0).edges
    assert (len(found), found[0].after_loss) == (32, True)
    assert not any(edge.after_loss for edge in found[1:])


def test_a_frame_that_was_under_way_when_we_began_to_listen_is_no_card(
    kernel: Kernel, clock: Clock, edges: GpiodEdges, heard: "SimpleQueue[Signal]"
) -> None:
    reader = WiegandReader("elm-in", edges, heard.put)
    reader.start()
    assert reader.wait_open(5)
    send(kernel, CARD, 1000.001)
    clock.now = 1002.0
    edges.wake()
    fault = heard.get(timeout=5)
    assert isinstance(fault, ReaderFault)
    assert fault.kind is FaultKind.LOST_EDGE
    reader.close()


def test_a_line_that_is_low_is_seen(kernel: Kernel, edges: GpiodEdges) -> None:
    edges.open()
    kernel.values = [0, 1]
    assert edges.low() == frozenset({0})


def test_without_gpiod_or_its_chip_the_reader_is_lost_and_alive(heard: "SimpleQueue[Signal]") -> None:
    reader = WiegandReader("elm-in", GpiodEdges("/dev/no-such-chip", 17, 27, request=request_lines), heard.put)
    reader.start()
    fault = heard.get(timeout=5)
    assert isinstance(fault, ReaderFault)
    assert (fault.kind, reader.alive) == (FaultKind.LOST, True)
    reader.close()
