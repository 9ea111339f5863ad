"""The resistors of a supervised loop, and the bands of measured values that they make.

The law: pure arithmetic. A value is the fraction of the ADC's reference voltage at the input, with the `reference`
resistor from that voltage to the input and the loop from the input to ground: 0 is a short, 1 is a cut. What lies in no
band is a FAULT; nothing is rounded to the nearest state.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hardware.signal import LineState

CUT: Final = math.inf
TOLERANCE: Final = 0.1
"""Of every resistor: 1 % parts, their temperature, the reference resistor and the ADC, with room to spare."""

CABLE_OHM: Final = 50.0
HYSTERESIS: Final = 0.01
_SHORT_BELOW: Final = 0.1
_OPEN_ABOVE: Final = 10.0


class Contact(StrEnum):
    """What the watched contact does when all is well."""

    NORMALLY_OPEN = "normally-open"
    NORMALLY_CLOSED = "normally-closed"


@dataclass(frozen=True, slots=True)
class Loop:
    """What the loop measures normal and active (0: shorted, `CUT`: open), and its reference resistor, in ohm."""

    normal: float
    active: float
    reference: float

    def __post_init__(self) -> None:
        if self.normal == self.active or not 0 < self.normal < CUT:
            raise ValueError("a supervised loop is normal through a resistor, and active through another value")
        if self.active < 0 or not 0 < self.reference < CUT:
            raise ValueError("resistors are above 0 ohms")

    def fraction(self, ohms: float) -> float:
        """The value measured when the loop has that resistance."""
        return 1.0 if ohms == CUT else ohms / (ohms + self.reference)


def single_end_of_line(resistor: float, contact: Contact, reference: float) -> Loop:
    """One resistor: across a normally open contact (a short is then the alarm), or in series with a normally closed one
    (a cut is then the alarm)."""
    return Loop(resistor, 0.0 if contact is Contact.NORMALLY_OPEN else CUT, reference)


def double_end_of_line(series: float, across: float, contact: Contact, reference: float) -> Loop:
    """Two resistors at the contact, one in series and one across it: every state has a value of its own."""
    closed, opened = series, series + across
    return Loop(*((opened, closed) if contact is Contact.NORMALLY_OPEN else (closed, opened)), reference)


LOOPS: Final[Mapping[str, Loop]] = {
    "1k-1k": double_end_of_line(1_000, 1_000, Contact.NORMALLY_OPEN, 1_500),
    "1k-1k-nc": double_end_of_line(1_000, 1_000, Contact.NORMALLY_CLOSED, 1_500),
    "2k2-4k7": double_end_of_line(2_200, 4_700, Contact.NORMALLY_OPEN, 4_700),
    "2k2-4k7-nc": double_end_of_line(2_200, 4_700, Contact.NORMALLY_CLOSED, 4_700),
    "2k2-8k2": double_end_of_line(2_200, 8_200, Contact.NORMALLY_OPEN, 4_700),
    "2k2-8k2-nc": double_end_of_line(2_200, 8_200, Contact.NORMALLY_CLOSED, 4_700),
    "4k7-5k6": double_end_of_line(4_700, 5_600, Contact.NORMALLY_OPEN, 6_800),
    "4k7-5k6-nc": double_end_of_line(4_700, 5_600, Contact.NORMALLY_CLOSED, 6_800),
    "single-4k7": single_end_of_line(4_700, Contact.NORMALLY_OPEN, 4_700),
    "single-4k7-nc": single_end_of_line(4_700, Contact.NORMALLY_CLOSED, 4_700),
}
"""Common schemes by name: the series resistor and the one across the contact; -nc: the contact is normally closed."""


@dataclass(frozen=True, slots=True)
class Band:
    """Values from `low` to `high` mean `state`."""

    state: LineState
    low: float
    high: float


class Bands:
    """Bands that do not touch; the gaps between them are wider than twice the hysteresis."""

    def __init__(self, bands: Sequence[Band], hysteresis: float = HYSTERESIS) -> None:
        self._bands = tuple(sorted(bands, key=lambda band: band.low))
        self._hysteresis = hysteresis
        for band in self._bands:
            if not 0.0 <= band.low < band.high <= 1.0:
                raise ValueError("a band lies between 0 and 1")
        for lower, upper in zip(self._bands, self._bands[1:], strict=False):
            if upper.low - lower.high <= 2 * hysteresis:
                raise ValueError(f"{lower.state} and {upper.state} lie too close together to be told apart")

    def __iter__(self) -> Iterator[Band]:
        return iter(self._bands)

    def state(self, value: float | None, last: LineState | None) -> LineState:
        """What `value` means (None: it could not be measured), when the value before it meant `last`."""
        if value is None:
            return LineState.FAULT
        for band in self._bands:
            slack = self._hysteresis if band.state is last else 0.0
            if band.low - slack <= value <= band.high + slack and 0.0 <= value <= 1.0:
                return band.state
        return LineState.FAULT


def bands_of(loop: Loop, tolerance: float = TOLERANCE, cable_ohm: float = CABLE_OHM) -> Bands:
    """The bands of a loop: resistors true to `tolerance`, at most `cable_ohm` of cable there and back.

    A state that is itself a short or a cut takes that place: such a loop cannot tell the alarm from that trouble.
    ValueError if the resistors lie too close together.
    """
    finite = [ohms for ohms in (loop.normal, loop.active) if 0 < ohms < CUT]
    short = Band(LineState.SHORT, 0.0, loop.fraction(min(finite) * _SHORT_BELOW + cable_ohm))
    cut = Band(LineState.OPEN, loop.fraction(max(finite) * _OPEN_ABOVE), 1.0)
    found = [_around(loop, LineState.NORMAL, loop.normal, tolerance, cable_ohm)]
    if loop.active == 0:
        short = Band(LineState.ACTIVE, short.low, short.high)
    elif loop.active == CUT:
        cut = Band(LineState.ACTIVE, cut.low, cut.high)
    else:
        found.append(_around(loop, LineState.ACTIVE, loop.active, tolerance, cable_ohm))
    return Bands([short, *found, cut])


def _around(loop: Loop, state: LineState, ohms: float, tolerance: float, cable_ohm: float) -> Band:
    return Band(state, loop.fraction(ohms * (1 - tolerance)), loop.fraction(ohms * (1 + tolerance) + cable_ohm))
