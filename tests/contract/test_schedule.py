"""Schedules on the site's wall clock: over midnight, on exceptional dates, and when daylight saving moves the clock."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.schedule import ALWAYS, Interval, Schedule, compiled, united
from contract.shape import BadShape
from contract.site_time import DAY_S, SiteTime
from controller.premises import site_clock
from tests.contract import slow_schedule

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
CHANGES = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
)
"""When one of those zones moves its clock in 2026, by the local calendar."""
TOKYO = site_clock.site_time(ZoneInfo("Asia/Tokyo"), NOW)
BERLIN = site_clock.site_time(ZoneInfo("Europe/Berlin"), NOW)
OFFICE = compiled([Interval(day, 9 * 60, 17 * 60 + 30) for day in range(5)])
FRIDAY_NIGHT = Interval(4, 22 * 60, 30 * 60)


def at(site_time: SiteTime, text: str) -> int:
    """The UTC second of this wall-clock time; the first pass of a repeated hour."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(site_time.zone)).timestamp())


def spans() -> st.SearchStrategy[Interval]:
    """Any interval, those over midnight included."""
    starts, lengths = st.integers(0, 95), st.integers(1, 96)
    return st.builds(
        lambda weekday, start, length: Interval(weekday, start * 15, (start + length) * 15),
        st.integers(0, 6), starts, lengths,
    )  # fmt: skip


def seconds(zone: str) -> st.SearchStrategy[int]:
    """UTC seconds of 2026, many of them within a day of a change of some clock or of a turn of the year."""
    near = st.sampled_from((*CHANGES, date(2026, 12, 31)))
    around = st.builds(
        lambda day, off: int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) + off,
        near, st.integers(-DAY_S, 2 * DAY_S),
    )  # fmt: skip
    return st.one_of(around, st.integers(1_767_312_000, 1_798_675_200))


def test_office_hours_begin_and_end_on_the_quarter_hour() -> None:
    for clock, open_ in (("08:59:59", False), ("09:00:00", True), ("17:29:59", True), ("17:30:00", False)):
        assert OFFICE.permits(TOKYO, at(TOKYO, f"2026-11-23 {clock}")) is open_
    assert not OFFICE.permits(TOKYO, at(TOKYO, "2026-11-28 12:00"))
    assert Schedule.from_object(OFFICE.as_object()) == OFFICE


def test_a_dated_exception_replaces_the_weekday() -> None:
    monday = compiled([Interval(0, 0, 1440)], {date(2026, 11, 23): []})
    assert not monday.permits(TOKYO, at(TOKYO, "2026-11-23 12:00"))
    assert monday.permits(TOKYO, at(TOKYO, "2026-11-30 12:00"))
    assert Schedule.from_object(monday.as_object()) == monday


def test_a_friday_night_lasts_into_a_saturday_that_is_a_holiday() -> None:
    night = compiled([FRIDAY_NIGHT], {date(2026, 11, 28): []})
    for clock, open_ in (
        ("2026-11-27 21:59", False), ("2026-11-27 22:00", True), ("2026-11-28 05:59", True), ("2026-11-28 06:00", False)
    ):  # fmt: skip
        assert night.permits(TOKYO, at(TOKYO, clock)) is open_
    assert night == compiled([FRIDAY_NIGHT]), "a holiday on which nothing would begin changes nothing"


def test_a_friday_that_is_a_holiday_takes_its_whole_night_with_it() -> None:
    night = compiled([FRIDAY_NIGHT], {date(2026, 11, 27): []})
    for clock in ("2026-11-27 22:00", "2026-11-27 23:59", "2026-11-28 00:00", "2026-11-28 05:59"):
        assert not night.permits(TOKYO, at(TOKYO, clock))
        assert compiled([FRIDAY_NIGHT]).permits(TOKYO, at(TOKYO, clock))
    assert night.permits(TOKYO, at(TOKYO, "2026-12-04 22:00")), "the Friday after is a Friday"


def test_an_exceptional_date_may_itself_run_over_midnight() -> None:
    new_years_eve = compiled([Interval(3, 540, 1080)], {date(2026, 12, 31): [Interval(0, 1320, 1560)]})
    for clock, open_ in (
        ("2026-12-31 10:00", False), ("2026-12-31 23:00", True), ("2027-01-01 01:59", True), ("2027-01-01 02:00", False)
    ):  # fmt: skip
        assert new_years_eve.permits(TOKYO, at(TOKYO, clock)) is open_


def test_a_sunday_night_runs_into_monday_across_the_end_of_the_week() -> None:
    night = compiled([Interval(6, 23 * 60, 25 * 60)])
    assert night.permits(TOKYO, at(TOKYO, "2026-11-23 00:59"))
    assert not night.permits(TOKYO, at(TOKYO, "2026-11-23 01:00"))


def test_an_hour_that_the_clock_repeats_is_judged_alike_both_times() -> None:
    until_half_past_two = compiled([Interval(6, 0, 150)])
    first = at(BERLIN, "2026-10-25 02:00")
    for passes in (first, first + 3600):
        assert until_half_past_two.permits(BERLIN, passes + 29 * 60 + 59)
        assert not until_half_past_two.permits(BERLIN, passes + 30 * 60)
    assert not until_half_past_two.permits_throughout(BERLIN, first + 29 * 60, first + 3600)
    assert until_half_past_two.permits(BERLIN, first + 3600), "the clock went back: it is permitted again"


