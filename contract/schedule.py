"""Schedules as a door carries them: a week of quarter hours in site time, and dated exceptions.

The controller compiles what people wrote; a door only looks up one bit. Slots follow the wall clock of the site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from contract import shape
from contract.canonical import Object

SLOT_MINUTES = 15
SLOTS_A_DAY = 96
DAY_BYTES = SLOTS_A_DAY // 8
WEEK_BYTES = 7 * DAY_BYTES
_NO_TIME, _A_SLOT, _A_DAY = timedelta(0), timedelta(minutes=SLOT_MINUTES), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `end` minutes after midnight (0 to 1440, whole quarter hours, start < end) on one weekday."""

    weekday: int
    start: int
    end: int

    def __post_init__(self) -> None:
        whole = self.start % SLOT_MINUTES == 0 and self.end % SLOT_MINUTES == 0
        if not (0 <= self.weekday <= 6 and whole and 0 <= self.start < self.end <= 1440):
            raise ValueError("an interval lies within one weekday (0 Monday to 6 Sunday), in whole quarter hours")


@dataclass(frozen=True, slots=True)
class Schedule:
    """84 bytes of week (Monday 00:00 first, most significant bit first) and 12 bytes for every exceptional date."""

    week: bytes
    exceptions: Mapping[date, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.week) != WEEK_BYTES or any(len(day) != DAY_BYTES for day in self.exceptions.values()):
            raise ValueError("a week is 84 bytes, an exceptional day 12")

    def permits(self, local: datetime) -> bool:
        """Whether the slot of `local` (the site's own wall clock) is set."""
        slot = (local.hour * 60 + local.minute) // SLOT_MINUTES
        day = self.exceptions.get(local.date()) if self.exceptions else None
        slots = self.week[local.weekday() * DAY_BYTES + slot // 8] if day is None else day[slot // 8]
        return bool(slots & (0x80 >> slot % 8))

    def permits_throughout(self, earliest: datetime, latest: datetime) -> bool:
        """Whether every slot from `earliest` to `latest` is set; at most a day apart, else False."""
        apart, moment = latest - earliest, earliest
        if not _NO_TIME <= apart <= _A_DAY:
            return False
        while apart > _A_SLOT:
            if not self.permits(moment):
                return False
            moment, apart = moment + _A_SLOT, apart - _A_SLOT
        return self.permits(moment) and self.permits(latest)

    def as_object(self) -> Object:
        return {
            "week": self.week.hex(),
            "exceptions": {day.isoformat(): slots.hex() for day, slots in self.exceptions.items()},
        }

    @classmethod
    def from_object(cls, data: Object) -> Schedule:
        shape.exactly(data, ("week", "exceptions"))
        dated = shape.child(data, "exceptions")
        exceptions = {date.fromisoformat(day): shape.octets(dated, day, DAY_BYTES) for day in dated}
        return cls(shape.octets(data, "week", WEEK_BYTES), exceptions)


ALWAYS = Schedule(b"\xff" * WEEK_BYTES)


def compiled(intervals: Iterable[Interval], exceptions: Mapping[date, Iterable[Interval]] | None = None) -> Schedule:
    """The schedule that permits exactly `intervals`, with other intervals (weekday ignored) on exceptional dates."""
    week = 0
    for each in intervals:
        week |= _slots(each, 7 * SLOTS_A_DAY, each.weekday * SLOTS_A_DAY)
    dated: dict[date, bytes] = {}
    for day, special in (exceptions or {}).items():
        slots = 0
        for each in special:
            slots |= _slots(each, SLOTS_A_DAY, 0)
        dated[day] = slots.to_bytes(DAY_BYTES, "big")
    return Schedule(week.to_bytes(WEEK_BYTES, "big"), dated)


def united(schedules: Iterable[Schedule]) -> Schedule:
    """The schedule that permits whatever any of `schedules` permits (several grants of one cardholder)."""
    together = list(schedules)
    days = {day for each in together for day in each.exceptions}
    week = bytes(WEEK_BYTES)
    for each in together:
        week = _either(week, each.week)
    exceptions: dict[date, bytes] = {}
    for day in days:
        slots = bytes(DAY_BYTES)
        for each in together:
            start = day.weekday() * DAY_BYTES
            slots = _either(slots, each.exceptions.get(day, each.week[start : start + DAY_BYTES]))
        exceptions[day] = slots
    return Schedule(week, exceptions)


def _slots(interval: Interval, width: int, offset: int) -> int:
    first, last = interval.start // SLOT_MINUTES + offset, interval.end // SLOT_MINUTES + offset
    return ((1 << (last - first)) - 1) << (width - last)


def _either(left: bytes, right: bytes) -> bytes:
    return bytes(a | b for a, b in zip(left, right, strict=True))
