"""What a site's clock does, out of the time-zone database, for the years that a list speaks of.

Those years begin with the one before the current one and end with the second one after it, by the site's own calendar.
They move only at New Year, so that a list changes only when something that it says does; and they bound both the table
of offsets and the holidays, because beyond the holidays that it knows a schedule proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from contract.site_time import DAY_S, SiteTime

YEARS_BEHIND = 1
YEARS_AHEAD = 2


def years(zone: ZoneInfo, now: datetime) -> range:
    """The calendar years that a list compiled at `now` speaks of."""
    current = now.astimezone(zone).year
    return range(current - YEARS_BEHIND, current + YEARS_AHEAD + 1)


def next_new_year(zone: ZoneInfo, now: datetime) -> datetime:
    """When those years move on: the first moment of next year by the site's clock."""
    return datetime(now.astimezone(zone).year + 1, 1, 1, tzinfo=zone).astimezone(UTC)


def site_time(zone: ZoneInfo, now: datetime) -> SiteTime:
    """The table that a list compiled at `now` carries."""
    spoken_of = years(zone, now)
    return _table(zone, spoken_of.start, spoken_of.stop)


@lru_cache(maxsize=16)
def _table(zone: ZoneInfo, first_year: int, end_year: int) -> SiteTime:
    since, until = (int(datetime(year, 1, 1, tzinfo=zone).timestamp()) for year in (first_year, end_year))
    return SiteTime(zone.key, ((since, _offset(zone, since)), *_transitions(zone, since, until)), until)


def _transitions(zone: ZoneInfo, since: int, until: int) -> Iterator[tuple[int, int]]:
    """Every change of the offset; two within one day, which no zone has ever had, would pass for one."""
    for day in range(since, until, DAY_S):
        before, after = day, min(day + DAY_S, until - 1)
        if _offset(zone, before) == (offset := _offset(zone, after)):
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if _offset(zone, middle) != offset else (before, middle)
        yield after, offset


def _offset(zone: ZoneInfo, second: int) -> int:
    shown = datetime.fromtimestamp(second, zone).replace(tzinfo=UTC)
    return int(shown.timestamp()) - second