def test_an_hour_that_the_clock_skips_never_comes() -> None:
    skipped = compiled([Interval(6, 120, 180)])
    before, after = at(BERLIN, "2026-03-29 01:59"), at(BERLIN, "2026-03-29 03:00")
    assert after - before == 60
    assert not any(skipped.permits(BERLIN, second) for second in range(before, after + 60))
    around = compiled([Interval(6, 0, 120), Interval(6, 180, 240)])
    assert around.permits_throughout(BERLIN, before - 1800, after + 1800), "nothing lies between them"


def test_a_clock_that_changes_within_a_quarter_hour_is_followed_to_the_second() -> None:
    jumps = SiteTime("Test/Jumps", ((0, 0), (450, 3600)), DAY_S)
    past_midnight = compiled([Interval(3, 0, 15)])
    assert past_midnight.permits_throughout(jumps, 0, 449)
    assert not past_midnight.permits_throughout(jumps, 0, 450), "the wall clock shows 01:07:30"


def test_throughout_needs_every_slot_between_the_bounds() -> None:
    morning = compiled([Interval(0, 0, 720)])
    midnight = at(TOKYO, "2026-11-23 00:00")
    assert morning.permits_throughout(TOKYO, midnight, midnight + 12 * 3600 - 1)
    assert not morning.permits_throughout(TOKYO, midnight, midnight + 12 * 3600)
    split = compiled([Interval(0, 0, 60), Interval(0, 75, 180)])
    assert not split.permits_throughout(TOKYO, midnight + 50 * 60, midnight + 80 * 60)


def test_bounds_in_the_wrong_order_or_more_than_a_day_apart_prove_nothing() -> None:
    second = at(TOKYO, "2026-11-23 12:00")
    assert ALWAYS.permits_throughout(TOKYO, second, second + DAY_S)
    assert not ALWAYS.permits_throughout(TOKYO, second, second + DAY_S + 1)
    assert not ALWAYS.permits_throughout(TOKYO, second, second - 1)


def test_where_the_clock_is_not_known_nothing_is_permitted() -> None:
    assert ALWAYS.permits_throughout(TOKYO, TOKYO.since, TOKYO.since)
    assert not ALWAYS.permits_throughout(TOKYO, TOKYO.since - 1, TOKYO.since)
    assert ALWAYS.permits_throughout(TOKYO, TOKYO.until - 1, TOKYO.until - 1)
    assert not ALWAYS.permits_throughout(TOKYO, TOKYO.until - 1, TOKYO.until)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=60)
@given(data=st.data())
def test_a_door_permits_exactly_what_the_slow_reference_permits(zone: str, data: st.DataObject) -> None:
    usual = data.draw(st.lists(spans(), max_size=6))
    days = st.sampled_from([day + timedelta(days=off) for day in CHANGES for off in (-1, 0, 1)])
    special = data.draw(st.dictionaries(days, st.lists(spans(), max_size=2), max_size=4))
    made = Schedule.from_object(compiled(usual, special).as_object())
    written = [(each.weekday, each.start, each.end) for each in usual]
    dated = {day: [(0, each.start, each.end) for each in listed] for day, listed in special.items()}
    site_time = site_clock.site_time(ZoneInfo(zone), NOW)
    for _ in range(12):
        earliest = data.draw(seconds(zone))
        latest = earliest + data.draw(st.integers(0, 4) | st.integers(0, 8 * 3600))
        expected = slow_schedule.permitted_throughout(written, dated, zone, earliest, latest)
        assert made.permits_throughout(site_time, earliest, latest) is expected


def test_united_schedules_permit_what_either_permits(rng: random.Random) -> None:
    def some() -> Schedule:
        spans = [(rng.randrange(96), rng.randrange(1, 97)) for _ in range(6)]
        drawn = [Interval(rng.randrange(7), 15 * start, 15 * (start + length)) for start, length in spans]
        return compiled(drawn[:4], {date(2026, 11, 23 + rng.randrange(7)): drawn[4:]})

    for _ in range(20):
        one, two = some(), some()
        both = united([one, two])
        for slot in range(9 * 96):
            second = at(TOKYO, "2026-11-22 00:00") + 900 * slot
            assert both.permits(TOKYO, second) == (one.permits(TOKYO, second) or two.permits(TOKYO, second))


@pytest.mark.parametrize(
    ("weekday", "start", "end"), [(7, 0, 15), (-1, 0, 15), (0, 15, 15), (0, 0, 1455), (0, 7, 30), (0, 1440, 1455)]
)
def test_an_interval_that_is_none_is_refused(weekday: int, start: int, end: int) -> None:
    with pytest.raises(ValueError, match="interval"):
        Interval(weekday, start, end)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_an_exceptional_date_needs_neighbours(day: date) -> None:
    with pytest.raises(ValueError, match="a day before"):
        compiled([], {day: []})


@pytest.mark.parametrize("day", ["20261123", "2026-W48-1", "2026-02-30", "soon"])
def test_an_exceptional_date_has_one_writing(day: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Schedule.from_object({"week": "00" * 84, "exceptions": {day: "00" * 12}})


def test_a_schedule_of_another_length_is_refused() -> None:
    with pytest.raises(BadShape):
        Schedule.from_object({"week": "00" * 83, "exceptions": {}})
    with pytest.raises(BadShape):
        Schedule.from_object({"week": "00" * 84, "exceptions": {"2026-11-23": "00" * 11}})
    with pytest.raises(ValueError, match="84 bytes"):
        Schedule(bytes(83))
