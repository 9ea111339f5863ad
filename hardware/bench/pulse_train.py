"""Levels of the two Wiegand lines over time: cards, keys and what goes wrong on the way. No I/O, no clock.

The law: a train is a list of `LineLevel`s in the order of their stamps; the lines rest high.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

RING: Final = 6e-6
"""A bouncing edge comes again after this long: shorter than a glitch filter's 20 µs."""


@dataclass(frozen=True, slots=True)
class LineLevel:
    """Line 0 (D0) or 1 (D1) has this level since `at`."""

    line: int
    level: int
    at: float


def duration(bits: str, spacing: float) -> float:
    """From the first falling edge to the last one."""
    return (len(bits) - 1) * spacing


def train(bits: str, start: float, spacing: float, pulse: float) -> list[LineLevel]:
    """One low pulse for each bit, on the line that the bit names."""
    found = []
    for place, bit in enumerate(bits):
        found += _pulse(int(bit), start + place * spacing, pulse)
    return found


def bouncing(bits: str, start: float, spacing: float, pulse: float) -> list[LineLevel]:
    """The same, but each pulse begins with one ring."""
    found = []
    for place, bit in enumerate(bits):
        at = start + place * spacing
        found += _pulse(int(bit), at, RING / 2)
        found += _pulse(int(bit), at + RING, pulse)
    return found


def noise(seed: int, count: int, start: float, pulse: float) -> list[LineLevel]:
    """So many pulses on random lines at random moments, none of them a card's rhythm."""
    rng = random.Random(seed)  # noqa: S311 - noise
    found, at = [], start
    for _ in range(count):
        at += pulse + rng.expovariate(1 / 0.0005)
        found += _pulse(rng.randrange(2), at, pulse)
    return found


def dip(start: float, seconds: float) -> list[LineLevel]:
    """Both lines low at once, as when a reader's power goes or comes."""
    return [LineLevel(line, level, at) for level, at in ((0, start), (1, start + seconds)) for line in (0, 1)]


def without(levels: Iterable[LineLevel], lines: Iterable[int]) -> list[LineLevel]:
    """What is left of it when these lines do not move."""
    still = frozenset(lines)
    return [level for level in levels if level.line not in still]


def _pulse(line: int, at: float, pulse: float) -> list[LineLevel]:
    return [LineLevel(line, 0, at), LineLevel(line, 1, at + pulse)]
