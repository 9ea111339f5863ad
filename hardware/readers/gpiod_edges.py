"""Wiegand edges straight from the kernel with libgpiod 2 (PyPI `gpiod`): no edge is lost without our knowing.

The law: both lines are one request with a large buffer; the kernel numbers its events through, and a hole in the
numbers makes the next edge one `after_loss`. Before the clock is read the buffer has been emptied, and the clock is
read before that: what the kernel stamped earlier has been handed over.
"""

import os
import select
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol

from hardware.readers.edges import Edges, FallingEdge

BUFFER: Final = 1024
_AT_ONCE: Final = 256


class LineEvent(Protocol):
    """The part of gpiod's EdgeEvent that is used here."""

    @property
    def timestamp_ns(self) -> int: ...
    @property
    def line_offset(self) -> int: ...
    @property
    def global_seqno(self) -> int: ...


class LineRequest(Protocol):
    """The part of gpiod's LineRequest that is used here."""

    @property
    def fd(self) -> int: ...
    def read_edge_events(self, max_events: int | None = None) -> list[Any]: ...
    def get_values(self, lines: Any = None) -> list[Any]: ...
    def release(self) -> None: ...


def request_lines(chip: str, d0: int, d1: int) -> LineRequest:
    """Both lines of that chip (`/dev/gpiochip0`), falling edges, CLOCK_MONOTONIC. OSError or ImportError."""
    gpiod, line = import_module("gpiod"), import_module("gpiod.line")
    settings = gpiod.LineSettings(
        direction=line.Direction.INPUT,
        edge_detection=line.Edge.FALLING,
        bias=line.Bias.PULL_UP,
        event_clock=line.Clock.MONOTONIC,
    )
    found: LineRequest = gpiod.request_lines(
        chip, config={(d0, d1): settings}, consumer="sekisho", event_buffer_size=BUFFER
    )
    return found


class GpiodEdges:
    """`d0` and `d1` are line offsets of `chip`; on a Raspberry Pi these are the GPIO numbers."""

    def __init__(
        self,
        chip: str,
        d0: int,
        d1: int,
        *,
        request: Callable[[str, int, int], LineRequest] = request_lines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chip = chip
        self._offsets = (d0, d1)
        self._make = request
        self._clock = clock
        self._request: LineRequest | None = None
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._next_number: int | None = None
        self._closed = False

    def open(self) -> None:
        """Ask the kernel for both lines. OSError if they are taken, ImportError without gpiod."""
        self._request = self._make(self._chip, *self._offsets)

    def wait(self, timeout: float | None) -> Edges:
        """The edges so far, and a time before which there are no others."""
        request = self._opened()
        ready, _, _ = select.select([request.fd, self._wake], [], [], timeout)
        if self._wake in ready:
            os.eventfd_read(self._wake)
        until, edges = self._clock(), []
        while select.select([request.fd], [], [], 0)[0]:
            edges += [self._edge(event) for event in request.read_edge_events(_AT_ONCE)]
            if len(edges) >= BUFFER:  # a line that never rests: what we have must be looked at
                return Edges(tuple(edges), edges[-1].stamp)
        return Edges(tuple(edges), until)

    def low(self) -> frozenset[int]:
        """The lines that are low right now."""
        values = self._opened().get_values(list(self._offsets))
        return frozenset(line for line, value in enumerate(values) if not value)

    def wake(self) -> None:
        """Make `wait` return."""
        if not self._closed:
            os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Give the lines back. May be called twice, or without an `open`."""
        if self._closed:
            return
        self._closed = True
        os.close(self._wake)
        if self._request is not None:
            self._request.release()

    def _edge(self, event: LineEvent) -> FallingEdge:
        # The kernel numbers the events of a request from 1.
        hole = event.global_seqno != (1 if self._next_number is None else self._next_number)
        self._next_number = event.global_seqno + 1
        return FallingEdge(self._offsets.index(event.line_offset), event.timestamp_ns / 1e9, hole)

    def _opened(self) -> LineRequest:
        if self._request is None:
            raise RuntimeError("the lines are not open")
        return self._request
