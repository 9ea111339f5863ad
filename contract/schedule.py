"""Schedules as a door carries them: a week of quarter hours in site time, and dated exceptions.

The controller compiles what people wrote; a door only looks up one bit. Slots follow the wall clock of the site: an
hour that daylight saving repeats is judged alike both times, one that it skips never comes. What runs over midnight
belongs to the day it began on: an exceptional date replaces what begins on it, not what the evening before began.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date, timedelta

from contract import shape
from contract.canonical import Object
from contract.site_time import DAY_S, SiteTime

SLOT_MINUTES = 15
SLOT_S = SLOT_MINUTES * 60
SLOTS_A_DAY = 96
SLOTS_A_WEEK = 7 * SLOTS_A_DAY
DAY_MINUTES = 1440
DAY_BYTES = SLOTS_A_DAY // 8
WEEK_BYTES = 7 * DAY_BYTES
_WHOLE_DAY = (1 << SLOTS_A_DAY) - 1
_A_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)
_EPOCH_SLOT = _EPOCH.weekday() * SLOTS_A_DAY


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` (0 to 1425) to `end` minutes after the midnight that begins `weekday`, in whole quarter hours.

    Beyond 1440 it runs over midnight: 22:00 to 06:00 is 1320 to 1800. At most 24 hours long.
    """

    weekday: int
    start: int
    end: int

    def __post_init__(self) -> None:
        whole = self.start % SLOT_MINUTES == 0 and self.end % SLOT_MINUTES == 0
        within = 0 <= self.start < DAY_MINUTES and self.start < self.end <= self.start + DAY_MINUTES
        if not (0 <= self.weekday <= 6 and whole and within):
            raise ValueError("an interval begins on a weekday (0 to 6) and lasts up to a day, in whole quarter hours")


def _flags(slots: bytes) -> bytes:
    """The same slots, a byte each, for the look-up."""
    return bytes(eight >> (7 - at) & 1 for eight in slots for at in range(8))


@dataclass(frozen=True, slots=True)
class Schedule:
    """84 bytes of week (Monday 00:00 first, most significant bit first) and 12 bytes for every exceptional date."""

    week: bytes
    exceptions: Mapping[date, bytes] = field(default_factory=dict)
    _usual: bytes = field(init=False, repr=False, compare=False)
    _special: Mapping[int, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != WEEK_BYTES or any(len(day) != DAY_BYTES for day in self.exceptions.values()):
            raise ValueError("a week is 84 bytes, an exceptional day 12")
        special = {(day - _EPOCH).days: _flags(slots) for day, slots in self.exceptions.items()}
        object.__setattr__(self, "_usual", _flags(self.week))
        object.__setattr__(self, "_special", special)

    def permits(self, site_time: SiteTime, second: int) -> bool:
        """Whether the slot that the site's wall clock shows at this UTC second is set; False where it is not known."""
        return self.permits_throughout(site_time, second, second)

    def permits_throughout(self, site_time: SiteTime, earliest: int, latest: int) -> bool:
        """Whether every slot from one UTC second to another is set; False if more than a day apart or not known."""
        if not (site_time.since <= earliest <= latest < site_time.until and latest - earliest <= DAY_S):
            return False
        while earliest <= latest:
            offset, changes = site_time.spells[bisect_right(site_time.starts, earliest)]
            slot, into = divmod(earliest + offset, SLOT_S)
            special = self._special.get(slot // SLOTS_A_DAY)
            if not (
                self._usual[(slot + _EPOCH_SLOT) % SLOTS_A_WEEK] if special is None else special[slot % SLOTS_A_DAY]
            ):
                return False
            ends = earliest - into + SLOT_S
            earliest = ends if ends < changes else changes
        return True

    def as_object(self) -> Object:
        return {
            "week": self.week.hex(),
            "exceptions": {day.isoformat(): slots.hex() for day, slots in self.exceptions.items()},
        }

    @classmethod
    def from_object(cls, data: Object) -> Schedule:
        shape.exactly(data, ("week", "exceptions"))
        dated = shape.child(data, "exceptions")
        exceptions = {_date(day): shape.octets(dated, day, DAY_BYTES) for day in dated}
        return cls(shape.octets(data, "week", WEEK_BYTES), exceptions)


ALWAYS = Schedule(b"\xff" * WEEK_BYTES)


def compiled(intervals: Iterable[Interval], exceptions: Mapping[date, Iterable[Interval]] | None = None) -> Schedule:
    """The schedule that permits exactly `intervals`; on exceptional dates others (weekday ignored) begin instead."""
    listed = list(intervals)
    usual = [_begun(each for each in listed if each.weekday == weekday) for weekday in range(7)]
    special = {day: _begun(instead) for day, instead in (exceptions or {}).items()}
    if any(not MINYEAR < day.year < MAXYEAR for day in special):
        raise ValueError("an exceptional date has a day before it and one after it")
    week = [_day(usual[weekday], usual[weekday - 1]) for weekday in range(7)]
    touched = special.keys() | {day + _A_DAY for day in special}
    dated = {}
    for day in sorted(touched):
        own, before = (special.get(each, usual[each.weekday()]) for each in (day, day - _A_DAY))
        dated[day] = _day(own, before)
    return _exceptional(b"".join(week), dated)


def united(schedules: Iterable[Schedule]) -> Schedule:
    """The schedule that permits whatever any of `schedules` permits (several grants of one cardholder)."""
    together = list(schedules)
    week = bytes(WEEK_BYTES)
    for each in together:
        week = _either(week, each.week)
    dated: dict[date, bytes] = {}
    for day in sorted({day for each in together for day in each.exceptions}):
        slots = bytes(DAY_BYTES)
        for each in together:
            slots = _either(slots, each.exceptions.get(day, _weekday(each.week, day)))
        dated[day] = slots
    return _exceptional(week, dated)


def _exceptional(week: bytes, dated: Mapping[date, bytes]) -> Schedule:
    """Without the dates that are as their weekday: they would only make the list longer."""
    return Schedule(week, {day: slots for day, slots in dated.items() if slots != _weekday(week, day)})


def _weekday(week: bytes, day: date) -> bytes:
    start = day.weekday() * DAY_BYTES
    return week[start : start + DAY_BYTES]


def _begun(intervals: Iterable[Interval]) -> int:
    """The slots of two days, first slot highest: what begins on a day, and where it runs over midnight."""
    slots = 0
    for each in intervals:
        first, last = each.start // SLOT_MINUTES, each.end // SLOT_MINUTES
        slots |= ((1 << (last - first)) - 1) << (2 * SLOTS_A_DAY - last)
    return slots


def _day(own: int, before: int) -> bytes:
    """One day's slots: what begins on it, and what the day before began."""
    return (own >> SLOTS_A_DAY | before & _WHOLE_DAY).to_bytes(DAY_BYTES, "big")


def _date(text: str) -> date:
    """ISO 8601's extended calendar date and nothing else: one date has one key."""
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise shape.BadShape("an exceptional date is not YYYY-MM-DD")
    return found


def _either(left: bytes, right: bytes) -> bytes:
    return bytes(a | b for a, b in zip(left, right, strict=True))
