"""How many were inside and when people come in: counted by the database as by somebody with a pencil, on any clock."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from controller.database import reading, transaction
from controller.premises.area import Area
from controller.record import attendance
from controller.record.attendance import Slot
from controller.record.stay import Stay
from tests.controller.conftest import NOW, House

BERLIN, LORD_HOWE, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Tokyo")
DAY = timedelta(days=1)


def midnight(zone: ZoneInfo, year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=zone).astimezone(UTC)


def stayed(session: Session, area: Area, holder: int, came: datetime, left: datetime | None, *, badged: bool) -> Stay:
    made = Stay(
        cardholder_id=holder,
        area_id=area.id,
        not_before=came,
        entered_at=came if badged else None,
        entry_certain=badged,
        left_at=left,
        exit_certain=None if left is None else True,
    )
    session.add(made)
    return made


def by_pencil(stays: Sequence[Stay], begins: datetime, ends: datetime) -> Slot:
    """The same from every moment at which the numbers could have changed."""

    def inside(at: datetime, some: Sequence[Stay]) -> int:
        return sum(each.not_before <= at and (each.left_at is None or each.left_at > at) for each in some)

    def before(some: Sequence[Stay]) -> int:
        return sum(each.not_before < begins and (each.left_at is None or each.left_at >= begins) for each in some)

    def most(some: Sequence[Stay]) -> int:
        moments = [each.not_before for each in some if begins <= each.not_before < ends]
        return max([before(some), *(inside(at, some) for at in moments)])

    badged = [each for each in stays if each.entered_at is not None]
    entries = sum(begins <= each.not_before < ends for each in badged)
    exits = sum(each.left_at is not None and begins <= each.left_at < ends for each in stays)
    return Slot(begins, ends, most(badged), most(stays), entries, exits)


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_are_those_of_a_pencil(house: House, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a made-up history
    with transaction(house.engine) as session:
        cedar = house.cedar(session)
        session.execute(delete(Stay))
        stays = []
        for _ in range(120):
            came = NOW + timedelta(minutes=rng.randrange(-3000, 3000) * 5)
            left = None if rng.random() < 0.1 else came + timedelta(minutes=5 * rng.randrange(1, 400))
            stays.append(stayed(session, cedar, rng.randrange(1, 4), came, left, badged=rng.random() < 0.7))
    begins = midnight(TOKYO, 2026, 11, 20)
    bounds = [*attendance.days(TOKYO, begins, begins + 3 * DAY)[:-1], *attendance.hours(TOKYO, begins + 3 * DAY, NOW)]
    with reading(house.engine) as session:
        found = attendance.slots(session, house.cedar(session), bounds)
        assert found == [by_pencil(stays, *each) for each in pairwise(bounds)]
        counted = Counter[tuple[int, int]]()
        for each in stays:
            if each.entered_at is not None and begins <= each.entered_at < NOW:
                local = each.entered_at.astimezone(TOKYO)
                counted[local.weekday(), local.hour] += 1
        by_clock = attendance.by_clock(session, house.cedar(session), TOKYO, begins, NOW)
        assert {place: each.entries for place, each in by_clock.items() if each.entries} == counted
        assert sum(each.hours for each in by_clock.values()) * 3600 == (NOW - begins).total_seconds()


def test_who_goes_as_somebody_comes_was_not_there_with_them(house: House) -> None:
    with transaction(house.engine) as session:
        cedar = house.cedar(session)
        session.execute(delete(Stay))
        stayed(session, cedar, 1, NOW, NOW + timedelta(minutes=20), badged=True)
        stayed(session, cedar, 2, NOW + timedelta(minutes=20), None, badged=True)
    with reading(house.engine) as session:
        [slot] = attendance.slots(session, house.cedar(session), [NOW, NOW + timedelta(hours=1)])
        assert (slot.badged, slot.highest, slot.entries, slot.exits) == (1, 1, 2, 1)
        [later] = attendance.slots(session, house.cedar(session), [NOW + DAY, NOW + 2 * DAY])
        assert (later.badged, later.highest, later.entries, later.exits) == (1, 1, 0, 0)
        [earlier] = attendance.slots(session, house.cedar(session), [NOW - DAY, NOW])
        assert (earlier.highest, earlier.entries) == (0, 0)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "day_s"),
    [
        (BERLIN, (2026, 3, 29), 23, 23 * 3600),
        (BERLIN, (2026, 10, 25), 25, 25 * 3600),
        (BERLIN, (2026, 6, 1), 24, 24 * 3600),
        (LORD_HOWE, (2026, 4, 5), 25, 24.5 * 3600),  # Half an hour comes twice: it is a slot of its own.
        (TOKYO, (2026, 11, 24), 24, 24 * 3600),
    ],
)
def test_a_day_has_the_hours_that_its_clock_gives_it(
    zone: ZoneInfo, day: tuple[int, int, int], hours: int, day_s: float
) -> None:
    begins = midnight(zone, *day)
    ends = attendance.days(zone, begins, begins + 3 * DAY)[1]
    assert (ends - begins).total_seconds() == day_s
    bounds = attendance.hours(zone, begins, ends)
    assert len(bounds) - 1 == hours
    assert all(timedelta(minutes=30) <= after - before <= timedelta(hours=1) for before, after in pairwise(bounds))


def test_an_hour_that_comes_twice_counts_as_two_and_one_left_out_as_none(house: House) -> None:
    twice, left_out = midnight(BERLIN, 2026, 10, 25), midnight(BERLIN, 2026, 3, 29)
    with transaction(house.engine) as session:
        cedar = house.cedar(session)
        session.execute(delete(Stay))
        for hours in (2.25, 3.25):  # 02:15 in summer time, and 02:15 again
            stayed(session, cedar, 1, twice + timedelta(hours=hours), None, badged=True)
        stayed(session, cedar, 1, left_out + timedelta(hours=2.25), None, badged=True)  # 03:15: there is no 02:15
    with reading(house.engine) as session:
        cedar = house.cedar(session)
        autumn = attendance.by_clock(session, cedar, BERLIN, twice, twice + timedelta(hours=25))
        assert (autumn[6, 2].entries, autumn[6, 2].hours, autumn[6, 2].mean) == (2, 2.0, 1.0)
        spring = attendance.by_clock(session, cedar, BERLIN, left_out, left_out + timedelta(hours=23))
        assert (6, 2) not in spring
        assert (spring[6, 3].entries, spring[6, 3].hours) == (1, 1.0)
