"""A second, slow and independent writing of schedules, made from `docs/protocol/list.md` and the glossary.

It imports nothing of ours and works on what people wrote, minute by minute, with the time-zone database of the host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Span = tuple[int, int, int]
"""Weekday, start and end in minutes after the midnight that begins it; an end beyond 1440 is on the next day."""


def permitted(usual: Sequence[Span], special: Mapping[date, Sequence[Span]], zone: str, second: int) -> bool:
    """Whether one of the spans holds the wall clock at this UTC second."""
    shown = datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone))
    today, minute = shown.date(), shown.hour * 60 + shown.minute
    yesterday = today - timedelta(days=1)
    return _runs(usual, special, today, minute) or _runs(usual, special, yesterday, minute + 1440)


def permitted_throughout(
    usual: Sequence[Span], special: Mapping[date, Sequence[Span]], zone: str, earliest: int, latest: int
) -> bool:
    """Every minute between the bounds, and both bounds."""
    within = range(earliest - earliest % 60 + 60, latest, 60)
    return all(permitted(usual, special, zone, second) for second in (earliest, *within, latest))


def _runs(usual: Sequence[Span], special: Mapping[date, Sequence[Span]], began: date, minute: int) -> bool:
    spans = special[began] if began in special else [each for each in usual if each[0] == began.weekday()]
    return any(start <= minute < end for _, start, end in spans)
