"""Hours as people type and read them: `08:00-18:00, 22:00-06:00`; what ends before it begins ends the next day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from flask_babel import get_locale

from contract.schedule import DAY_MINUTES, Interval
from controller.premises.week_view import Span
from controller.refusal import Refused

_CLOCK: Final = r"([01]?\d|2[0-4]):([0-5]\d)"
_SPAN: Final = re.compile(rf"{_CLOCK}\s*[-\u2013\u301c\uff5e~]\s*{_CLOCK}", re.ASCII)


def read(text: str, weekday: int = 0) -> list[Interval]:
    """The intervals that begin on `weekday`; none for an empty text. Refused hours-wrong."""
    found = []
    for part in filter(None, (each.strip() for each in re.split("[,、，]", text))):
        told = _SPAN.fullmatch(part)
        if told is None:
            raise Refused("hours-wrong")
        start, end = (int(told[hour]) * 60 + int(told[hour + 1]) for hour in (1, 3))
        try:
            found.append(Interval(weekday, start, end if end > start else end + DAY_MINUTES))
        except ValueError as flaw:
            raise Refused("hours-wrong") from flaw
    return found


def typed(intervals: Iterable[Interval]) -> str:
    """The same the other way, for a field."""
    return ", ".join(f"{_clock(each.start)}-{_clock(_end(each.end))}" for each in intervals)


def told(spans: Sequence[Span]) -> str:
    """The spans of one day, in words of the clock; empty for none."""
    return ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in spans)


def weekdays() -> list[str]:
    """Monday to Sunday, short, in the reader's language."""
    names = get_locale().days["format"]["abbreviated"]
    return [str(names[each]) for each in range(7)]


def months() -> list[str]:
    """January to December in the reader's language."""
    names = get_locale().months["stand-alone"]["wide"]
    return [str(names[each]) for each in range(1, 13)]


def grouped(days: Sequence[list[Span]]) -> list[tuple[str, list[Span]]]:
    """Days in a row with the same spans together: "Mon–Fri"."""
    names, found = weekdays(), list[tuple[int, int, list[Span]]]()
    for day, spans in enumerate(days):
        if found and found[-1][2] == spans:
            found[-1] = (found[-1][0], day, spans)
        else:
            found.append((day, day, spans))
    return [(names[first] if first == last else f"{names[first]}–{names[last]}", each) for first, last, each in found]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _end(minutes: int) -> int:
    return minutes if minutes <= DAY_MINUTES else minutes - DAY_MINUTES
