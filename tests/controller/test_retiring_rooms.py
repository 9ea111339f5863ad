"""Rooms out of service: only when no door leads there and nobody is inside; what opened them ends, on record."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.database import reading, transaction
from controller.delivery.compiling import all_must_fit, must_fit
from controller.ledger.kinds import Kind
from controller.ledger.ledger import openings_of
from controller.people import access_level, level_change, permission
from controller.people.access_level import AccessLevel, LevelPlan
from controller.people.level_change import AccessLevelChange, ChangeState
from controller.people.permission import Grant, GrantState, Wish
from controller.premises import area as areas
from controller.premises import restoring, room_rules, setting_up
from controller.premises.area import Area, AreaPlan
from controller.record import muster, occupancy, retiring_rooms, stay
from controller.record.stay import StayFilter
from controller.refusal import Refused
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited
from tests.controller.test_retiring import door_of, last
from tests.controller.test_retiring import retire as retire_the_door

WHY = "the wing was given back"


def store(house: House, session: Session, key: str = "store") -> Area:
    """A room without any door."""
    found = areas.by_key(session, house.site(session), key)
    if found is None:
        plan = AreaPlan(key, key.title(), "", private=True)
        found = setting_up.add_area(session, "operator:1", NOW, house.site(session), plan, "new")
    return found


def ask(house: House, session: Session, area: Area, by: str = "mia", who: str = "Ada") -> Grant:
    wish = Wish(house.holder(session, who), area, NOW, None, "works there")
    return permission.request(session, house.operator(session, by), NOW, wish)


def retire(house: House, key: str = "store", *, why: str = WHY, empty: bool = False) -> int:
    with transaction(house.engine) as session:
        by, row = house.operator(session, "kim"), areas.by_key(session, house.site(session), key)
        assert row is not None
        return retiring_rooms.retire_room(session, by, NOW, row, why, all_must_fit, empty=empty)


def code(house: House, key: str = "store", *, why: str = WHY) -> str:
    with pytest.raises(Refused) as refused:
        retire(house, key, why=why)
    return refused.value.code


def test_permissions_end_and_requests_are_declined_with_the_reason(house: House) -> None:
    with transaction(house.engine) as session:
        room = store(house, session)
        given = ask(house, session, room)
        permission.approve(session, house.operator(session, "kim"), NOW, given, must_fit)
        asked, own = ask(house, session, room, who="Ben"), ask(house, session, room, "kim", "Eve")
        ids = [each.id for each in (given, asked, own)]
    place = retire(house)
    with reading(house.engine) as session:
        ended, declined, withdrawn = (session.get_one(Grant, each) for each in ids)
        assert (ended.state, ended.revoke_reason) == (GrantState.REVOKED, WHY)
        assert (declined.state, declined.decision_note) == (GrantState.DECLINED, WHY)
        assert (withdrawn.state, withdrawn.revoke_reason) == (GrantState.REVOKED, WHY)
        row = last(session, Kind.AREA_RETIRED)
        assert (row.sequence, row.content["permissions"], row.content["requests"]) == (place, 1, 2)
        assert row.content["stated_empty"] is False
        opening = openings_of(session, place)["reason"].opening()
        assert opening is not None
        assert opening.value == WHY


def test_access_levels_open_it_no_more_and_one_that_opened_nothing_else_is_retired(house: House) -> None:
    with transaction(house.engine) as session:
        by, own, room = house.operator(session, "kim"), house.site(session), store(house, session)
        both = LevelPlan("Both", "", {room.id: None, house.cedar(session).id: None})
        level_change.make(session, by, NOW, own, both, "new")
        level_change.make(session, by, NOW, own, LevelPlan("Store alone", "", {room.id: None}), "new")
        other = level_change.make(session, by, NOW, own, LevelPlan("Cedar", "", {house.cedar(session).id: None}), "new")
        wish = Wish(house.holder(session, "Ada"), access_level.opening(session, other), NOW, None, "works there")
        permission.request(session, by, NOW, wish)
        wider = LevelPlan("Cedar", "", {room.id: None, house.cedar(session).id: None})
        assert level_change.change(session, by, NOW, other, wider, "more", all_must_fit).state == ChangeState.REQUESTED
    retire(house)
    with reading(house.engine) as session:
        room = store(house, session)
        assert access_level.that_open(session, room) == []
        found = {each.name: each for each in session.scalars(select(AccessLevel))}
        assert found["Store alone"].retired_at == NOW
        assert list(access_level.plan_of(session, found["Both"]).rooms) == [house.cedar(session).id]
        [change] = session.scalars(
            select(AccessLevelChange).where(AccessLevelChange.access_level_id == found["Cedar"].id)
        )
        assert change.state == ChangeState.WITHDRAWN


def test_it_stays_while_a_door_leads_there_or_somebody_is_inside(house: House) -> None:
    visited(house)  # Ada is in the Cedar room
    assert code(house, "cedar-room") == "doors-in-service"
    assert code(house, "hallway") == "doors-in-service"
    for key in ("cedar-back", "cedar"):
        retire_the_door(house, key, empty=True)
    assert code(house, "cedar-room") == "people-inside"
    retire(house, "cedar-room", empty=True)
    with reading(house.engine) as session:
        cedar = house.cedar(session)
        assert cedar not in areas.of_site(session, house.site(session))
        assert cedar in areas.ever_of_site(session, house.site(session))
        assert cedar.id not in {each.area.id for each in muster.of_rooms(session, house.site(session))}
        assert stay.newest(session, house.site(session), StayFilter(cedar.id), None, 5)
        assert last(session, Kind.AREA_RETIRED).content["stated_empty"] is True


def test_doubt_counts_as_somebody_and_ends_when_somebody_looked(house: House) -> None:
    with transaction(house.engine) as session:
        occupancy.became_uncertain(session, store(house, session).id, NOW, "FORCED_OPEN")
    assert code(house) == "people-inside"
    retire(house, empty=True)
    with reading(house.engine) as session:
        assert occupancy.uncertain(session) == {}


def test_it_takes_a_reason_happens_once_and_nothing_is_set_up_for_it(house: House) -> None:
    with transaction(house.engine) as session:
        store(house, session)
    assert code(house, why="") == "reason-missing"
    retire(house)
    assert code(house) == "area-retired"
    with transaction(house.engine) as session:
        by, own, room = house.operator(session, "kim"), house.site(session), store(house, session)
        plan = LevelPlan("Store", "", {room.id: None})
        for verb in (
            lambda: ask(house, session, room),
            lambda: level_change.make(session, by, NOW, own, plan, "new"),
            lambda: room_rules.change_area(session, by.actor, NOW, room, {"fresh_s": 60}, WHY),
            lambda: room_rules.mark_private(session, by.actor, NOW, room, False, WHY),
        ):
            with pytest.raises(Refused) as refused:
                verb()
            assert refused.value.code == "area-retired"


def test_a_request_that_slipped_in_is_not_approved(house: House) -> None:
    with transaction(house.engine) as session:
        room = store(house, session)
        asked = ask(house, session, room)
        room.retired_at = NOW
        session.flush()
        with pytest.raises(Refused) as refused:
            permission.approve(session, house.operator(session, "kim"), NOW, asked, must_fit)
        assert refused.value.code == "area-retired"
        session.rollback()


def test_it_comes_back_with_its_name_and_key_and_without_permissions(house: House) -> None:
    with transaction(house.engine) as session:
        room = store(house, session)
        given = ask(house, session, room)
        permission.approve(session, house.operator(session, "kim"), NOW, given, must_fit)
    retire(house)
    with transaction(house.engine) as session:
        setting_up.rename_area(session, "operator:1", NOW, store(house, session), "Old store", "", WHY)
        by, room = house.operator(session, "kim"), store(house, session)
        retiring_rooms.restore_room(session, by, NOW, room, "needed again")
        assert room in areas.of_site(session, house.site(session))
        assert permission.in_force(session, room, NOW) == []
        assert (last(session, Kind.AREA_RESTORED).subjects, room.key) == ({"areas": [room.id]}, "store")
        with pytest.raises(Refused) as refused:
            retiring_rooms.restore_room(session, by, NOW, room, "again")
        assert refused.value.code == "in-service"


def test_its_doors_come_back_after_it(house: House) -> None:
    retire_the_door(house, "maple")
    retire(house, "maple-room")
    with transaction(house.engine) as session:
        by, door = house.operator(session, "kim"), door_of(house, session, "maple")
        with pytest.raises(Refused) as refused:
            restoring.restore_door(session, by.actor, NOW, door, "again", lambda *_: None)
        assert refused.value.code == "area-retired"
        maple = areas.by_key(session, house.site(session), "maple-room")
        assert maple is not None
        retiring_rooms.restore_room(session, by, NOW, maple, "again")
        restoring.restore_door(session, by.actor, NOW, door, "again", lambda *_: None)
