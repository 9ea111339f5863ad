"""Rooms and doors set up one by one: with a reason, on record, and refused where they would guard nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.policy import Direction, ExitMode
from controller.database import transaction
from controller.delivery.compiling import content_for, point_must_fit
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import room_rules, setting_up
from controller.premises.area import Area, AreaPlan
from controller.premises.door import Door, DoorPlan
from controller.premises.setting_up import Doorway, Reader
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

ACTOR, WHY = "operator:1", "the new wing"
IN, OUT = Reader(Direction.ENTRY, ("H10301",)), Reader(Direction.EXIT, ("H10301",), ExitMode.RECORDED)
SERVER = AreaPlan("server-room", "Server room", "", private=True)


def last(session: Session, kind: Kind) -> tuple[LedgerRow, Any]:
    row = session.scalars(select(LedgerRow).where(LedgerRow.kind == kind).order_by(LedgerRow.sequence.desc())).first()
    assert row is not None
    opening = openings_of(session, row.sequence)["reason"].opening()
    assert opening is not None
    return row, opening.value


def room(house: House, session: Session, plan: AreaPlan = SERVER) -> Area:
    return setting_up.add_area(session, ACTOR, NOW, house.site(session), plan, WHY)


def doorway(house: House, session: Session, inner: Area, *readers: Reader) -> Doorway:
    outside = areas.by_key(session, house.site(session), "outside")
    assert outside is not None
    return Doorway(DoorPlan("server", "Server room door", "サーバー室"), house.agent(session), outside, inner, readers)


def add(house: House, session: Session, wanted: Doorway, why: str = WHY) -> Door:
    return setting_up.add_door(session, ACTOR, NOW, house.site(session), wanted, why, point_must_fit)


def test_a_room_and_its_door_stand_in_the_list_of_their_agent_and_in_the_ledger_with_the_reason(house: House) -> None:
    with transaction(house.engine) as session:
        made = room(house, session)
        assert (made.name_ja, made.private) == ("Server room", True)
        door = add(house, session, doorway(house, session, made, IN, OUT))
        assert [each.key for each in doors.access_points(session, door)] == ["server-in", "server-out"]
        for kind in (Kind.AREA_MADE, Kind.DOOR_MADE, Kind.ACCESS_POINT_MADE):
            row, why = last(session, kind)
            assert (row.actor, why) == (ACTOR, WHY)
        policy = content_for(session, house.site(session), house.agent(session), NOW).policy
        assert policy.areas["server-room"].private
        assert policy.access_points["server-out"].guarded == "server-room"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda found: replace(found, readers=()), "door-guards-nothing"),
        (lambda found: replace(found, to_area=found.from_area), "areas-same"),
        (lambda found: replace(found, from_area=found.to_area, to_area=found.from_area), "door-guards-nothing"),
        (lambda found: replace(found, readers=(IN, IN)), "access-point-there"),
        (lambda found: replace(found, readers=(replace(IN, formats=()),)), "format-unknown"),
        (lambda found: replace(found, readers=(replace(IN, formats=("H10301", "nobody's")),)), "format-unknown"),
        (lambda found: replace(found, readers=(replace(OUT, exit_mode=None),)), "exit-mode-missing"),
        (lambda found: replace(found, readers=(replace(OUT, exit_mode=ExitMode.CONTROLLED),)), "sign-off-missing"),
        (lambda found: replace(found, readers=(replace(IN, key="cedar-in"),)), "key-taken"),
        (lambda found: replace(found, plan=replace(found.plan, key="cedar")), "key-taken"),
        (lambda found: replace(found, plan=replace(found.plan, key="Server!")), "key-wrong"),
        (lambda found: replace(found, plan=replace(found.plan, name=" ")), "name-missing"),
        (lambda found: replace(found, plan=replace(found.plan, name="a\u001bb")), "text-wrong"),
    ],
)
def test_a_door_that_would_guard_nothing_or_is_wrong_is_refused(
    house: House, change: Callable[[Doorway], Doorway], code: str
) -> None:
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        add(house, session, change(doorway(house, session, room(house, session), IN)))
    assert refused.value.code == code


def test_no_reason_no_door_and_none_at_an_agent_that_is_revoked(house: House) -> None:
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        add(house, session, doorway(house, session, room(house, session), IN), " ")
    assert refused.value.code == "reason-missing"
    with transaction(house.engine) as session:
        agents.revoke(session, ACTOR, NOW, house.agent(session))
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        add(house, session, doorway(house, session, room(house, session), IN))
    assert refused.value.code == "agent-revoked"


def test_names_change_on_record_and_only_when_they_do(house: House) -> None:
    with transaction(house.engine) as session:
        cedar, door = house.cedar(session), doors.by_key(session, house.site(session), "main")
        assert door is not None
        setting_up.rename_area(session, ACTOR, NOW, cedar, "Cedar", "杉", WHY)
        row, why = last(session, Kind.AREA_RENAMED)
        assert (row.content["changed"], why) == ({"name": ["Cedar room", "Cedar"], "name_ja": ["杉の間", "杉"]}, WHY)
        setting_up.rename_area(session, ACTOR, NOW, cedar, "Cedar", "杉", "again")
        assert last(session, Kind.AREA_RENAMED)[1] == WHY
        setting_up.rename_door(session, ACTOR, NOW, door, "Front", "", WHY)
        assert (door.name, door.name_ja) == ("Front", "Front")
        assert last(session, Kind.DOOR_RENAMED)[0].subjects == {"door": door.id}


def test_a_room_is_marked_once_and_not_against_a_danger_that_this_brings(house: House) -> None:
    with transaction(house.engine) as session:
        made = room(house, session, AreaPlan("store", "Store", ""))
        assert not made.private
        room_rules.mark_private(session, ACTOR, NOW, made, True, WHY)
        row, _why = last(session, Kind.AREA_MARKED)
        assert row.content["private"] is True
        room_rules.mark_private(session, ACTOR, NOW, made, True, "again")
        assert last(session, Kind.AREA_MARKED)[0].sequence == row.sequence
        room_rules.mark_private(session, ACTOR, NOW, made, False, "moved out")
        door = add(house, session, doorway(house, session, made, IN))
        room_rules.change_door(session, ACTOR, NOW, door, {"may_hold": True}, WHY)
        with pytest.raises(Refused) as refused:
            room_rules.mark_private(session, ACTOR, NOW, made, True, WHY)
        assert (refused.value.code, made.private) == ("rules-dangerous", True)
        session.rollback()


def test_what_is_open_is_marked_never(house: House) -> None:
    with transaction(house.engine) as session:
        made = room(house, session, AreaPlan("lobby", "Lobby", "", open=True))
        with pytest.raises(Refused) as refused:
            room_rules.mark_private(session, ACTOR, NOW, made, True, WHY)
    assert refused.value.code == "area-open"


def test_a_reader_reads_what_it_is_told_and_says_so_in_the_next_list(house: House) -> None:
    with transaction(house.engine) as session:
        point = doors.access_point_by_key(session, house.site(session), "cedar-in")
        assert point is not None
        before = point.formats
        doors.change_formats(session, ACTOR, NOW, point, ["uid-7", "H10301", "uid-7"], WHY)
        assert point.formats == "uid-7 H10301"
        row, why = last(session, Kind.READER_CHANGED)
        assert (row.content["changed"], why) == ({"formats": [before, "uid-7 H10301"]}, WHY)
        policy = content_for(session, house.site(session), house.agent(session), NOW).policy
        assert set(policy.access_points["cedar-in"].formats) == {"uid-7", "H10301"}
        for wrong in ([], ["nobody's"], ["H10301", "x" * 300]):
            with pytest.raises(Refused) as refused:
                doors.change_formats(session, ACTOR, NOW, point, wrong, WHY)
            assert refused.value.code == "format-unknown"
