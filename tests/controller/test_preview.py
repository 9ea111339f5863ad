"""Previews say what the same lists and the same decisions would say after the change, and leave no trace of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contract.outcome import Outcome
from contract.reason import Reason
from contract.schedule import Interval
from controller.database import reading, transaction, trying
from controller.delivery import compiling, trial
from controller.delivery.posture import Act, Order, PostureChange
from controller.delivery.preview import Preview, Touch, preview
from controller.ledger.ledger import head
from controller.people import access_level as levels
from controller.people import level_change, permission
from controller.people.access_level import LevelPlan
from controller.people.permission import Grant, Wish
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import schedule as schedules
from controller.premises.dangers import Danger
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

WEEK = 7 * 24 * 4


def _granted(house: House, name: str, hours: str | None = None) -> int:
    with transaction(house.engine) as session:
        schedule = schedules.by_name(session, house.site(session), hours) if hours else None
        wish = Wish(house.holder(session, name), house.cedar(session), NOW, None, "works there", schedule)
        grant = permission.request(session, house.operator(session, "kim"), NOW, wish)
        permission.approve(session, house.operator(session, "mia"), NOW, grant, compiling.must_fit)
        return grant.id


def _would(house: House, make: object) -> Preview:
    with trying(house.engine) as session:
        return preview(session, house.site(session), NOW, make(session))  # type: ignore[operator]


def _names(found: Preview, touch: Touch) -> list[str]:
    return sorted({each.cardholder.name for each in found.of(touch)})


def _wish(house: House, session: Session, name: str) -> Wish:
    return Wish(house.holder(session, name), house.cedar(session), NOW, None, "would work there")


def test_a_grant_lets_its_cardholder_gain_at_every_entry_of_the_room_and_leaves_no_trace(house: House) -> None:
    _granted(house, "Ben")
    with reading(house.engine) as session:
        before = head(session), session.scalar(select(func.count(Grant.id)))
    found = _would(
        house, lambda session: trial.granting(house.operator(session, "kim"), NOW, _wish(house, session, "Ada"))
    )
    assert [(each.touch, each.cardholder.name, each.access_points) for each in found.touched] == [
        (Touch.GAINS, "Ada", ("cedar-back-in", "cedar-in"))
    ]
    only = found.touched[0]
    assert (only.before.reason, only.after.reason) == (Reason.NOT_ON_LIST, Reason.PERMITTED)
    assert (only.first, only.quarters) == (NOW, WEEK)
    assert found.until - found.compiled_at == timedelta(days=7)
    with transaction(house.engine) as session:
        assert (head(session), session.scalar(select(func.count(Grant.id)))) == before
    assert _granted(house, "Ada") == 2  # no number was used up either


def test_revoking_takes_it_and_nobody_is_held_in(house: House) -> None:
    given = _granted(house, "Ada")
    found = _would(
        house,
        lambda session: trial.revoking(house.operator(session, "kim"), NOW, session.get_one(Grant, given)),
    )
    assert {each.touch for each in found.touched} == {Touch.LOSES}
    assert found.touched[0].after.reason is Reason.EXIT_ONLY
    with reading(house.engine) as session:
        assert session.get_one(Grant, given).state == "approved"


def test_a_schedule_is_judged_at_every_quarter_hour_of_the_week(house: House) -> None:
    _granted(house, "Ada", "Office hours")

    def longer(session: Session) -> trial.Change:
        schedule = schedules.by_name(session, house.site(session), "Office hours")
        assert schedule is not None
        hours = [Interval(day, 8 * 60, 20 * 60) for day in range(5)]
        return trial.scheduling(NOW, schedule, replace(schedules.plan_of(session, schedule), intervals=hours))

    found = _would(house, longer)
    assert [(each.touch, each.quarters, each.before.reason) for each in found.touched] == [
        (Touch.GAINS, 5 * 4, Reason.OUTSIDE_SCHEDULE)
    ]
    assert found.touched[0].first.isoformat() == "2026-11-24T10:00:00+00:00"  # 19:00 in Tokyo


def test_a_rule_shows_who_must_wait_who_alarms_and_what_is_dangerous(house: House) -> None:
    _granted(house, "Ada")
    _granted(house, "Ben")
    changes = {"company.size": 2, "company.supervisor": "hard", "company.least": 2}
    found = _would(house, lambda session: trial.ruling(NOW, house.cedar(session), changes))  # type: ignore[arg-type]
    assert _names(found, Touch.LOSES) == ["Ada", "Ben"]
    assert {each.after.outcome for each in found.of(Touch.LOSES)} == {Outcome.AWAIT}
    assert _names(found, Touch.ALARMS) == ["Ada", "Ben"]
    assert {each.after.reason for each in found.of(Touch.ALARMS)} == {Reason.OCCUPANCY_MIN}
    assert [each.danger for _, each in found.appeared] == [Danger.SUPERVISOR_NOBODY]
    with reading(house.engine) as session:
        assert house.cedar(session).rules.company.size == 1


def test_a_posture_shows_who_is_shut_out_and_no_row_of_it_stays(house: House) -> None:
    _granted(house, "Ada")
    found = _would(
        house, lambda session: trial.posing(NOW, house.site(session), Order(Act.LOCKDOWN, area=house.cedar(session)))
    )
    assert [(each.touch, each.after.reason) for each in found.touched] == [(Touch.LOSES, Reason.LOCKDOWN)]
    with reading(house.engine) as session:
        assert session.scalars(select(PostureChange)).all() == []


def test_a_lost_exit_is_told_when_the_way_out_becomes_controlled(house: House) -> None:
    """Whoever has no permission leaves by a recorded exit; at a controlled one they would have to be on the list."""
    _granted(house, "Ada")

    def tightened(session: Session) -> trial.Change:
        point = doors.access_point_by_key(session, house.site(session), "cedar-out")
        assert point is not None
        return trial.ruling(NOW, point, {"exit_mode": "recorded"})

    assert _would(house, tightened).touched == ()


def test_what_the_change_would_be_refused_for_the_preview_is_refused_for(house: House) -> None:
    _granted(house, "Ada")
    for make, code in (
        (lambda s: trial.granting(house.operator(s, "kim"), NOW, _wish(house, s, "Ada")), "already-requested"),
        (lambda s: trial.ruling(NOW, house.cedar(s), {"clockless": "everybody"}), "rules-dangerous"),
        (lambda s: trial.posing(NOW, house.site(s), Order(Act.LOCKDOWN, 0)), "posture-unchanged"),
    ):
        with pytest.raises(Refused) as refused:
            _would(house, make)
        assert refused.value.code == code


def test_what_changes_nothing_touches_nobody(house: House) -> None:
    _granted(house, "Ada", "Office hours")
    found = _would(house, lambda session: trial.ruling(NOW, house.cedar(session), {"forgive_at": 240}))
    assert (found.touched, found.appeared, found.gone) == ((), (), ())


@pytest.mark.parametrize("which", ["grant", "revoke", "level"])
def test_what_looks_at_the_rooms_concerned_alone_finds_what_looking_at_all_does(house: House, which: str) -> None:
    given = _granted(house, "Ben")
    _granted(house, "Eve")

    def change(session: Session) -> trial.Within:
        kim, site = house.operator(session, "kim"), house.site(session)
        if which == "revoke":
            return trial.revoking(kim, NOW, session.get_one(Grant, given))
        if which == "grant":
            return trial.granting(kim, NOW, _wish(house, session, "Ada"))
        rooms = {each.id: None for each in areas.guarded_of_site(session, site)}
        level = level_change.make(session, kim, NOW, site, LevelPlan("both", "", rooms), "asked")
        return trial.granting(kim, NOW, replace(_wish(house, session, "Ada"), opens=levels.opening(session, level)))

    narrow = _would(house, change).as_object()
    assert narrow == _would(house, lambda session: change(session).make).as_object()
    assert narrow["gains"] or narrow["loses"]
