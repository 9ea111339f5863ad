"""Whether hours grow, and from when on: held against a slow reading of the same, minute by minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.schedule import Interval
from controller.premises.japan import public_holidays
from controller.premises.written_hours import ALWAYS, NEVER, OnCalendar, WrittenHours, first_more
from tests.contract import slow_schedule
from tests.contract.slow_schedule import Span

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NEAR = [date(2026, 11, 22) + timedelta(days=place) for place in range(8)]
"""From the Sunday before NOW on, with a public holiday of Japan (23 November) among them."""
OFFICE = tuple(Interval(day, 9 * 60, 17 * 60) for day in range(5))


def intervals(most: int = 3) -> st.SearchStrategy[tuple[Interval, ...]]:
    """Any hours, those over midnight included, of few kinds so that some of them meet."""
    starts, lengths = st.sampled_from((0, 23, 36, 88, 95)), st.sampled_from((1, 4, 32, 96))
    each = st.builds(
        lambda weekday, start, length: Interval(weekday, start * 15, (start + length) * 15),
        st.integers(0, 6), starts, lengths,
    )  # fmt: skip
    return st.lists(each, max_size=most).map(tuple)


def calendars() -> st.SearchStrategy[OnCalendar]:
    days = st.one_of(st.none(), st.frozensets(st.sampled_from(NEAR), max_size=4))
    return st.builds(OnCalendar, days, intervals(1))


def written() -> st.SearchStrategy[WrittenHours]:
    dates = st.dictionaries(st.sampled_from(NEAR), intervals(1), max_size=3)
    return st.builds(WrittenHours, intervals(), dates, st.lists(calendars(), max_size=2).map(tuple))


def special(hours: WrittenHours, years: range) -> Mapping[date, list[Span]]:
    """What begins on each named day, as people would read it."""
    found: dict[date, list[Span]] = {}
    for each in reversed(hours.calendars):
        days = each.days
        if days is None:
            days = frozenset(day for year in years for day, _, _ in public_holidays(year))
        found |= {day: spans(each.hours) for day in days}
    return found | {day: spans(each) for day, each in hours.dates.items()}


def spans(hours: tuple[Interval, ...]) -> list[Span]:
    return [(each.weekday, each.start, each.end) for each in hours]


def slowly(before: WrittenHours, after: WrittenHours, zone: ZoneInfo, since: datetime, minutes: int) -> datetime | None:
    """The first of so many minutes that only `after` permits."""
    years = range(since.year - 1, since.year + 2)
    named = [(spans(each.intervals), special(each, years)) for each in (before, after)]
    for place in range(minutes):
        moment = since + timedelta(minutes=place)
        was, becomes = (slow_schedule.permitted(*each, zone.key, int(moment.timestamp())) for each in named)
        if becomes and not was:
            return moment
    return None


@settings(max_examples=60, deadline=None)
@given(written(), written(), st.integers(0, 3 * 24 * 60))
def test_the_first_minute_is_the_one_that_a_slow_look_finds(
    before: WrittenHours, after: WrittenHours, later: int
) -> None:
    since, minutes = NOW + timedelta(minutes=later), 9 * 24 * 60
    found = first_more(before, after, TOKYO, since)
    seen = slowly(before, after, TOKYO, since, minutes)
    if seen is not None or (found is not None and found < since + timedelta(minutes=minutes)):
        assert found == seen


@settings(max_examples=40, deadline=None)
@given(written(), written())
def test_nothing_is_more_than_itself_always_or_less_than_never(one: WrittenHours, other: WrittenHours) -> None:
    assert first_more(one, one, TOKYO, NOW) is None
    assert first_more(one, ALWAYS, TOKYO, NOW) is None or one != ALWAYS
    assert first_more(ALWAYS, one, TOKYO, NOW) is None
    assert first_more(one, NEVER, TOKYO, NOW) is None
    both = WrittenHours((*one.intervals, *other.intervals))
    assert first_more(both, WrittenHours(one.intervals), TOKYO, NOW) is None


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        ({date(2026, 11, 28): (Interval(0, 600, 660),)}, datetime(2026, 11, 28, 1, 0, tzinfo=UTC)),
        ({date(2091, 5, 5): (Interval(0, 600, 660),)}, datetime(2091, 5, 5, 1, 0, tzinfo=UTC)),
        ({date(2099, 12, 31): (Interval(0, 1380, 1500),)}, datetime(2099, 12, 31, 14, 0, tzinfo=UTC)),
        ({date(2026, 11, 23): (Interval(0, 1320, 1800),)}, None),
        ({date(2020, 1, 4): (Interval(0, 600, 660),)}, None),
        ({date(2026, 11, 25): ()}, None),
    ],
    ids=["soon", "in sixty years", "the last day", "what has run out", "past", "closed"],
)
def test_a_date_that_is_open_counts_however_far_ahead(
    dates: dict[date, tuple[Interval, ...]], first: datetime | None
) -> None:
    assert first_more(WrittenHours(OFFICE), WrittenHours(OFFICE, dates), TOKYO, NOW) == first


def test_holidays_that_open_in_far_years_are_not_hidden_by_dates_that_close_the_near_ones() -> None:
    closed = WrittenHours(OFFICE, {}, (OnCalendar(None, ()),))
    masks = {day: () for year in range(2026, 2032) for day, _, _ in public_holidays(year)}
    opened = WrittenHours(OFFICE, masks, (OnCalendar(None, (Interval(0, 0, 1440),)),))
    found = first_more(closed, opened, TOKYO, NOW)
    assert found is not None
    assert found.astimezone(TOKYO).year == 2032
    assert first_more(opened, closed, TOKYO, NOW) is None


def test_a_calendar_named_first_hides_one_named_later() -> None:
    never = frozenset({date(2026, 11, 26)})
    before = WrittenHours(OFFICE, {}, (OnCalendar(never, ()), OnCalendar(never, ())))
    after = WrittenHours(OFFICE, {}, (OnCalendar(never, ()), OnCalendar(never, (Interval(0, 0, 60),))))
    assert first_more(before, after, TOKYO, NOW) is None


def test_an_hour_that_the_clock_skips_is_no_gain_and_one_that_it_repeats_counts_both_times() -> None:
    skipped = {date(2027, 3, 28): (Interval(0, 120, 180),)}
    assert first_more(NEVER, WrittenHours((), skipped), BERLIN, NOW) is None
    repeated = {date(2026, 10, 25): (Interval(0, 120, 180),)}
    between = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert first_more(NEVER, WrittenHours((), repeated), BERLIN, between) == between
    assert first_more(NEVER, WrittenHours((), repeated), BERLIN, between + timedelta(hours=1)) is None
