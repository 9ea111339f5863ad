"""Several permissions of one holder are one record, which on a stale list must not let in more than they do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from contract.record import Flag, Record
from contract.schedule import Interval
from controller.database import transaction
from controller.delivery import compiling
from controller.people import permission
from controller.people.permission import Wish
from controller.premises import schedule
from controller.premises.schedule import Schedule, SchedulePlan
from tests.controller.conftest import IN_A_YEAR, NOW, House

DAY = timedelta(days=1)


def given(session: Session, house: House, wishes: list[Wish]) -> Record:
    """What Ada's record says once all of it is approved."""
    for wish in wishes:
        asked = permission.request(session, house.operator(session, "kim"), NOW, wish)
        permission.approve(session, house.operator(session, "mia"), NOW, asked, compiling.must_fit)
    content = compiling.content_for(session, house.site(session), house.agent(session), NOW)
    (found,) = content.tables["cedar-room"].values()
    return found


def wish(session: Session, house: House, until: datetime | None = None) -> Wish:
    return Wish(house.holder(session, "Ada"), house.cedar(session), NOW, until, "works there")


def hours(session: Session, house: House, name: str) -> Schedule:
    plan = SchedulePlan(name, name, [Interval(day, 540, 1020) for day in range(5)])
    return schedule.make(session, "operator:1", NOW, house.site(session), plan)


def test_a_record_is_essential_no_longer_than_the_permission_that_is(house: House) -> None:
    with transaction(house.engine) as session:
        usual = wish(session, house)
        found = given(session, house, [usual, replace(wish(session, house, NOW + DAY), essential=True)])
        assert found.flags == Flag.ESSENTIAL
        assert found.valid_until == int((NOW + DAY).timestamp())


def test_a_record_is_not_essential_at_hours_that_only_others_permit(house: House) -> None:
    with transaction(house.engine) as session:
        night = replace(wish(session, house), schedule=hours(session, house, "night"), essential=True)
        day = replace(wish(session, house), schedule=hours(session, house, "day"))
        found = given(session, house, [night, day])
        assert (found.flags, found.valid_until) == (0, IN_A_YEAR)


def test_what_is_essential_altogether_stays_so(house: House) -> None:
    with transaction(house.engine) as session:
        night = replace(wish(session, house), schedule=hours(session, house, "night"), essential=True)
        always = replace(wish(session, house), essential=True)
        found = given(session, house, [night, always])
        assert (found.flags, found.schedule, found.valid_until) == (Flag.ESSENTIAL, 0, IN_A_YEAR)
