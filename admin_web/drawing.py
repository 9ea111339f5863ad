"""Drawings of time and of numbers: where marks and bars stand, said in percent of the width and pixels of the height.

The law: only geometry is made here. A template draws it as SVG with classes, so that no style stands in a page and what
is written keeps its size however narrow the page is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from controller.record import attendance

_T = TypeVar("_T")
HEIGHT = 160
_MOST_TICKS = 8
_HOURS_UP_TO = 2
"""Days that are told by hours; more of them are told by days."""


@dataclass(frozen=True, slots=True)
class Tick:
    """x: in percent; anchor: which side of the text stands there."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """x, width: in percent; height: in pixels of HEIGHT; beyond: of a lighter part on top of it."""

    x: float
    width: float
    height: float = 0.0
    beyond: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """The width of a drawing as a span of time."""

    since: datetime
    until: datetime

    def at(self, moment: datetime) -> float:
        """Where a moment stands, in percent; what lies outside stands at the edge."""
        part = (moment - self.since) / (self.until - self.since)
        return round(100 * min(max(part, 0.0), 1.0), 3)

    def bar(self, begins: datetime, ends: datetime | None) -> Bar:
        """From one moment to another, or to the edge."""
        x = self.at(begins)
        return Bar(x, round((100.0 if ends is None else self.at(ends)) - x, 3))


def bounds(zone: ZoneInfo, since: datetime, until: datetime) -> list[datetime]:
    """Hours of a short time, days of a longer one."""
    short = (until - since).days <= _HOURS_UP_TO
    return attendance.hours(zone, since, until) if short else attendance.days(zone, since, until)


def ticks(zone: ZoneInfo, line: Line) -> list[Tick]:
    """A few moments of the clock along a span of time."""
    few = _few(bounds(zone, line.since, line.until)[:-1])
    return [Tick(line.at(at), label(zone, line.since, line.until, at), _anchor(line.at(at))) for at in few]


def label(zone: ZoneInfo, since: datetime, until: datetime, at: datetime) -> str:
    """An hour or a day in few signs; an hour that comes twice says which of the two it is."""
    local = at.astimezone(zone)
    if (until - since).days > _HOURS_UP_TO:
        return f"{local:%m-%d}"
    changes = since.astimezone(zone).utcoffset() != until.astimezone(zone).utcoffset()
    return f"{local:%H:%M} {local:%Z}" if changes else f"{local:%H:%M}"


def bars(values: Sequence[tuple[float, float]], top: float) -> list[Bar]:
    """One bar for each (value, value with what lies beyond it), side by side."""
    step = 100 / max(len(values), 1)
    return [
        Bar(
            round(number * step + step * 0.1, 3),
            round(step * 0.8, 3),
            round(HEIGHT * value / top, 1),
            round(HEIGHT * (beyond - value) / top, 1),
        )
        for number, (value, beyond) in enumerate(values)
    ]


def under_bars(texts: Sequence[str]) -> list[Tick]:
    """The texts of a few bars, each under its middle."""
    step = 100 / max(len(texts), 1)
    placed = [(round((number + 0.5) * step, 3), text) for number, text in enumerate(texts)]
    return [Tick(x, text, "middle") for x, text in _few(placed)]


def top_of(highest: float) -> int:
    """A round number that is not below: 1, 2, 4, 10, 20, 40, 100 …"""
    top = 1
    while top < highest:
        top = top * 5 // 2 if str(top).startswith("4") else top * 2
    return top


def _few(every: Sequence[_T]) -> Sequence[_T]:
    return every[:: -(-len(every) // _MOST_TICKS) or 1]


def _anchor(x: float) -> str:
    return "start" if x < 4 else "end" if x > 96 else "middle"
