"""Calendars and schedules at the centre: which days Japan keeps, what goes first, and what reaches the doors' lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cli.demo.building import PLAN
from contract.record import ALWAYS
from contract.schedule import Interval
from controller.database import migrate, open_database, reading, transaction
from controller.delivery import compiling, distribution
from controller.delivery.compiling import all_must_fit
from controller.ledger.kinds import CHANGES_LISTS, Kind
from controller.ledger.ledger import LedgerRow
from controller.people import permission
from controller.people.permission import Wish
from controller.premises import building, calendar, japan, schedule, site_clock
from controller.premises.calendar import Calendar, Holiday, HolidayRow
from controller.premises.schedule import Schedule, SchedulePlan
from controller.premises.site import Site
from controller.refusal import Refused
from tests.controller.conftest import NOW, House, of_revision

TOKYO = ZoneInfo("Asia/Tokyo")
BY_DAY = tuple(Interval(day, 540, 1080) for day in range(5))
SHORT = (Interval(0, 600, 720),)
ACTOR = "operator:1"

DAYS_OF_2026 = """01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03
11-23"""
DAYS_OF_2019 = """01-01 01-14 02-11 03-21 04-29 04-30 05-01 05-02 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-23
10-14 10-22 11-03 11-04 11-23"""
DAYS_OF_2020 = """01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-23 07-24 08-10 09-21 09-22 11-03
11-23"""
"""As the Cabinet Office published them; 2019 had the accession and its bridges, 2020 the moved days of the Games."""


@pytest.fixture
def own(house: House) -> House:
    """The building with a calendar of the company's own: closed from 29 December, and a summer break."""
    with transaction(house.engine) as session:
        made = calendar.make(session, ACTOR, NOW, house.site(session), "Company days", "会社の休日")
        for day in (date(2026, 12, 29), date(2026, 12, 31), date(2026, 11, 23)):
            calendar.add_day(session, ACTOR, NOW, made, Holiday(day, "Closed", ""), all_must_fit)
    return house


def named(session: Session, name: str) -> Calendar:
    found = session.scalar(select(Calendar).where(Calendar.name == name))
    assert found is not None
    return found


def japanese(session: Session) -> int:
    return named(session, "Japanese public holidays").id


def company(session: Session) -> int:
    return named(session, "Company days").id


def make(house: House, session: Session, plan: SchedulePlan) -> Schedule:
    return schedule.make(session, ACTOR, NOW, house.site(session), plan)


def hours(session: Session, row: Schedule, day: str) -> str:
    """The hours of one day at the doors, as 09-18."""
    compiled = schedule.compiled(session, row, site_clock.years(TOKYO, NOW))
    site_time = site_clock.site_time(TOKYO, NOW)
    midnight = int(datetime.fromisoformat(day).replace(tzinfo=TOKYO).timestamp())
    open_ = [hour for hour in range(24) if compiled.permits(site_time, midnight + 3600 * hour)]
    return f"{open_[0]:02}-{open_[-1] + 1:02}" if open_ else "closed"


def kinds(session: Session) -> Sequence[str]:
    return session.scalars(select(LedgerRow.kind).order_by(LedgerRow.sequence)).all()


@pytest.mark.parametrize(("year", "days"), [(2019, DAYS_OF_2019), (2020, DAYS_OF_2020), (2026, DAYS_OF_2026)])
def test_japan_keeps_the_days_that_the_cabinet_office_published(year: int, days: str) -> None:
    expected = [date.fromisoformat(f"{year}-{day}") for day in days.split()]
    assert [day for day, _name, _name_ja in japan.public_holidays(year)] == expected


def test_substitutes_and_days_between_holidays_have_their_names() -> None:
    told = {day: (name, name_ja) for day, name, name_ja in japan.public_holidays(2026)}
    assert told[date(2026, 5, 6)] == ("Substitute holiday for Constitution Day", "憲法記念日 振替休日")
    assert told[date(2026, 9, 22)] == ("Citizens' Holiday", "国民の休日")
    assert told[date(2026, 9, 23)] == ("Autumnal Equinox Day", "秋分の日")


