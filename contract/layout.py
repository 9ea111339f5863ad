"""The parts of a layout of card bits: numbers, parity bits, and how people write the positions of bits.

The law: positions count from 0, the first bit on the wire. What parts make together is `contract.card_format`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Coding(StrEnum):
    """How a field writes its number: binary, or four bits for each decimal digit."""

    BINARY = "binary"
    BCD = "bcd"


@dataclass(frozen=True, slots=True)
class Field:
    """A number inside the bits: its positions, most significant first, in any order; `most` None: all that fits."""

    name: str
    bits: tuple[int, ...]
    coding: Coding = Coding.BINARY
    least: int = 0
    most: int | None = None

    @property
    def capacity(self) -> int:
        """The largest number that the bits can hold."""
        return 10 ** (len(self.bits) // 4) - 1 if self.coding is Coding.BCD else (1 << len(self.bits)) - 1

    @property
    def largest(self) -> int:
        return self.capacity if self.most is None else self.most

    def of(self, bits: str) -> int | None:
        """The number in `bits`, or None when it is not one of this field (a digit above 9, out of range)."""
        own = "".join([bits[place] for place in self.bits])
        if self.coding is Coding.BCD:
            digits = [int(own[start : start + 4], 2) for start in range(0, len(own), 4)]
            if max(digits) > 9:
                return None
            value = int("".join(map(str, digits)))
        else:
            value = int(own, 2)
        return value if self.least <= value <= self.largest else None

    def written(self, value: int) -> str:
        """The bits of `value` in the order of `self.bits`; ValueError when it is out of range."""
        if not self.least <= value <= self.largest:
            raise ValueError(f"{self.name} must be from {self.least} to {self.largest}")
        if self.coding is Coding.BCD:
            return "".join(f"{int(digit):04b}" for digit in f"{value:0{len(self.bits) // 4}}")
        return f"{value:0{len(self.bits)}b}"


@dataclass(frozen=True, slots=True)
class Parity:
    """The bit at `bit` makes the number of ones in it and in the positions it `covers` even, or odd."""

    bit: int
    covers: tuple[int, ...]
    odd: bool


def positions(text: str) -> tuple[int, ...]:
    """The positions that `text` lists, in its order: numbers and spans between commas, `5-1` counts down."""
    found: list[int] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        span = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", part)
        if span is None:
            raise ValueError(f"'{part[:20]}' is not a bit or a span of bits; write 9 or 9-24, joined by commas")
        first, last = int(span[1]), int(span[2] or span[1])
        step = 1 if last >= first else -1
        found.extend(range(first, last + step, step))
    return tuple(found)


def spans(places: Iterable[int]) -> str:
    """The shortest text that `positions` reads back as `places`."""
    runs: list[list[int]] = []
    for place in places:
        run = runs[-1] if runs else []
        step = place - run[-1] if run else 0
        if abs(step) == 1 and (len(run) == 1 or step == run[1] - run[0]):
            run.append(place)
        else:
            runs.append([place])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
