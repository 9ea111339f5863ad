"""Access levels: made, given, widened by two people, narrowed and retired by one; nothing gets round that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from contract.record import Flag
from controller.database import reading, transaction, trying
from controller.delivery import trial
from controller.delivery.compiling import all_must_fit, content_for, must_fit
from controller.delivery.preview import Touch, preview
from controller.people import access_level as levels
from controller.people import level_change, undoing
from controller.people import permission as permissions
from controller.people.access_level import AccessLevel, LevelPlan
from controller.people.level_change import AccessLevelChange, ChangeState
from controller.people.permission import LONGEST_PRIVATE, Grant, GrantState, Wish
from controller.premises import area as areas
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

END = NOW + timedelta(days=200)
LATER = NOW + timedelta(days=1)


def room(house: House, session: Session, key: str) -> Area:
    found = areas.by_key(session, house.site(session), key)
    assert found is not None
    return found


def plan(house: House, session: Session, *keys: str, hours: str = "") -> LevelPlan:
    schedule = schedules.offered(session, house.site(session))[0].id if hours else None
    return LevelPlan("Cleaning", "清掃", {room(house, session, key).id: schedule for key in keys})


def made(house: House, session: Session, *keys: str) -> AccessLevel:
    wanted = plan(house, session, *(keys or ("maple-room",)))
    return level_change.make(session, house.operator(session, "kim"), NOW, house.site(session), wanted, "cleaners")


def given(house: House, session: Session, level: AccessLevel, name: str = "Ben", *, approved: bool = True) -> Grant:
    """The level for somebody, asked for by kim and approved by mia."""
    wish = Wish(house.holder(session, name), levels.opening(session, level), NOW, END, "cleans")
    asked = permissions.request(session, house.operator(session, "kim"), NOW, wish)
    if approved:
        permissions.approve(session, house.operator(session, "mia"), NOW, asked, must_fit)
    return asked


def change(
    house: House, session: Session, level: AccessLevel, wanted: LevelPlan, name: str = "kim"
) -> AccessLevelChange:
    return level_change.change(session, house.operator(session, name), LATER, level, wanted, "more", all_must_fit)


def entering(session: Session, house: House, key: str) -> set[int]:
    return {each.cardholder_id for each in permissions.in_force(session, room(house, session, key), LATER)}


def test_a_level_opens_its_rooms_for_whom_it_was_given(house: House) -> None:
    with transaction(house.engine) as session:
        level = made(house, session, "maple-room", "cedar-room")
        grant, ben = given(house, session, level), house.holder(session, "Ben")
        assert (grant.area_id, grant.access_level_id, grant.valid_until) == (None, level.id, END)
        assert entering(session, house, "maple-room") == entering(session, house, "cedar-room") == {ben.id}
        assert {each.key for each in permissions.areas_of(session, grant)} == {"maple-room", "cedar-room"}


def test_a_level_with_a_private_room_ends_like_a_permission_for_one(house: House) -> None:
    with transaction(house.engine) as session:
        opening = levels.opening(session, made(house, session, "cedar-room"))
        assert opening.private
        wish = Wish(house.holder(session, "Ben"), opening, NOW, None, "cleans")
        assert wish.ends == NOW + LONGEST_PRIVATE
        late = replace(wish, valid_until=NOW + LONGEST_PRIVATE + timedelta(days=1))
        with pytest.raises(Refused, match="366 days"):
            permissions.request(session, house.operator(session, "kim"), NOW, late)
        hours = schedules.offered(session, house.site(session))[0]
        with pytest.raises(Refused, match="hours of its own"):
            permissions.request(session, house.operator(session, "kim"), NOW, replace(wish, schedule=hours))
        permissions.request(session, house.operator(session, "kim"), NOW, wish)
        with pytest.raises(Refused, match="already requested"):
            permissions.request(session, house.operator(session, "kim"), NOW, wish)


@pytest.mark.parametrize("approved", [True, False])
def test_a_held_or_requested_level_reaches_a_private_room_only_by_two_people(house: House, approved: bool) -> None:
    with transaction(house.engine) as session:
        level = made(house, session)
        given(house, session, level, approved=approved)
        wider = plan(house, session, "maple-room", "cedar-room")
        asked = change(house, session, level, wider)
        assert asked.state == ChangeState.REQUESTED
        assert not entering(session, house, "cedar-room")
        with pytest.raises(Refused, match="Another person"):
            level_change.approve(session, house.operator(session, "kim"), LATER, asked, all_must_fit)
        level_change.approve(session, house.operator(session, "mia"), LATER, asked, all_must_fit, "seen")
        assert asked.state == ChangeState.APPROVED
        assert bool(entering(session, house, "cedar-room")) is approved
        with pytest.raises(Refused, match="already been decided"):
            level_change.approve(session, house.operator(session, "mia"), LATER, asked, all_must_fit)


def test_more_hours_are_more_and_fewer_are_less(house: House) -> None:
    with transaction(house.engine) as session:
        level = made(house, session)
        given(house, session, level)
        assert change(house, session, level, plan(house, session, "maple-room", hours="day")).state == "approved"
        assert change(house, session, level, plan(house, session, "maple-room")).state == "requested"


@pytest.mark.parametrize("rename", [True, False])
def test_what_takes_away_and_what_nobody_has_is_changed_at_once(house: House, rename: bool) -> None:
    with transaction(house.engine) as session:
        level = made(house, session)
        assert change(house, session, level, plan(house, session, "maple-room", "cedar-room")).state == "approved"
        given(house, session, level)
        less = plan(house, session, "maple-room")
        asked = change(house, session, level, replace(less, name="Sweeping") if rename else less)
        assert (asked.state, asked.decided_by, level.ledger_sequence) == ("approved", None, asked.ledger_sequence)
        assert not entering(session, house, "cedar-room")
        with pytest.raises(Refused, match="says this already"):
            change(house, session, level, levels.plan_of(session, level))


def test_a_card_that_a_level_let_in_still_lets_out_after_its_room_was_taken_out(house: House) -> None:
    with transaction(house.engine) as session:
        site, agent = house.site(session), house.agent(session, "cedar")
        level = made(house, session, "maple-room", "cedar-room")
        given(house, session, level)
        change(house, session, level, plan(house, session, "maple-room"))

        def flags(at: datetime) -> list[int]:
            return [each.flags for each in content_for(session, site, agent, at).tables["cedar-room"].values()]

        assert flags(LATER + timedelta(days=6)) == [Flag.EXIT_ONLY]
        assert flags(LATER + timedelta(days=8)) == []
        change(house, session, level, plan(house, session, "cedar-room", "maple-room"))
        asked = level_change.waiting(session)[0]
        level_change.approve(session, house.operator(session, "mia"), LATER, asked, all_must_fit)
        assert flags(LATER) == [Flag.NONE]


def test_one_change_waits_at_a_time_and_its_asker_withdraws_it(house: House) -> None:
    with transaction(house.engine) as session:
        level = made(house, session)
        given(house, session, level)
        asked = change(house, session, level, plan(house, session, "maple-room", "cedar-room"))
        for verb in (
            lambda: change(house, session, level, plan(house, session, "cedar-room")),
            lambda: level_change.retire(session, house.operator(session, "kim"), LATER, level, "over"),
        ):
            with pytest.raises(Refused, match="access level waits"):
                verb()
        with pytest.raises(Refused, match="reason is needed"):
            level_change.decline(session, house.operator(session, "mia"), LATER, asked, " ")
        level_change.decline(session, house.operator(session, "kim"), LATER, asked, "no longer")
        assert asked.state == ChangeState.WITHDRAWN
        again = change(house, session, level, plan(house, session, "maple-room", "cedar-room"))
        level_change.decline(session, house.operator(session, "mia"), LATER, again, "why Cedar?")
        assert (again.state, level_change.waiting(session)) == (ChangeState.DECLINED, [])


def test_an_endless_permission_does_not_come_into_a_private_room_by_a_level(house: House) -> None:
    with transaction(house.engine) as session:
        level = made(house, session)
        given(house, session, level).valid_until = None
        session.flush()
        with pytest.raises(Refused, match="longer than the year"):
            change(house, session, level, plan(house, session, "maple-room", "cedar-room"))


def test_a_retired_level_ends_what_was_given_by_it_and_is_not_given_again(house: House) -> None:
    with transaction(house.engine) as session:
        level, kim = made(house, session), house.operator(session, "kim")
        held, asked = given(house, session, level), given(house, session, level, "Eve", approved=False)
        ended = level_change.retire(session, kim, LATER, level, "firm changed")
        assert {each.id for each in ended} == {held.id, asked.id}
        assert {held.state, asked.state} == {GrantState.REVOKED}
        assert not entering(session, house, "maple-room")
        assert level not in levels.offered(session, house.site(session))
        for verb in (
            lambda: given(house, session, level, "Ada"),
            lambda: level_change.retire(session, kim, LATER, level, "again"),
            lambda: undoing.undo_revocation(session, kim, LATER, held, "again"),
        ):
            with pytest.raises(Refused, match="no longer offered"):
                verb()


def test_a_permission_by_a_level_is_undone_like_one_for_a_room(house: House) -> None:
    with transaction(house.engine) as session:
        level, kim = made(house, session), house.operator(session, "kim")
        grant = given(house, session, level)
        undoing.undo_approval(session, kim, LATER, grant, "wrong Ben")
        anew = undoing.undo_revocation(session, kim, LATER, grant, "right Ben")
        assert (anew.access_level_id, anew.area_id, anew.state) == (level.id, None, GrantState.REQUESTED)


def test_what_a_level_cannot_say_is_refused(house: House) -> None:
    with transaction(house.engine) as session:
        kim, site = house.operator(session, "kim"), house.site(session)
        level = made(house, session)
        outside = next(each for each in areas.of_site(session, site) if each.open)
        gone = schedules.offered(session, site)[0]
        schedules.retire(session, kim.actor, NOW, gone)
        fine = plan(house, session, "cedar-room")
        for flaw, wrong, why in (
            ("name-missing", replace(fine, name=" "), "x"),
            ("text-wrong", replace(fine, name="x" * 121), "x"),
            ("key-taken", fine, "x"),
            ("reason-missing", replace(fine, name="B"), " "),
            ("level-empty", replace(fine, name="B", rooms={}), "x"),
            ("level-rooms", replace(fine, name="B", rooms=dict.fromkeys(range(1, 202))), "x"),
            ("not-found", replace(fine, name="B", rooms={9999: None}), "x"),
            ("not-found", replace(fine, name="B", rooms={house.cedar(session).id: 9999}), "x"),
            ("area-open", replace(fine, name="B", rooms={outside.id: None}), "x"),
            ("schedule-retired", replace(fine, name="B", rooms={house.cedar(session).id: gone.id}), "x"),
        ):
            with pytest.raises(Refused) as refused:
                level_change.make(session, kim, NOW, site, wrong, why)
            assert refused.value.code == flaw
        assert [each.id for each in levels.of_site(session, site)] == [level.id]


def test_a_preview_says_who_gains_and_who_loses_and_changes_nothing(house: House) -> None:
    with transaction(house.engine) as session:
        level = made(house, session)
        given(house, session, level)
        number = level.id
    with trying(house.engine) as session:
        level, kim, site = session.get_one(AccessLevel, number), house.operator(session, "kim"), house.site(session)
        wider = trial.leveling(kim, LATER, level, plan(house, session, "cedar-room"))
        found = preview(session, site, LATER, wider)
        told = {(each.touch, each.cardholder.name, each.area.key) for each in found.touched}
        assert told == {("gains", "Ben", "cedar-room"), ("loses", "Ben", "maple-room")}
        over = preview(session, site, LATER, trial.retiring(kim, LATER, level))
        assert [each.area.key for each in over.of(Touch.LOSES)] == ["maple-room"]
    with reading(house.engine) as session:
        assert not level_change.waiting(session)
        assert session.get_one(AccessLevel, number).retired_at is None
