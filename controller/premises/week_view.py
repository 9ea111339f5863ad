"""A compiled schedule as people read it: the spans of each day, and the days ahead that differ from their weekday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

from contract.schedule import DAY_BYTES, SLOT_MINUTES, SLOTS_A_DAY, Schedule

Span: TypeAlias = tuple[int, int]
"""From and to, in minutes after midnight; 1440 is the end of the day."""


def days(schedule: Schedule) -> list[list[Span]]:
    """The spans of Monday to Sunday, what ran over from the evening before among them."""
    return [spans(schedule.week[start : start + DAY_BYTES]) for start in range(0, len(schedule.week), DAY_BYTES)]


def special_days(schedule: Schedule, since: date, most: int) -> Sequence[tuple[date, list[Span]]]:
    """The next days, from `since` on, that differ from their weekday."""
    coming = sorted(day for day in schedule.exceptions if day >= since)[:most]
    return [(day, spans(schedule.exceptions[day])) for day in coming]


def spans(slots: bytes) -> list[Span]:
    """What one day's slots permit, without seams."""
    flags = f"{int.from_bytes(slots, 'big'):0{SLOTS_A_DAY}b}"
    found: list[Span] = []
    for place, flag in enumerate(flags):
        start = place * SLOT_MINUTES
        if flag == "1" and found and found[-1][1] == start:
            found[-1] = (found[-1][0], start + SLOT_MINUTES)
        elif flag == "1":
            found.append((start, start + SLOT_MINUTES))
    return found
