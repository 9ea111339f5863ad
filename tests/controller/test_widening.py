"""Entry into a private room is widened by two people: every lever, judged by what it does, kept and approved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.canonical import Value
from contract.policy import Direction
from contract.schedule import Interval
from controller.database import transaction
from controller.delivery.compiling import all_must_fit, must_fit
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.people import access_level as levels
from controller.people import attribute as attributes
from controller.people import attribution, leaver, level_change, levers, roster, roster_file, two_people, widening
from controller.people import permission as permissions
from controller.people import training as trainings
from controller.people.access_level import LevelPlan
from controller.people.attribute import Attribute
from controller.people.credential import Credential
from controller.people.levers import Lever, Wanted
from controller.people.permission import Grant, Wish
from controller.people.roster_file import Column
from controller.people.widening import Widening, WideningState
from controller.premises import calendar as calendars
from controller.premises import door as doors
from controller.premises import pin_rule, room_rules
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.calendar import Calendar, Holiday
from controller.premises.door import AccessPoint, Door, DoorPlan
from controller.premises.pin_rule import PinPlan
from controller.premises.presets import Preset
from controller.premises.schedule import Schedule, SchedulePlan
from controller.premises.setting_up import Doorway, Reader
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

END = NOW + timedelta(days=200)
LATER = NOW + timedelta(hours=1)
WHY = "the night shift begins"
DAY = date(2026, 12, 30)
OFFICE = tuple(Interval(day, 9 * 60, 17 * 60) for day in range(5))
LONGER = (*OFFICE, Interval(5, 9 * 60, 12 * 60))


def hours(house: House, session: Session, name: str = "Office", intervals: tuple[Interval, ...] = OFFICE) -> Schedule:
    return schedules.make(session, "operator:1", NOW, house.site(session), SchedulePlan(name, "", intervals))


def room(session: Session, key: str) -> Area:
    found = session.scalar(select(Area).where(Area.key == key))
    assert found is not None
    return found


def given(house: House, session: Session, schedule: Schedule | None = None, area: Area | None = None) -> Grant:
    """Ben may enter the private room (or another) in these hours."""
    opens = area or house.cedar(session)
    wish = Wish(house.holder(session, "Ben"), opens, NOW, END, "works there", schedule)
    asked = permissions.request(session, house.operator(session, "kim"), NOW, wish)
    permissions.approve(session, house.operator(session, "mia"), NOW, asked, must_fit)
    return asked


def make(house: House, session: Session, wanted: Wanted, name: str = "kim", at: datetime = LATER) -> Widening | None:
    by = house.operator(session, name)
    return widening.make(session, by, at, house.site(session), wanted, WHY, all_must_fit)


def says(session: Session, schedule: Schedule, *intervals: Interval) -> Wanted:
    return levers.of_schedule(schedule, replace(schedules.plan_of(session, schedule), intervals=intervals))


def entry(house: House, session: Session) -> AccessPoint:
    (door, *_) = doors.of_area(session, house.cedar(session))
    return doors.access_points(session, door)[0]


def kinds(session: Session) -> list[str]:
    return list(session.scalars(select(LedgerRow.kind).order_by(LedgerRow.sequence)))


def approve(house: House, session: Session, asked: Widening, name: str = "mia", at: datetime = LATER) -> None:
    widening.approve(session, house.operator(session, name), at, asked, all_must_fit, "seen")


def test_more_hours_of_a_private_room_wait_and_less_hours_are_in_force_at_once(house: House) -> None:
    with transaction(house.engine) as session:
        schedule = hours(house, session)
        given(house, session, schedule)
        asked = make(house, session, says(session, schedule, *LONGER))
        assert asked is not None
        assert asked.state == WideningState.REQUESTED
        assert schedules.plan_of(session, schedule).intervals == list(OFFICE), "nothing has changed yet"
        assert kinds(session)[-1] == Kind.WIDENING_ASKED
        approve(house, session, asked)
        assert schedules.plan_of(session, schedule).intervals == list(LONGER)
        assert kinds(session)[-2:] == [Kind.SCHEDULE_CHANGED, Kind.WIDENING_APPROVED]
        assert make(house, session, says(session, schedule, *OFFICE[:2])) is None
        assert schedules.plan_of(session, schedule).intervals == list(OFFICE[:2])


def test_what_waits_says_which_rooms_and_from_when(house: House) -> None:
    with transaction(house.engine) as session:
        schedule = hours(house, session)
        given(house, session, schedule)
        found = widening.look(session, LATER, house.site(session), says(session, schedule, *LONGER), all_must_fit)
        assert found is not None
        assert found.rooms == (house.cedar(session).id,)
        assert found.eased == ("hours",)
        assert found.first.astimezone(house.site(session).clock).isoformat() == "2026-11-28T09:00:00+09:00"
        assert schedules.plan_of(session, schedule).intervals == list(OFFICE)


def test_one_person_changes_hours_on_which_no_private_room_rests(house: House) -> None:
    with transaction(house.engine) as session:
        schedule, unused = hours(house, session), hours(house, session, "Spare")
        ordinary = room(session, "maple-room")
        ordinary.private = False
        given(house, session, schedule, ordinary)
        assert make(house, session, says(session, schedule, *LONGER)) is None
        assert make(house, session, says(session, unused, *LONGER)) is None


def test_hours_rest_on_a_private_room_by_a_request_and_by_a_level_that_somebody_has(house: House) -> None:
    with transaction(house.engine) as session:
        asked_for, by_level = hours(house, session), hours(house, session, "Cleaning")
        kim, cedar = house.operator(session, "kim"), house.cedar(session)
        wish = Wish(house.holder(session, "Ada"), cedar, NOW, END, "works there", asked_for)
        permissions.request(session, kim, NOW, wish)
        assert make(house, session, says(session, asked_for, *LONGER)) is not None
        plan = LevelPlan("Cleaning", "", {cedar.id: by_level.id})
        level = level_change.make(session, kim, NOW, house.site(session), plan, WHY)
        assert make(house, session, says(session, by_level, *LONGER)) is None, "nobody has the level"
        wish = Wish(house.holder(session, "Ben"), levels.opening(session, level), NOW, END, "cleans")
        permissions.request(session, kim, NOW, wish)
        assert make(house, session, says(session, by_level, *LONGER, Interval(6, 0, 60))) is not None


def test_a_change_that_gives_and_takes_waits_as_a_whole(house: House) -> None:
    with transaction(house.engine) as session:
        schedule = hours(house, session)
        given(house, session, schedule)
        assert make(house, session, says(session, schedule, Interval(6, 0, 60))) is not None
        assert schedules.plan_of(session, schedule).intervals == list(OFFICE)


def test_nobody_is_two_people(house: House) -> None:
    with transaction(house.engine) as session:
        schedule = hours(house, session)
        given(house, session, schedule)
        asked = make(house, session, says(session, schedule, *LONGER))
        assert asked is not None
        with pytest.raises(Refused) as refused:
            approve(house, session, asked, "kim")
        assert refused.value.code == "same-person"
        house.operator(session, "mia").vouched_by = house.operator(session, "kim").id
        with pytest.raises(Refused) as refused:
            approve(house, session, asked)
        assert refused.value.code == "not-independent"
        assert refused.value.code in two_people.ONE_PERSON
        assert schedules.plan_of(session, schedule).intervals == list(OFFICE)


def test_what_was_changed_in_between_is_outdated_and_so_is_what_waited_for_too_long(house: House) -> None:
    with transaction(house.engine) as session:
        schedule = hours(house, session)
        given(house, session, schedule)
        asked = make(house, session, says(session, schedule, *LONGER))
        late = make(house, session, says(session, schedule, *LONGER, Interval(6, 0, 60)))
        assert asked is not None
        assert late is not None
        after = LATER + widening.WAITS_FOR
        assert late.became(after) is WideningState.EXPIRED
        assert widening.waiting(session, house.site(session), after) == []
        with pytest.raises(Refused) as refused:
            approve(house, session, late, at=after)
        assert refused.value.code == "widening-expired"
        assert make(house, session, says(session, schedule, *OFFICE[1:])) is None
        assert widening.is_outdated(session, asked)
        with pytest.raises(Refused) as refused:
            approve(house, session, asked)
        assert refused.value.code == "widening-outdated"
        assert schedules.plan_of(session, schedule).intervals == list(OFFICE[1:])


def test_it_is_declined_by_another_and_withdrawn_by_whoever_asked(house: House) -> None:
    with transaction(house.engine) as session:
        schedule = hours(house, session)
        given(house, session, schedule)
        for name, state in (("mia", WideningState.DECLINED), ("kim", WideningState.WITHDRAWN)):
            asked = make(house, session, says(session, schedule, *LONGER))
            assert asked is not None
            by = house.operator(session, name)
            with pytest.raises(Refused) as refused:
                widening.decline(session, by, LATER, asked, " ")
            assert refused.value.code == "reason-missing"
            widening.decline(session, by, LATER, asked, "not now")
            assert asked.state == state
            assert kinds(session)[-1] == Kind.WIDENING_DECLINED
            with pytest.raises(Refused) as refused:
                approve(house, session, asked)
            assert refused.value.code == "already-decided"
            with pytest.raises(Refused) as refused:
                widening.decline(session, by, LATER, asked, "again")
            assert refused.value.code == "already-decided"
        assert schedules.plan_of(session, schedule).intervals == list(OFFICE)


def test_it_waits_only_for_a_reason_and_only_when_it_can_be_done(house: House) -> None:
    with transaction(house.engine) as session:
        schedule = hours(house, session)
        given(house, session, schedule)
        kim, site = house.operator(session, "kim"), house.site(session)
        with pytest.raises(Refused) as refused:
            widening.make(session, kim, LATER, site, says(session, schedule, *LONGER), " ", all_must_fit)
        assert refused.value.code == "reason-missing"
        retired = says(session, hours(house, session, "Night"), *LONGER)
        schedules.retire(session, "operator:1", NOW, session.get_one(Schedule, retired.subject))
        with pytest.raises(Refused) as refused:
            make(house, session, retired)
        assert refused.value.code == "schedule-retired"


def days_of(house: House, session: Session) -> tuple[Calendar, Schedule]:
    """A calendar on whose days a private room is closed, and the schedule that says so."""
    calendar = calendars.make(session, "operator:1", NOW, house.site(session), "Company days")
    schedule = hours(house, session)
    plan = replace(schedules.plan_of(session, schedule), calendars={calendar.id: []})
    schedules.change(session, "operator:1", NOW, schedule, plan, all_must_fit)
    given(house, session, schedule)
    return calendar, schedule


def test_a_day_that_opens_waits_and_a_day_that_closes_is_in_force_at_once(house: House) -> None:
    with transaction(house.engine) as session:
        calendar, _ = days_of(house, session)
        assert make(house, session, levers.of_new_day(calendar, Holiday(DAY, "Closed", ""))) is None
        (day,) = calendars.holidays(session, calendar, calendars.YEARS)
        row = session.get_one(calendars.HolidayRow, day.id)
        assert make(house, session, levers.of_day(row, Holiday(DAY, "Called otherwise", ""))) is None
        saturday = Holiday(date(2027, 1, 2), "Closed", "")
        moved, gone = make(house, session, levers.of_day(row, saturday)), make(house, session, levers.of_no_day(row))
        assert moved is not None
        assert gone is not None
        assert [each.day for each in calendars.holidays(session, calendar, calendars.YEARS)] == [DAY]
        approve(house, session, gone)
        assert calendars.holidays(session, calendar, calendars.YEARS) == []
        with pytest.raises(Refused) as refused:
            approve(house, session, moved)
        assert refused.value.code == "widening-outdated", "the day is gone"


def test_a_day_on_which_the_room_is_open_waits(house: House) -> None:
    with transaction(house.engine) as session:
        calendar, schedule = days_of(house, session)
        plan = schedules.plan_of(session, schedule)
        opened = replace(plan, calendars={calendar.id: [Interval(0, 0, 1440)]})
        assert make(house, session, levers.of_schedule(schedule, opened)) is None, "the calendar has no day yet"
        asked = make(house, session, levers.of_new_day(calendar, Holiday(DAY, "Stocktaking", "")))
        assert asked is not None
        approve(house, session, asked)
        assert [each.day for each in calendars.holidays(session, calendar, calendars.YEARS)] == [DAY]


def rules_of(house: House, session: Session) -> None:
    """A private room with strict rules that Ben may enter: a PIN at every hour, two people, at most five."""
    cedar, point = house.cedar(session), entry(house, session)
    pin_rule.ask(session, "operator:1", NOW, point, PinPlan())
    strict: dict[str, Value] = {
        "company.size": 2,
        "company.most": 5,
        "passback.entry": "soft",
        "fresh_s": 3600,
        "essential_s": 7200,
    }
    room_rules.change_area(session, "operator:1", NOW, cedar, strict, WHY)
    room_rules.change_access_point(session, "operator:1", NOW, point, {"card_again_s": 60}, WHY)
    made = trainings.make(session, "operator:1", NOW, house.site(session), ("Secrecy", ""), 365)
    trainings.require(session, "operator:1", NOW, cedar, made, WHY, required=True)
    given(house, session)


Pull = Callable[[House, Session], Wanted]


def of_area(**settings: object) -> Pull:
    told = {name.replace("__", "."): value for name, value in settings.items()}
    return lambda house, session: levers.of_settings(house.cedar(session), told)  # type: ignore[arg-type]


def of_entry(**settings: object) -> Pull:
    return lambda house, session: levers.of_settings(entry(house, session), settings)  # type: ignore[arg-type]


def of_pin(**settings: object) -> Pull:
    told = {f"pin.{name}": value for name, value in settings.items()}
    return lambda house, session: levers.of_pin(entry(house, session), told)  # type: ignore[arg-type]


def card_alone(house: House, session: Session) -> Wanted:
    return levers.of_pin(entry(house, session), {"pin.card_alone": hours(house, session).id})


def no_training(house: House, session: Session) -> Wanted:
    (training,) = trainings.of_site(session, house.site(session))
    return levers.of_training(house.cedar(session), training, required=False)


def more_formats(house: House, session: Session) -> Wanted:
    point = entry(house, session)
    return levers.of_formats(point, [*point.formats.split(), "H10301"])


def another_door(house: House, session: Session) -> Wanted:
    plan, readers = DoorPlan("cedar-side", "Side door", ""), (Reader(Direction.ENTRY, ("serial-40",)),)
    outer = session.get_one(Area, entry(house, session).from_area_id)
    return levers.of_doorway(Doorway(plan, house.agent(session), outer, house.cedar(session), readers))


def another_reader(house: House, session: Session) -> Wanted:
    """An entry into the private room by the door of another one."""
    (maple, *_) = doors.of_area(session, room(session, "maple-room"))
    between = (session.get_one(Area, entry(house, session).from_area_id), house.cedar(session))
    return levers.of_reader(maple, between, Reader(Direction.ENTRY, ("serial-40",), key="cedar-too"))


def a_door_again(house: House, session: Session) -> Wanted:
    """A door of the room that somebody else took out of service."""
    door = session.get_one(Door, entry(house, session).door_id)
    door.retired_at = LATER
    session.flush()
    return levers.of_return(door)


WIDER: dict[str, tuple[Pull, tuple[str, ...]]] = {
    "a door again": (a_door_again, ("entry",)),
    "passback off": (of_area(passback__entry="off"), ("passback.entry",)),
    "forgiven soon": (of_area(passback__forgiven_after_s=60), ("passback.entry",)),
    "forgiven daily": (of_area(forgive_at=240), ("forgive_at",)),
    "alone": (of_area(company__size=1), ("company.size",)),
    "slower company": (of_area(company__within_s=60), ("company.within_s",)),
    "more inside": (of_area(company__most=6), ("company.most",)),
    "any number inside": (of_area(company__most=0), ("company.most",)),
    "a limit that only records": (of_area(company__most_by="soft"), ("company.most",)),
    "longer cut off": (of_area(fresh_s=7200), ("fresh_s",)),
    "essential longer": (of_area(essential_s=86400), ("essential_s",)),
    "without a clock": (of_area(clockless="essential"), ("clockless",)),
    "card again sooner": (of_entry(card_again_s=0), ("card_again_s", "door_again_s")),
    "no PIN": (of_pin(asked=False), ("pin.card_alone",)),
    "card alone in some hours": (card_alone, ("pin.card_alone",)),
    "more tries": (of_pin(tries=9), ("pin.tries",)),
    "longer to type": (of_pin(within_s=60), ("pin.within_s",)),
    "locked shorter": (of_pin(lockout_s=1), ("pin.lockout_s",)),
    "no PIN by the API": (lambda h, s: levers.of_pin_rule(entry(h, s), None), ("pin.card_alone",)),
    "ordinary rules": (
        lambda h, s: levers.of_preset(h.cedar(s), Preset.ORDINARY_ROOM),
        ("company.size", "company.most", "fresh_s", "essential_s"),
    ),
    "ordinary room": (lambda h, s: levers.of_private(h.cedar(s), private=False), ("private",)),
    "untrained": (no_training, ("trainings",)),
    "other cards": (more_formats, ("formats",)),
    "another door": (another_door, ("entry",)),
    "another reader": (another_reader, ("entry",)),
}
FREED: dict[str, tuple[Attribute, int, int]] = {
    "enters in lockdown": (Attribute.OVERRIDE, 0, 1),
    "comes in twice": (Attribute.PASSBACK_EXEMPT, 0, 1),
    "beyond the most": (Attribute.OCCUPANCY_EXEMPT, 0, 1),
    "makes up for a supervisor": (Attribute.SUPERVISOR, 0, 1),
    "more clearance": (Attribute.CLEARANCE, 2, 3),
    "no visitor any more": (Attribute.VISITOR, 1, 0),
}
NARROWER: dict[str, Pull] = {
    "passback hard": of_area(company__supervisor="soft"),
    "three at once": of_area(company__size=3),
    "fewer inside": of_area(company__most=4),
    "shorter cut off": of_area(fresh_s=60),
    "never alone": of_area(company__least=2),
    "card again later": of_entry(card_again_s=90),
    "fewer tries": of_pin(tries=2),
    "duress opens nothing": of_pin(duress_opens=False),
    "private still": lambda h, s: levers.of_private(h.cedar(s), private=True),
    "a way out is eased": lambda h, s: levers.of_settings(leaving(h, s), {"exit_mode": "free"}),
    "time for the lock": lambda h, s: levers.of_settings(doors.of_area(s, h.cedar(s))[0], {"release_ms": 6000}),
    "fewer cards": lambda h, s: levers.of_formats(entry(h, s), entry(h, s).formats.split()[:1]),
}


def leaving(house: House, session: Session) -> AccessPoint:
    (door, *_) = doors.of_area(session, house.cedar(session))
    return doors.access_points(session, door)[1]


@pytest.mark.parametrize("name", WIDER)
def test_a_rule_that_demands_less_of_a_private_room_waits(house: House, name: str) -> None:
    pull, eased = WIDER[name]
    with transaction(house.engine) as session:
        rules_of(house, session)
        wanted = pull(house, session)
        found = widening.look(session, LATER, house.site(session), wanted, all_must_fit)
        assert found is not None
        assert (found.eased, found.rooms) == (eased, (house.cedar(session).id,))
        before = levers.digest(session, wanted)
        asked = make(house, session, wanted)
        assert asked is not None
        assert levers.digest(session, wanted) == before, "nothing has changed yet"
        with pytest.raises(Refused, match="Another person"):
            approve(house, session, asked, "kim")
        approve(house, session, asked)
        if wanted.lever is not Lever.READER:  # which is judged against the rooms of its door so far
            assert levers.digest(session, wanted) != before


@pytest.mark.parametrize("name", NARROWER)
def test_a_rule_that_demands_more_or_nothing_of_entry_is_in_force_at_once(house: House, name: str) -> None:
    with transaction(house.engine) as session:
        rules_of(house, session)
        assert make(house, session, NARROWER[name](house, session)) is None


def test_one_person_rules_a_room_that_nobody_may_enter_yet_and_one_that_is_not_private(house: House) -> None:
    with transaction(house.engine) as session:
        rules_of(house, session)
        for name in set(WIDER) - {"ordinary room"}:
            assert done_alone(house, session, WIDER[name][0]) is not None, name
        house.cedar(session).private = False
        for name in set(WIDER) - {"ordinary room"}:
            assert done_alone(house, session, WIDER[name][0]) is None, name
        house.cedar(session).private = True
        for grant in session.scalars(select(Grant)):
            permissions.revoke(session, house.operator(session, "kim"), NOW, grant, "leaves")
        for name, (pull, _) in WIDER.items():
            assert done_alone(house, session, pull) is None, name


def done_alone(house: House, session: Session, pull: Pull) -> Widening | None:
    """What waits when it is tried; it is undone."""
    tried = session.begin_nested()
    found = make(house, session, pull(house, session))
    tried.rollback()
    session.expire_all()
    return found


@pytest.mark.parametrize("name", FREED)
def test_nobody_who_may_enter_a_private_room_is_freed_of_a_rule_by_one_person(house: House, name: str) -> None:
    attribute, before, after = FREED[name]
    with transaction(house.engine) as session:
        ben, ada = house.holder(session, "Ben"), house.holder(session, "Ada")
        for card in session.scalars(select(Credential)):
            card.valid_until = END
        for holder in (ben, ada):
            attribution.change(session, "operator:1", NOW, holder, attribute, before, WHY)
        given(house, session)
        asked = make(house, session, levers.of_attribute(ben, attribute, after))
        assert asked is not None
        row = session.get_one(LedgerRow, asked.ledger_sequence)
        assert row.subjects["cardholder"] == ben.id
        assert "told" not in row.content, "what says something of a person can be erased"
        assert attributes.levels(attributes.of_cardholder(session, ben))[attribute] == before
        assert make(house, session, levers.of_attribute(ada, attribute, after)) is None, "she may not enter"
        approve(house, session, asked)
        assert attributes.levels(attributes.of_cardholder(session, ben))[attribute] == after
        assert make(house, session, levers.of_attribute(ben, attribute, before)) is None


def test_nobody_who_may_enter_a_private_room_stays_longer_by_one_person(house: House) -> None:
    with transaction(house.engine) as session:
        given(house, session)
        ben, leaves = house.holder(session, "Ben"), NOW + timedelta(days=9)
        assert make(house, session, levers.of_leaving(ben, leaves)) is None
        assert make(house, session, levers.of_leaving(ben, leaves - timedelta(days=1))) is None
        later = make(house, session, levers.of_leaving(ben, leaves))
        never = make(house, session, levers.of_leaving(ben, None))
        assert later is not None
        assert never is not None
        seen = widening.look(session, LATER, house.site(session), never.wanted, all_must_fit)
        assert seen is not None
        assert (seen.eased, seen.first) == (("leaving",), leaves - timedelta(days=1))
        approve(house, session, later)
        assert ben.leaves_at == leaves
        with pytest.raises(Refused) as refused:
            approve(house, session, never)
        assert refused.value.code == "widening-outdated"
        leaver.end_due(session, house.site(session), leaves)
        with pytest.raises(Refused) as refused:
            make(house, session, levers.of_leaving(ben, None), at=leaves)
        assert refused.value.code == "cardholder-inactive", "nobody is brought back"


def test_a_file_lets_nobody_stay_longer_who_may_enter_a_private_room(house: House) -> None:
    with transaction(house.engine) as session:
        given(house, session)
        site, people = house.site(session), [house.holder(session, name) for name in ("Ben", "Ada")]
        for holder in people:
            leaver.leave(session, "operator:1", NOW, holder, NOW + timedelta(days=9), WHY)
        cells = [
            roster_file.Line(place, {Column.NUMBER: each.number, Column.NAME: each.name, Column.LEAVES: ""})
            for place, each in enumerate(people, 2)
        ]
        rows = roster.judge(session, site, LATER, cells)
        assert [each.why for each in rows] == ["leaver-private", ""], "said before it is applied"
        done = roster.apply(session, "operator:1", LATER, site, rows, WHY)
        assert [(each.verdict, each.why) for each in done] == [("refused", "leaver-private"), ("changed", "")]
        assert [holder.leaves_at is None for holder in people] == [False, True]


def test_nobody_who_may_enter_a_private_room_counts_as_trained_by_one_person(house: House) -> None:
    with transaction(house.engine) as session:
        rules_of(house, session)
        ben, ada = house.holder(session, "Ben"), house.holder(session, "Ada")
        (secrecy,) = trainings.of_site(session, house.site(session))
        other = trainings.make(session, "operator:1", NOW, house.site(session), ("First aid", ""), 365)
        assert make(house, session, levers.of_completion(ada, secrecy, NOW)) is None, "she may not enter"
        assert make(house, session, levers.of_completion(ben, other, NOW)) is None, "no private room asks for it"
        asked = make(house, session, levers.of_completion(ben, secrecy, NOW))
        assert asked is not None
        assert trainings.trained_until(session, house.cedar(session)) == {ada.id: NOW + timedelta(days=365)}
        approve(house, session, asked)
        earlier = levers.of_completion(ben, secrecy, NOW - timedelta(days=9))
        assert make(house, session, earlier) is None, "it ends before the other one"
        assert make(house, session, levers.of_completion(ben, secrecy, LATER)) is not None
