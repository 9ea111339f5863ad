"""Whether a schedule comes to permit more than before, and from when on: compared slot by slot, as doors look them up.

Pure. Both schedules must be compiled with the exceptional dates of every day that is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contract.schedule import DAY_BYTES, SLOT_MINUTES, SLOTS_A_DAY, Schedule

_SLOT = timedelta(minutes=SLOT_MINUTES)
_A_DAY = timedelta(days=1)


def first_gain(before: Schedule, after: Schedule, zone: ZoneInfo, since: datetime, until: date) -> datetime | None:
    """The first moment from `since` on, and before the day `until`, that `after` permits and `before` does not; None:
    there is none. A slot that the clock of `zone` skips never comes."""
    for day in _days(before, after, since.astimezone(zone).date(), until):
        more = _bits(after, day) & ~_bits(before, day)
        if more:
            found = min((moment for moment in _moments(more, day, zone) if moment + _SLOT > since), default=None)
            if found is not None:
                return max(found, since)
    return None


def _days(before: Schedule, after: Schedule, first: date, until: date) -> Iterator[date]:
    """The days that can differ, in order: every one, or the exceptional ones where no weekday gains."""
    if any(new & ~old for new, old in zip(after.week, before.week, strict=True)):
        yield from (first + _A_DAY * place for place in range((until - first).days))
    else:
        yield from sorted(day for day in before.exceptions.keys() | after.exceptions.keys() if first <= day < until)


def _bits(schedule: Schedule, day: date) -> int:
    usual = schedule.week[day.weekday() * DAY_BYTES : (day.weekday() + 1) * DAY_BYTES]
    return int.from_bytes(schedule.exceptions.get(day, usual), "big")


def _moments(slots: int, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """When these slots of the day begin, in UTC: none for one that is skipped, two for one that is repeated."""
    for place in range(SLOTS_A_DAY):
        if not slots >> (SLOTS_A_DAY - 1 - place) & 1:
            continue
        hour, quarter = divmod(place, 60 // SLOT_MINUTES)
        shown = datetime.combine(day, time(hour, quarter * SLOT_MINUTES))
        for fold in (0, 1):
            moment = shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) == shown:
                yield moment
