"""The hours of a schedule with the days of its calendars, as one value: what was written at one moment, to be held
against what is written at another. Pure, but for the holidays of Japan, which are computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from contract import schedule as week
from contract.schedule import Interval, Schedule
from controller.premises.hours_gain import first_gain
from controller.premises.japan import public_holidays
from controller.premises.site_clock import YEARS_AHEAD

END_OF_DAYS: Final = date(2100, 1, 1)
"""Dates of schedules and calendars lie before it."""
_A_DAY = timedelta(days=1)
_A_MONDAY = date(2001, 1, 1)
_BEGINNING = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OnCalendar:
    """What begins on the days of a calendar; days None: those of Japan's public holidays."""

    days: frozenset[date] | None
    hours: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class WrittenHours:
    """intervals: of the week; dates: what begins on single ones instead; calendars: the first that holds a day that is
    no such date decides."""

    intervals: tuple[Interval, ...]
    dates: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)
    calendars: tuple[OnCalendar, ...] = ()

    @property
    def last_year(self) -> int:
        """The last one in which a day is named; 0 when none is."""
        named = {*self.dates, *(day for each in self.calendars for day in each.days or ())}
        return max((day.year for day in named), default=0)

    def compiled(self, years: range) -> Schedule:
        """As a door looks it up, with the exceptional dates of `years` and of the evening before them."""
        first, end = date(years.start, 1, 1) - _A_DAY, date(years.stop, 1, 1)
        dated: dict[date, Sequence[Interval]] = {}
        for each in reversed(self.calendars):
            days = each.days
            if days is None:
                days = frozenset(day for year in (first.year, *years) for day, _, _ in public_holidays(year))
            dated |= dict.fromkeys((day for day in days if first <= day < end), each.hours)
        dated |= {day: hours for day, hours in self.dates.items() if first <= day < end}
        return week.compiled(self.intervals, dated)

    def typical(self) -> Schedule:
        """Years without named days, in one: every weekday with and without a public holiday on it or on its eve."""
        built_in = [each.hours for each in self.calendars if each.days is None]
        dated: dict[date, Sequence[Interval]] = {}
        if built_in:
            for place, (weekday, today, eve) in enumerate(product(range(7), (True, False), (True, False))):
                day = _A_MONDAY + timedelta(weeks=2 * place + 1, days=weekday)
                dated |= {each: built_in[0] for each, holiday in ((day, today), (day - _A_DAY, eve)) if holiday}
        return week.compiled(self.intervals, dated)


NEVER: Final = WrittenHours(())
ALWAYS: Final = WrittenHours(tuple(Interval(day, 0, 1440) for day in range(7)))


def first_more(before: WrittenHours, after: WrittenHours, zone: ZoneInfo, since: datetime) -> datetime | None:
    """The first moment from `since` on that `after` permits and `before` does not; None: there is none. Years in which
    no day is named are alike, and judged by every way in which public holidays may fall: what only they bring is told
    as the beginning of the first of them."""
    this_year = since.astimezone(zone).year
    named = max(this_year + YEARS_AHEAD, before.last_year, after.last_year)
    years = range(this_year, min(named + 2, END_OF_DAYS.year))
    end = date(years.stop, 1, 1)
    found = first_gain(before.compiled(years), after.compiled(years), zone, since, end)
    if found is None and end < END_OF_DAYS and _more(before.typical(), after.typical()):
        return datetime(end.year, 1, 1, tzinfo=zone)
    return found


def _more(before: Schedule, after: Schedule) -> bool:
    """Whether any slot of any day is permitted by `after` only."""
    return first_gain(before, after, ZoneInfo("UTC"), _BEGINNING, _A_MONDAY + timedelta(weeks=60)) is not None
