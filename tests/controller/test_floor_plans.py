"""Floor plans: kept, changed, removed and put back; marks with what was before; and what stands there now."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.database import reading, transaction
from controller.delivery import floors, overview
from controller.delivery.floors import Floors
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.picture import Picture, redrawn
from controller.premises import door as doors
from controller.premises import floor_plan, plan_changes
from controller.premises.floor_plan import FloorPlan, Move, Of, Spot, Thing
from controller.record.alarm import raise_alarm
from controller.refusal import Refused
from tests.controller.conftest import NOW, House
from tests.controller.many_doors import add_many
from tests.controller.statements import counted
from tests.controller.test_picture import drawn

ACTOR = "operator:1"


def drawing(kind: str = "PNG") -> Picture:
    return redrawn(drawn(kind, (400, 300)), floor_plan.SIDE)


def added(house: House, session: Session, name: str = "3F") -> FloorPlan:
    return floor_plan.make(session, ACTOR, NOW, house.site(session), (name, "3階"), drawing())


def door(house: House, session: Session, key: str = "cedar") -> Thing:
    found = doors.by_key(session, house.site(session), key)
    assert found is not None
    return Thing(Of.DOOR, found.id)


def place(session: Session, plan: FloorPlan, wanted: dict[Thing, tuple[int, int] | None]) -> int | None:
    return floor_plan.place(session, ACTOR, NOW, plan, wanted)


def spots(house: House, session: Session) -> dict[Thing, Spot]:
    return {mark.thing: mark.spot for mark in floor_plan.marks(session, house.site(session))}


def last(session: Session) -> LedgerRow:
    found = session.scalars(select(LedgerRow).order_by(LedgerRow.sequence.desc())).first()
    assert found is not None
    return found


def standing(house: House, session: Session) -> Floors:
    site = house.site(session)
    return floors.standing(session, site, overview.rooms(session, site, NOW))


def test_a_plan_is_added_renamed_and_drawn_anew_and_the_ledger_says_so_without_its_picture(house: House) -> None:
    with transaction(house.engine) as session:
        plan = added(house, session)
        assert (last(session).kind, last(session).content["picture"]) == (Kind.FLOOR_PLAN_MADE, plan.digest)
        assert plan.picture not in last(session).leaf
        before = plan.digest
        floor_plan.change(session, ACTOR, NOW, plan, names=("3rd floor", ""), picture=drawing("JPEG"))
        row = last(session)
        assert row.kind == Kind.FLOOR_PLAN_CHANGED
        assert row.content["before"] == {"name": "3F", "name_ja": "3階", "picture": before}
        assert row.content["after"] == {"name": "3rd floor", "name_ja": "3rd floor", "picture": plan.digest}
        floor_plan.change(session, ACTOR, NOW, plan, names=("3rd floor", "3rd floor"))
        assert last(session).sequence == row.sequence  # nothing changed
    with reading(house.engine) as session:
        kept = session.scalars(select(FloorPlan)).one()
        assert (kept.width, kept.height, kept.picture[:4]) == (400, 300, b"RIFF")


@pytest.mark.parametrize(("names", "code"), [(("", "x"), "name-missing"), (("a\nb", ""), "text-wrong")])
def test_a_plan_needs_a_name(house: House, names: tuple[str, str], code: str) -> None:
    with transaction(house.engine) as session, pytest.raises(Refused) as refused:
        floor_plan.make(session, ACTOR, NOW, house.site(session), names, drawing())
    assert refused.value.code == code


def test_a_site_holds_a_bounded_number_of_plans(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor_plan, "MOST", 2)
    with transaction(house.engine) as session:
        added(house, session)
        floor_plan.remove(session, ACTOR, NOW, added(house, session, "4F"))
        added(house, session, "5F")  # what was removed does not count
        with pytest.raises(Refused) as refused:
            added(house, session, "6F")
        assert refused.value.code == "plans-full"


def test_marks_are_put_moved_and_taken_off_with_what_was_before(house: House) -> None:
    with transaction(house.engine) as session:
        third, fourth, cedar = added(house, session), added(house, session, "4F"), door(house, session)
        room = Thing(Of.AREA, house.cedar(session).id)
        assert place(session, third, {cedar: (200, 300), room: (0, 1000)}) is not None
        assert last(session).content["moved"] == [
            {"area": room.id, "before": None, "after": {"plan": third.id, "x": 0, "y": 1000}},
            {"door": cedar.id, "before": None, "after": {"plan": third.id, "x": 200, "y": 300}},
        ]
        assert place(session, third, {cedar: (200, 300)}) is None  # nothing changes
        assert place(session, fourth, {cedar: None}) is None  # it is not on this plan: it stays where it is
        assert place(session, fourth, {cedar: (1, 2)}) is not None
        assert spots(house, session) == {room: Spot(third.id, 0, 1000), cedar: Spot(fourth.id, 1, 2)}
        assert place(session, fourth, {cedar: None}) is not None
        assert spots(house, session) == {room: Spot(third.id, 0, 1000)}


@pytest.mark.parametrize("at", [(-1, 0), (0, 1001), (1001, 1001)])
def test_a_place_beyond_the_plan_is_refused_and_nothing_is_put(house: House, at: tuple[int, int]) -> None:
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        place(session, added(house, session), {door(house, session, "main"): (5, 5), door(house, session): at})
    assert refused.value.code == "plan-place-wrong"
    with reading(house.engine) as session:
        assert spots(house, session) == {}


@pytest.mark.parametrize("thing", [Thing(Of.DOOR, 9999), Thing(Of.AREA, 9999)])
def test_what_is_no_door_or_room_of_the_site_is_refused(house: House, thing: Thing) -> None:
    with transaction(house.engine) as session, pytest.raises(Refused) as refused:
        place(session, added(house, session), {thing: (1, 1)})
    assert refused.value.code == "plan-place-wrong"


def test_a_move_is_undone_unless_something_was_moved_again_since(house: House) -> None:
    with transaction(house.engine) as session:
        plan, cedar, main = added(house, session), door(house, session), door(house, session, "main")
        place(session, plan, {cedar: (1, 1)})
        place(session, plan, {cedar: (2, 2), main: (3, 3)})
        second = plan_changes.latest(session, plan, 5)[0]
        assert second.moves == {
            cedar: Move(Spot(plan.id, 1, 1), Spot(plan.id, 2, 2)),
            main: Move(None, Spot(plan.id, 3, 3)),
        }
        assert floor_plan.undo(session, ACTOR, NOW, plan, second.moves) is not None
        assert spots(house, session) == {cedar: Spot(plan.id, 1, 1)}
        with pytest.raises(Refused) as refused:
            floor_plan.undo(session, ACTOR, NOW, plan, second.moves)
        assert refused.value.code == "plan-changed"
        assert [each.kind for each in plan_changes.latest(session, plan, 9)] == [
            *(Kind.FLOOR_PLAN_PLACED,) * 3,
            Kind.FLOOR_PLAN_MADE,
        ]
        other = added(house, session, "4F")
        assert plan_changes.one(session, other, second.ledger_sequence) is None
        assert plan_changes.one(session, plan, 10**9) is None


def test_a_removed_plan_is_shown_nowhere_and_comes_back_with_the_marks_that_are_still_its_own(house: House) -> None:
    with transaction(house.engine) as session:
        plan, other = added(house, session), added(house, session, "4F")
        cedar, main = door(house, session), door(house, session, "main")
        place(session, plan, {cedar: (1, 1), main: (2, 2)})
        floor_plan.remove(session, ACTOR, NOW, plan)
        assert spots(house, session) == {}
        assert [each.name for each in floor_plan.of_site(session, house.site(session))] == ["4F"]
        for verb in (floor_plan.remove, floor_plan.change):
            with pytest.raises(Refused) as refused:
                verb(session, ACTOR, NOW, plan)
            assert refused.value.code == "not-found"
        with pytest.raises(Refused):
            place(session, plan, {cedar: (5, 5)})
        place(session, other, {main: (3, 3)})
        floor_plan.restore(session, ACTOR, NOW, plan)
        assert last(session).kind == Kind.FLOOR_PLAN_RESTORED
        assert spots(house, session) == {cedar: Spot(plan.id, 1, 1), main: Spot(other.id, 3, 3)}
        with pytest.raises(Refused) as again:
            floor_plan.restore(session, ACTOR, NOW, plan)
        assert again.value.code == "plan-changed"


def test_the_floors_say_each_doors_state_its_alarm_and_which_doors_stand_on_none(house: House) -> None:
    with transaction(house.engine) as session:
        plan, cedar = added(house, session), door(house, session)
        added(house, session, "4F")
        place(session, plan, {cedar: (10, 10), Thing(Of.AREA, house.cedar(session).id): (20, 20)})
        raise_alarm(session, "FORCED_OPEN", NOW, 1, house.agent(session).id, cedar.id)
    with reading(house.engine) as session:
        found = standing(house, session)
        first, second = found.every
        assert [(each.door.key, each.alarm) for each in first.doors] == [("cedar", True)]
        assert [each.room.area.key for each in first.rooms] == ["cedar-room"]
        assert (first.alarms, second.alarms) == (1, 0)
        assert {each.key for each in found.unplaced} == {"cedar-back", "main", "maple"}
        assert found.chosen(second.plan.id) is second
        assert found.chosen(99) is first
        assert found.chosen(None) is first


def test_without_a_plan_nothing_is_asked_and_nothing_missed(house: House) -> None:
    with reading(house.engine) as session:
        found = standing(house, session)
    assert (found.every, found.unplaced, found.chosen(None)) == ((), (), None)


def test_as_many_questions_are_asked_of_500_doors_as_of_four(house: House) -> None:
    with transaction(house.engine) as session:
        place(session, added(house, session), {door(house, session): (1, 1)})

    def asked() -> int:
        with reading(house.engine) as session, counted(house.engine) as statements:
            standing(house, session)
        return len(statements)

    few = asked()
    with transaction(house.engine) as session:
        add_many(house, session, NOW, rooms=50, doors_each=10)
        plan = session.scalars(select(FloorPlan)).one()
        every = doors.of_site(session, house.site(session))
        place(session, plan, {Thing(Of.DOOR, each.id): (n, n) for n, each in enumerate(every)})
    assert asked() == few
    with reading(house.engine) as session:
        assert len(standing(house, session).every[0].doors) == 504
