"""Doors out of service: in no list, on no page of today, still named by the record; and nobody is locked in by it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.policy import Direction, ExitMode
from contract.reason import Reason
from controller.database import reading, transaction
from controller.delivery import distribution, floors, overview, posture
from controller.delivery.compiling import all_must_fit, content_for, point_must_fit
from controller.delivery.posture import Act, Order
from controller.feeds import home_assistant
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.picture import Picture
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import floor_plan, restoring, room_rules, setting_up
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.floor_plan import Of, Thing
from controller.premises.setting_up import Reader
from controller.record import alarm, coverage, occupancy, retiring, retiring_rooms
from controller.record.alarm import Alarm
from controller.record.fact import FactRow
from controller.refusal import Refused
from controller.settings import HomeAssistantSettings
from door_agent.events import Level, Lock, LockWish, ReaderState
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, joined, visited
from tests.controller.statements import counted

WHY = "bricked up"


def door_of(house: House, session: Session, key: str) -> Door:
    found = doors.by_key(session, house.site(session), key)
    assert found is not None
    return found


def retire(house: House, key: str, *, why: str = WHY, empty: bool = False) -> int:
    with transaction(house.engine) as session:
        by, door = house.operator(session, "kim"), door_of(house, session, key)
        return retiring.retire_door(session, by, NOW, door, why, empty=empty)


def restore(house: House, key: str) -> None:
    with transaction(house.engine) as session:
        by, door = house.operator(session, "kim"), door_of(house, session, key)
        restoring.restore_door(session, by.actor, NOW, door, "opened again", point_must_fit)


def code(house: House, key: str, *, why: str = WHY, empty: bool = False) -> str:
    with pytest.raises(Refused) as refused:
        retire(house, key, why=why, empty=empty)
    return refused.value.code


def last(session: Session, kind: Kind) -> LedgerRow:
    row = session.scalars(select(LedgerRow).where(LedgerRow.kind == kind).order_by(LedgerRow.sequence.desc())).first()
    assert row is not None
    return row


def opens(site: Site, agent: str, point: str, name: str) -> bool:
    return Lock(point.rpartition("-")[0], LockWish.RELEASE) in site.doors[agent].card(point, name)


def test_a_door_that_is_retired_lets_nobody_in_and_everybody_out_as_soon_as_its_agent_has_the_list(
    house: House,
) -> None:
    site = visited(house)
    place = retire(house, "cedar-back")
    with reading(house.engine) as session:
        row, door = last(session, Kind.DOOR_RETIRED), door_of(house, session, "cedar-back")
        assert (row.sequence, row.actor) == (place, house.operator(session, "kim").actor)
        assert row.subjects == {"door": door.id, "agent": door.agent_id, "areas": [house.cedar(session).id]}
        opening = openings_of(session, place)["reason"].opening()
        assert opening is not None
        assert opening.value == WHY
        assert not distribution.in_force_at(session, [door], place).everywhere
    site.talk()
    with reading(house.engine) as session:
        assert distribution.in_force_at(session, [door_of(house, session, "cedar-back")], place).everywhere
        policy = content_for(session, house.site(session), house.agent(session, "cedar-back"), NOW).policy
        assert set(policy.doors) == {"maple"}
    assert not opens(site, "cedar-back", "cedar-back-in", "Ada")
    assert opens(site, "cedar-back", "cedar-back-out", "Ben")
    site.talk()
    with reading(house.engine) as session:
        rows = session.scalars(select(FactRow).where(FactRow.door_id == door_of(house, session, "cedar-back").id))
        assert Reason.EXIT_UNVERIFIED in {row.reason for row in rows}


def test_the_agent_of_the_last_door_gets_a_list_without_any(house: House) -> None:
    site = joined(house)
    site.grant("Ada")
    site.talk()
    for key in ("cedar-back", "maple"):
        retire(house, key)
    site.talk()
    carried = site.doors["cedar-back"].agent.lists.carried
    assert carried is not None
    assert dict(carried.policy.doors) == {}
    assert not opens(site, "cedar-back", "maple-in", "Ada")
    assert opens(site, "cedar-back", "maple-out", "Eve")
    with reading(house.engine) as session:
        assert carried.neighbours.peers == {}
        assert house.agent(session, "cedar-back").last_heard_at is not None


def test_the_last_exit_stays_while_the_room_can_be_entered(house: House) -> None:
    with transaction(house.engine) as session:
        door = door_of(house, session, "cedar-back")
        exit_point = next(each for each in doors.access_points(session, door) if each.direction == Direction.EXIT)
        exit_point.from_area_id = exit_point.to_area_id  # its back door is left by a handle only
    assert code(house, "cedar") == "last-exit"
    retire(house, "cedar-back")
    retire(house, "cedar")
    with reading(house.engine) as session:
        assert doors.of_area(session, house.cedar(session)) == []


def test_the_last_exit_goes_only_when_nobody_is_inside_or_somebody_looked(house: House) -> None:
    site = visited(house)  # Ada is inside
    retire(house, "cedar-back")
    assert code(house, "cedar") == "people-inside"
    place = retire(house, "cedar", empty=True)
    site.talk()
    with reading(house.engine) as session:
        row = session.get_one(LedgerRow, place)
        assert row.content["stated_empty"] == [house.cedar(session).id]
    assert opens(site, "cedar", "cedar-out", "Ada")


def test_doubt_about_who_is_inside_counts_as_somebody(house: House) -> None:
    with transaction(house.engine) as session:
        occupancy.became_uncertain(session, house.cedar(session).id, NOW, "FORCED_OPEN")
    retire(house, "cedar-back")
    assert code(house, "cedar") == "people-inside"


def test_it_takes_a_reason_and_happens_once(house: House) -> None:
    assert code(house, "maple", why=" ") == "reason-missing"
    retire(house, "maple")
    assert code(house, "maple") == "door-retired"


def test_today_knows_it_no_more_and_the_record_does(house: House) -> None:
    site = visited(house)
    site.doors["cedar-back"].feed(ReaderState("cedar-back-in", "lost", "silent"))
    site.talk()
    with reading(house.engine) as session:
        back = door_of(house, session, "cedar-back")
        assert back.id in alarm.doors_waiting(session)
    retire(house, "cedar-back")
    with reading(house.engine) as session:
        own, back = house.site(session), door_of(house, session, "cedar-back")
        assert back not in doors.of_site(session, own)
        assert back in doors.ever_of_site(session, own)
        assert back not in doors.of_area(session, house.cedar(session))
        assert back in doors.ever_of_area(session, house.cedar(session))
        assert back not in [each for found in doors.guarding(session, own).values() for each in found]
        assert back.id not in overview.doors(session, own, NOW)
        assert {each.door_id for each in doors.points_of_site(session, own)}.isdisjoint({back.id})
        assert "cedar-back" not in {key for key, _ in room_rules.room(session, house.cedar(session), NOW).doors}
        closed = session.scalars(select(Alarm).where(Alarm.door_id == back.id)).all()
        assert [(each.note, each.acknowledged_by) for each in closed] == [(WHY, house.operator(session, "kim").id)]
        assert last(session, Kind.DOOR_RETIRED).content["alarms"] == 1


def test_what_breaks_when_it_is_taken_apart_calls_nobody_and_what_opens_it_does(house: House) -> None:
    site = visited(house)
    retire(house, "cedar-back")
    site.talk()
    site.doors["cedar-back"].feed(ReaderState("cedar-back-in", "lost", "silent"))
    site.doors["cedar-back"].feed(Level("cedar-back", "contact", True))
    site.talk()
    with reading(house.engine) as session:
        mine = select(Alarm.kind).where(Alarm.door_id == door_of(house, session, "cedar-back").id)
        assert session.scalars(mine).all() == ["FORCED_OPEN"]
        kinds = select(FactRow.kind).where(FactRow.door_id == door_of(house, session, "cedar-back").id)
        assert {"READER_LOST", "FORCED_OPEN"} <= set(session.scalars(kinds))


def test_it_is_covered_up_to_then(house: House) -> None:
    visited(house)
    retire(house, "cedar-back")
    with reading(house.engine) as session:
        own, later = house.site(session), NOW + timedelta(hours=1)
        before = {each.door.key: each for each in coverage.of_doors(session, own, later, NOW - timedelta(days=1), None)}
        after = {each.door.key for each in coverage.of_doors(session, own, later, NOW, None)}
        maple = before["maple"].heard
        assert maple is not None
        assert (before["cedar-back"].heard or 1.0) > maple  # silent since, which is not held against it
        assert after == {"cedar", "main", "maple"}
        assert coverage.count(session, own, NOW) == 3
        assert coverage.count(session, own, NOW - timedelta(days=1)) == 4


def test_nothing_is_ordered_or_changed_of_it(house: House) -> None:
    retire(house, "maple")
    with transaction(house.engine) as session:
        door, own = door_of(house, session, "maple"), house.site(session)
        point = doors.access_points(session, door)[0]
        outer, inner = (session.get_one(Area, each) for each in (point.from_area_id, point.to_area_id))
        reader = Reader(Direction.EXIT, ("H10301",), ExitMode.FREE, "again")
        for verb in (
            lambda: room_rules.change_door(session, "operator:1", NOW, door, {"held_open_s": 60}, WHY),
            lambda: room_rules.change_access_point(session, "operator:1", NOW, point, {"card_again_s": 5}, WHY),
            lambda: doors.change_formats(session, "operator:1", NOW, point, ["uid-7"], WHY),
            lambda: setting_up.add_reader(
                session, "operator:1", NOW, door, (outer, inner), reader, WHY, point_must_fit
            ),
            lambda: posture.change(session, "operator:1", NOW, own, Order(Act.LOCKDOWN, door=door), WHY),
        ):
            with pytest.raises(Refused) as refused:
                verb()
            assert refused.value.code == "door-retired"


def test_it_comes_back_as_it_was(house: House) -> None:
    site = visited(house)
    retire(house, "cedar-back")
    site.talk()
    restore(house, "cedar-back")
    site.talk()
    assert opens(site, "cedar-back", "cedar-back-in", "Ada")
    carried = site.doors["cedar-back"].agent.lists.carried
    assert carried is not None
    assert carried.policy.access_points["cedar-back-out"].exit_mode is ExitMode.CONTROLLED
    with reading(house.engine) as session:
        row = last(session, Kind.DOOR_RESTORED)
        assert row.subjects["door"] == door_of(house, session, "cedar-back").id
    with pytest.raises(Refused) as refused:
        restore(house, "cedar-back")
    assert refused.value.code == "in-service"


def _reads_what_is_gone(house: House, session: Session) -> None:
    point = doors.access_point_by_key(session, house.site(session), "cedar-back-in")
    assert point is not None
    point.formats = "gone-1"


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (lambda house, session: setattr(house.cedar(session), "retired_at", NOW), "area-retired"),
        (lambda house, session: setattr(house.agent(session, "cedar-back"), "revoked_at", NOW), "agent-revoked"),
        (_reads_what_is_gone, "format-unknown"),
    ],
)
def test_it_does_not_come_back_to_what_is_gone(house: House, spoil: object, wanted: str) -> None:
    retire(house, "cedar-back")
    with transaction(house.engine) as session:
        spoil(house, session)  # type: ignore[operator]
    with pytest.raises(Refused) as refused:
        restore(house, "cedar-back")
    assert refused.value.code == wanted


def test_its_readers_keep_no_format_in_use(house: House) -> None:
    with reading(house.engine) as session:
        assert "uid-7" in doors.reading(session, house.site(session))
    retire(house, "maple")
    with reading(house.engine) as session:
        assert "uid-7" not in doors.reading(session, house.site(session))


def test_the_questions_about_one_door_do_not_grow_with_the_doors(house: House) -> None:
    with reading(house.engine) as session:
        door = door_of(house, session, "cedar")
        with counted(house.engine) as asked:
            retiring.without(session, door)
        assert len(asked) < 12


def test_home_assistant_is_told_to_forget_it(house: House, tmp_path: Path) -> None:
    told = HomeAssistantSettings("us", "see doors", "ha.example", tmp_path / "ca.pem", occupancy=("maple-room",))
    with reading(house.engine) as session:
        before = home_assistant.states(session, house.site(session), NOW, told)
    retire(house, "maple")
    with transaction(house.engine) as session:
        maple = areas.by_key(session, house.site(session), "maple-room")
        assert maple is not None
        retiring_rooms.retire_room(session, house.operator(session, "kim"), NOW, maple, WHY, all_must_fit)
    with reading(house.engine) as session:
        after = home_assistant.states(session, house.site(session), NOW, told)
    assert after.keys() == before.keys()
    gone = {topic for topic, payload in after.items() if payload == ""}
    assert gone == {topic for topic in before if "maple" in topic}
    [config] = [json.loads(payload) for topic, payload in after.items() if topic.endswith("/config")]
    assert config["components"]["door_maple"] == {"platform": "binary_sensor"}
    assert config["components"]["inside_maple-room"] == {"platform": "sensor"}
    assert "unique_id" in config["components"]["door_cedar"]


def test_it_keeps_its_place_on_the_floor_plan_and_is_not_put_there(house: House) -> None:
    with transaction(house.engine) as session:
        picture = Picture(b"RIFF", 10, 10)
        plan = floor_plan.make(session, "operator:1", NOW, house.site(session), ("Ground", ""), picture)
        thing = Thing(Of.DOOR, door_of(house, session, "maple").id)
        floor_plan.place(session, "operator:1", NOW, plan, {thing: (10, 20)})
    retire(house, "maple")
    with transaction(house.engine) as session:
        [plan] = floor_plan.of_site(session, house.site(session))
        shown = floors.standing(session, house.site(session), overview.rooms(session, house.site(session), NOW))
        assert shown.every[0].doors == []
        with pytest.raises(Refused) as refused:
            floor_plan.place(session, "operator:1", NOW, plan, {thing: (30, 30)})
        assert refused.value.code == "plan-place-wrong"
    restore(house, "maple")
    with reading(house.engine) as session:
        shown = floors.standing(session, house.site(session), overview.rooms(session, house.site(session), NOW))
        assert [(mark.x, mark.y) for mark in shown.every[0].doors] == [(10, 20)]
