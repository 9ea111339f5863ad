"""A supervised line of the fixture file: its resistors, and what a converter measures there. Pure.

The law: the resistors are those by which agents judge the line (`hardware.loop`). A fault is a value that none of them
makes, as far from all of their bands as it can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from hardware.bench.table import known, number, one_of, text
from hardware.loop import CUT, LOOPS, bands_of
from hardware.signal import LineState

CHANNELS: Final = 8


@dataclass(frozen=True, slots=True)
class SupervisedLine:
    """An input at a channel of an agent's converter; `scheme` is a key of `LOOPS`."""

    agent: str
    channel: int
    id: str
    scheme: str

    def fraction(self, value: int, state: LineState) -> float:
        """What is measured with the contact active (1) or not, of the reference voltage; trouble hides the contact."""
        loop = LOOPS[self.scheme]
        match state:
            case LineState.SHORT:
                return loop.fraction(0.0)
            case LineState.OPEN:
                return loop.fraction(CUT)
            case LineState.FAULT:
                bands = pairwise(bands_of(loop))
                return max((upper.low - lower.high, (upper.low + lower.high) / 2) for lower, upper in bands)[1]
        return loop.fraction(loop.active if value else loop.normal)


def read_line(table: Mapping[str, Any]) -> SupervisedLine:
    """The line in one `[[line]]` table. FixtureError if it is wrong."""
    known(table, "a line", {"agent", "channel", "id", "scheme", "door"})
    name = text(table, "line", "id")
    where = f"line {name}"
    channel = number(table, where, "channel", range(CHANNELS))
    return SupervisedLine(text(table, where, "agent"), channel, name, one_of(table, where, "scheme", LOOPS))