def test_every_holiday_of_a_century_has_an_english_name() -> None:
    names = {name for year in calendar.YEARS for _day, name, _name_ja in japan.public_holidays(year)}
    assert all(name.isascii() for name in names), names
    assert japan.english("新しい祝日") == "新しい祝日"


def test_a_new_building_has_the_public_holidays_once(house: House) -> None:
    with transaction(house.engine) as session:
        calendar.provide(session, ACTOR, NOW, house.site(session))
        assert [each.built_in for each in calendar.of_site(session, house.site(session))] == ["japan"]


def test_a_building_of_an_earlier_version_gets_the_public_holidays_too(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with of_revision(engine, "0004") as connection:
        connection.execute(text("INSERT INTO site VALUES (7, 'osaka', 'Osaka', '大阪', 'Asia/Tokyo')"))
        connection.execute(text("INSERT INTO schedule VALUES (3, 7, 'Day', '昼', '[[0,540,1080]]', '{}')"))
    migrate(engine)
    with reading(engine) as session:
        office = session.get_one(Schedule, 3)
        assert (office.retired_at, hours(session, office, "2026-11-30")) == (None, "09-18")
        (public,) = calendar.of_site(session, session.get_one(Site, 7))
        assert (public.name, public.built_in) == ("Japanese public holidays", "japan")
    engine.dispose()


def test_the_office_hours_of_the_plan_close_on_public_holidays(house: House) -> None:
    with reading(house.engine) as session:
        office = schedule.by_name(session, house.site(session), "Office hours")
        assert office is not None
        told = {day: hours(session, office, day) for day in ("2026-11-23", "2026-11-24", "2026-11-28", "2027-05-03")}
    assert told == {
        "2026-11-23": "closed", "2026-11-24": "08-19", "2026-11-28": "closed", "2027-05-03": "closed"
    }  # fmt: skip


@pytest.mark.parametrize(
    "named",
    [
        {"name": "Nobody's holidays", "hours": []},
        {"name": "Japanese public holidays", "hours": [[0, 540, 600]]},
        {"name": "Japanese public holidays", "hours": 7},
        {"name": "Japanese public holidays", "open": []},
    ],
)
def test_a_plan_whose_calendar_means_nothing_is_refused(house: House, named: dict[str, object]) -> None:
    told = {"name": "Lab", "name_ja": "研究室", "intervals": [], "calendar": [named]}
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        building.load(session, ACTOR, NOW, {"site": PLAN["site"], "schedule": [told]})
    assert refused.value.code == "building-wrong"


def test_the_first_calendar_that_holds_a_day_decides_and_an_exception_beats_them_all(own: House) -> None:
    with transaction(own.engine) as session:
        both = {japanese(session): SHORT, company(session): ()}
        late = {date(2026, 12, 31): (Interval(0, 1200, 1320),)}
        first = make(own, session, SchedulePlan("Japan first", "", BY_DAY, late, both))
        second = make(own, session, SchedulePlan("Company first", "", BY_DAY, {}, dict(reversed(both.items()))))
        assert hours(session, first, "2026-11-23") == "10-12"
        assert hours(session, second, "2026-11-23") == "closed"
        assert hours(session, first, "2026-12-29") == hours(session, second, "2026-12-29") == "closed"
        assert hours(session, first, "2026-12-31") == "20-22"
        assert hours(session, first, "2026-12-30") == "09-18"


def test_each_schedule_has_hours_of_its_own_on_the_days_of_one_calendar(house: House) -> None:
    with transaction(house.engine) as session:
        key = japanese(session)
        closed = make(house, session, SchedulePlan("Closed", "", BY_DAY, {}, {key: ()}))
        shorter = make(house, session, SchedulePlan("Shorter", "", BY_DAY, {}, {key: SHORT}))
        assert (hours(session, closed, "2026-11-23"), hours(session, shorter, "2026-11-23")) == ("closed", "10-12")
        assert hours(session, shorter, "2026-05-03") == "10-12", "a Sunday that is a holiday has the holiday's hours"


def test_a_night_that_began_before_the_years_that_are_spoken_of_still_ends_in_them(house: House) -> None:
    with transaction(house.engine) as session:
        eve = {date(2024, 12, 31): (Interval(0, 1320, 1560),)}
        row = make(house, session, SchedulePlan("Eve", "", (), eve))
        assert hours(session, row, "2025-01-01") == "00-02"


def test_a_schedule_survives_being_kept(own: House) -> None:
    with transaction(own.engine) as session:
        exceptions = {date(2026, 12, 24): (Interval(0, 540, 720), Interval(0, 1320, 1800))}
        plan = SchedulePlan("Everything", "全部", BY_DAY, exceptions, {company(session): (), japanese(session): SHORT})
        row = make(own, session, plan)
        session.expire_all()
        assert schedule.plan_of(session, row).as_object() == plan.as_object()


def test_a_change_is_recorded_once_and_changes_the_lists_that_use_it(house: House) -> None:
    with transaction(house.engine) as session:
        row = make(house, session, SchedulePlan("Lab", "", BY_DAY))
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        wish = Wish(house.holder(session, "Ada"), house.cedar(session), NOW, None, "works here", row)
        permission.approve(session, mia, NOW, permission.request(session, kim, NOW, wish), compiling.must_fit)
        distribution.follow(session, house.site(session), NOW, house.authority.signing)
    plan = SchedulePlan("Lab", "", BY_DAY, {}, {})
    later = NOW + timedelta(minutes=1)
    with transaction(house.engine) as session:
        row = session.get_one(Schedule, row.id)
        schedule.change(session, ACTOR, later, row, plan, all_must_fit)
        assert Kind.SCHEDULE_CHANGED not in kinds(session), "nothing changed"
        plan = SchedulePlan("Lab", "", BY_DAY[:4])
        schedule.change(session, ACTOR, later, row, plan, all_must_fit)
        assert list(kinds(session)).count(Kind.SCHEDULE_CHANGED) == 1
        issued = distribution.follow(session, house.site(session), later, house.authority.signing)
        assert {agent.key for agent, _made in issued} == {"cedar", "cedar-back"}
        assert hours(session, row, "2026-11-27") == "closed"


def test_a_new_day_in_a_calendar_reaches_the_lists_that_use_it_and_no_others(own: House) -> None:
    with transaction(own.engine) as session:
        row = make(own, session, SchedulePlan("Lab", "", BY_DAY, {}, {company(session): ()}))
        kim, mia = own.operator(session, "kim"), own.operator(session, "mia")
        wish = Wish(own.holder(session, "Ada"), own.cedar(session), NOW, None, "works here", row)
        permission.approve(session, mia, NOW, permission.request(session, kim, NOW, wish), compiling.must_fit)
        distribution.follow(session, own.site(session), NOW, own.authority.signing)
    with transaction(own.engine) as session:
        unused = calendar.make(session, ACTOR, NOW, own.site(session), "Unused")
        calendar.add_day(session, ACTOR, NOW, unused, Holiday(date(2026, 12, 1), "x", ""), all_must_fit)
        later = NOW + timedelta(minutes=1)
        assert not distribution.follow(session, own.site(session), later, own.authority.signing)
        row_of_day = calendar.add_day(
            session, ACTOR, later, named(session, "Company days"), Holiday(date(2026, 12, 1), "Move", ""), all_must_fit
        )
        later += timedelta(minutes=1)
        assert distribution.follow(session, own.site(session), later, own.authority.signing)
        assert hours(session, row, "2026-12-01") == "closed"
        moved = Holiday(date(2026, 12, 2), "Move", "引越し")
        calendar.change_day(session, ACTOR, later, row_of_day, moved, all_must_fit)
        assert (hours(session, row, "2026-12-01"), hours(session, row, "2026-12-02")) == ("09-18", "closed")
        calendar.remove_day(session, ACTOR, later, row_of_day, all_must_fit)
        assert hours(session, row, "2026-12-02") == "09-18"
        assert [each for each in kinds(session) if each.startswith("holiday")][-3:] == [
            Kind.HOLIDAY_ADDED, Kind.HOLIDAY_CHANGED, Kind.HOLIDAY_REMOVED
        ]  # fmt: skip


def test_the_years_move_on_at_the_sites_own_new_year(house: House) -> None:
    before, after = datetime(2026, 12, 31, 14, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    assert site_clock.next_new_year(TOKYO, before) == after
    assert site_clock.next_new_year(TOKYO, after) == datetime(2027, 12, 31, 15, 0, tzinfo=UTC)
    assert site_clock.years(TOKYO, before) == range(2025, 2029)
    assert site_clock.years(TOKYO, after) == range(2026, 2030)
    assert site_clock.site_time(TOKYO, NOW) == site_clock.site_time(TOKYO, before)
    with reading(house.engine) as session:
        assert compiling.next_boundary(session, house.site(session), NOW) == after


def test_the_lists_are_compiled_again_at_new_year(house: House) -> None:
    with transaction(house.engine) as session:
        office = schedule.by_name(session, house.site(session), "Office hours")
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        wish = Wish(house.holder(session, "Ada"), house.cedar(session), NOW, None, "works here", office)
        permission.approve(session, mia, NOW, permission.request(session, kim, NOW, wish), compiling.must_fit)
        eve = datetime(2026, 12, 31, 14, 59, 30, tzinfo=UTC)
        distribution.follow(session, house.site(session), eve, house.authority.signing)
        assert not distribution.follow(
            session, house.site(session), eve + timedelta(seconds=20), house.authority.signing
        )
        assert distribution.follow(session, house.site(session), eve + timedelta(minutes=1), house.authority.signing)


def test_a_retired_schedule_is_offered_no_longer_and_keeps_its_hours(house: House) -> None:
    with transaction(house.engine) as session:
        row = make(house, session, SchedulePlan("Lab", "", BY_DAY))
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        wish = Wish(house.holder(session, "Ada"), house.cedar(session), NOW, None, "works here", row)
        asked = permission.request(session, kim, NOW, wish)
        schedule.retire(session, ACTOR, NOW, row)
        assert row not in schedule.offered(session, house.site(session))
        permission.approve(session, mia, NOW, asked, compiling.must_fit)
        content = compiling.content_for(session, house.site(session), house.agent(session), NOW)
        (record,) = content.tables["cedar-room"].values()
        assert record.schedule != ALWAYS
        again = Wish(house.holder(session, "Ben"), house.cedar(session), NOW, None, "works here", row)
        refusals: list[Callable[[], object]] = [
            lambda: permission.request(session, kim, NOW, again),
            lambda: schedule.retire(session, ACTOR, NOW, row),
            lambda: schedule.change(session, ACTOR, NOW, row, SchedulePlan("Lab", "", ()), all_must_fit),
        ]
        for refused in refusals:
            with pytest.raises(Refused) as told:
                refused()
            assert told.value.code == "schedule-retired"


def test_what_a_schedule_may_not_say_is_refused(house: House) -> None:
    many = [Interval(0, 0, 15)] * 201
    with transaction(house.engine) as session:
        key = japanese(session)
        make(house, session, SchedulePlan("Lab", "", ()))
        for plan, code in (
            (SchedulePlan(" ", "", ()), "name-missing"),
            (SchedulePlan("a\nb", "", ()), "text-wrong"),
            (SchedulePlan("x" * 121, "", ()), "text-wrong"),
            (SchedulePlan("Lab", "", ()), "key-taken"),
            (SchedulePlan("y", "", many), "schedule-wrong"),
            (SchedulePlan("y", "", (), {date(2026, 1, 1): many}), "schedule-wrong"),
            (SchedulePlan("y", "", (), {}, {key: many}), "schedule-wrong"),
            (SchedulePlan("y", "", (), {date(2026, 1, 1) + timedelta(n): () for n in range(201)}), "schedule-wrong"),
            (SchedulePlan("y", "", (), {date(1999, 12, 31): ()}), "day-wrong"),
            (SchedulePlan("y", "", (), {date(2100, 1, 1): ()}), "day-wrong"),
            (SchedulePlan("y", "", (), {}, {key + 999: ()}), "not-found"),
        ):
            with pytest.raises(Refused) as told:
                make(house, session, plan)
            assert told.value.code == code
        assert schedule.by_name(session, house.site(session), "y") is None


def test_what_a_calendar_may_not_hold_is_refused(own: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "MOST_DAYS", 4)
    with transaction(own.engine) as session:
        company_days, public = named(session, "Company days"), named(session, "Japanese public holidays")
        site = own.site(session)
        last = calendar.add_day(session, ACTOR, NOW, company_days, Holiday(date(2027, 1, 4), "x", ""), all_must_fit)

        def add(target: Calendar, day: date, name: str = "x") -> object:
            return calendar.add_day(session, ACTOR, NOW, target, Holiday(day, name, ""), all_must_fit)

        make(own, session, SchedulePlan("Lab", "", (), {}, {company_days.id: ()}))
        refusals: list[tuple[Callable[[], object], str]] = [
            (lambda: add(public, date(2026, 12, 1)), "calendar-fixed"),
            (lambda: calendar.rename(session, ACTOR, NOW, public, "Ours"), "calendar-fixed"),
            (lambda: calendar.remove(session, ACTOR, NOW, public, in_use=False), "calendar-fixed"),
            (lambda: add(company_days, date(2026, 12, 1)), "calendar-full"),
            (lambda: _move(session, last, date(2026, 12, 31)), "day-taken"),
            (lambda: _move(session, last, date(2100, 1, 1)), "day-wrong"),
            (lambda: _move(session, last, date(2027, 1, 4), " "), "name-missing"),
            (lambda: calendar.make(session, ACTOR, NOW, site, "Company days"), "key-taken"),
            (lambda: calendar.rename(session, ACTOR, NOW, company_days, public.name), "key-taken"),
            (lambda: _remove(session, company_days), "calendar-in-use"),
        ]
        for refused, code in refusals:
            with pytest.raises(Refused) as told:
                refused()
            assert told.value.code == code


def test_a_calendar_that_nobody_names_is_removed_with_its_days(own: House) -> None:
    with transaction(own.engine) as session:
        calendar.rename(session, ACTOR, NOW, named(session, "Company days"), "Our days", "当社の休日")
        _remove(session, named(session, "Our days"))
        assert session.scalars(select(HolidayRow)).all() == []
        assert list(kinds(session))[-2:] == [Kind.CALENDAR_RENAMED, Kind.CALENDAR_REMOVED]


def test_a_day_that_would_make_a_list_too_large_is_refused(house: House) -> None:
    def too_large(session: Session, site: Site, now: datetime) -> None:
        raise Refused("list-too-large", door="Cedar")

    with transaction(house.engine) as session:
        made = calendar.make(session, ACTOR, NOW, house.site(session), "Company days").id
    day = Holiday(date(2026, 12, 1), "x", "")
    with pytest.raises(Refused, match="exceed"), transaction(house.engine) as session:
        calendar.add_day(session, ACTOR, NOW, session.get_one(Calendar, made), day, too_large)
    with reading(house.engine) as session:
        assert session.scalars(select(HolidayRow)).all() == []
        assert Kind.HOLIDAY_ADDED not in kinds(session)


def test_whatever_changes_hours_calls_for_lists() -> None:
    changing = {Kind.SCHEDULE_CHANGED, Kind.HOLIDAY_ADDED, Kind.HOLIDAY_CHANGED, Kind.HOLIDAY_REMOVED}
    assert changing <= CHANGES_LISTS


def _move(session: Session, row: HolidayRow, day: date, name: str = "x") -> None:
    calendar.change_day(session, ACTOR, NOW, row, Holiday(day, name, ""), all_must_fit)


def _remove(session: Session, row: Calendar) -> None:
    calendar.remove(session, ACTOR, NOW, row, in_use=bool(schedule.naming(session, row)))
