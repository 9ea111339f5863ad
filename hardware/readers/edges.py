"""Where the edges of the two Wiegand lines come from: gpiozero (any pin factory) or gpiod (the kernel's own numbers).

The law: edges are handed over in the order of the wire, each with the stamp that the kernel (or the bench) gave it, and
with them the time up to which nothing is missing: on the stamps' own clock, read so that no edge can slip in between.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FallingEdge:
    """Line 0 (D0) or 1 (D1) fell at `stamp`. `after_loss`: edges before this one were lost."""

    line: int
    stamp: float
    after_loss: bool = False


@dataclass(frozen=True, slots=True)
class Edges:
    """What came since the last look. Every edge with a stamp before `until` has been handed over by now.

    `late`: the look itself came late (our process was starved), so that `until` is not to be relied on yet.
    """

    edges: tuple[FallingEdge, ...]
    until: float
    late: bool = False


class EdgeSource(Protocol):
    """One pair of lines. `wait`, `low` and `now` belong to one thread; `wake` and `close` to any."""

    def open(self) -> None:
        """Take the pins. OSError, or gpiozero's own errors, if they are not to be had."""

    def wait(self, timeout: float | None) -> Edges:
        """Wait for edges, a `wake`, or the time (seconds; None: for ever); return what there is."""

    def low(self) -> frozenset[int]:
        """The lines that are low right now."""

    def wake(self) -> None:
        """Make the present or next `wait` return at once."""

    def close(self) -> None:
        """Give the pins back. May be called twice, or without an `open`."""
