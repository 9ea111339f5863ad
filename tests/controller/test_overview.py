"""The whole site as it stands: every state of a door, what its agent carries, and never a query more per door."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from controller.database import reading, transaction
from controller.delivery import distribution, issued, overview, posture, reach
from controller.delivery.carried import of_agents
from controller.delivery.issued import IssuedList
from controller.delivery.overview import DoorNow, Health, Mode, State
from controller.delivery.posture import Act, Order
from controller.ledger.ledger import head
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.door import Door
from controller.record.door_state import DoorState, Leaf
from door_agent.events import Level, ReaderState
from tests.controller.conftest import NOW, House
from tests.controller.doorway import joined, visited
from tests.controller.many_doors import add_many
from tests.controller.statements import counted


def _now(house: House, session: Session, key: str = "cedar", after: timedelta = timedelta()) -> DoorNow:
    found = overview.rooms(session, house.site(session), NOW + after)
    return next(each for room in found for each in room.doors if each.key == key)


def _door(house: House, session: Session, key: str = "cedar") -> Door:
    found = doors.by_key(session, house.site(session), key)
    assert found is not None
    return found


def test_rooms_hold_their_doors_and_who_passed_last(house: House) -> None:
    site = visited(house)
    with reading(house.engine) as session:
        found = {room.area.key: room for room in overview.rooms(session, house.site(session), NOW)}
        assert {key: [door.key for door in room.doors] for key, room in found.items()} == {
            "hallway": ["main"],
            "cedar-room": ["cedar", "cedar-back"],
            "maple-room": ["maple"],
        }
        cedar = found["cedar-room"]
        assert (cedar.inside, cedar.uncertain) == (1, None)
        door = cedar.doors[0]
        assert door.passed is not None
        assert (door.passed.name, door.passed.direction) == ("Ada", "entry")
        assert (door.state, door.mode, door.health) == (State.SECURED, Mode.NORMAL, Health.WELL)
        assert (door.version, door.newest) == (issued_version(house, session), True)
        assert door.fresh_until == NOW + timedelta(seconds=cedar.area.rules.fresh_s)
    site.doors["cedar"].feed(ReaderState("cedar-in", "lost", "silent"))
    site.talk()
    with reading(house.engine) as session:
        assert (_now(house, session).health, _now(house, session).faults) == (Health.FAULT, ("reader:cedar-in",))


def issued_version(house: House, session: Session) -> int:
    newest = issued.newest(session, house.agent(session))
    assert newest is not None
    return newest.version


@pytest.mark.parametrize(
    ("leaf", "held_by", "state"),
    [
        (Leaf.UNKNOWN, "", State.UNKNOWN),
        (Leaf.CLOSED, "", State.SECURED),
        (Leaf.OPEN, "", State.OPEN),
        (Leaf.HELD, "", State.HELD),
        (Leaf.FORCED, "fire", State.FORCED),
        (Leaf.OPEN, "schedule", State.UNLOCKED),
        (Leaf.CLOSED, "break-glass fire", State.UNLOCKED),
    ],
)
def test_the_gravest_state_is_shown_and_none_of_a_silent_agent(
    house: House, leaf: Leaf, held_by: str, state: State
) -> None:
    with transaction(house.engine) as session:
        house.agent(session).last_heard_at = NOW
        session.add(DoorState(door_id=_door(house, session).id, leaf=leaf, held_by=held_by, faults=""))
        session.flush()
        assert _now(house, session).state is state
        later = _now(house, session, after=timedelta(seconds=61))
        assert (later.state, later.health) == (State.UNKNOWN, Health.SILENT)


def test_a_release_is_shown_for_as_long_as_the_door_is_released_at_most(house: House) -> None:
    with transaction(house.engine) as session:
        house.agent(session).last_heard_at = NOW
        door = _door(house, session)
        session.add(DoorState(door_id=door.id, leaf=Leaf.CLOSED, released_at=NOW, held_by="", faults=""))
        session.flush()
        longest = timedelta(milliseconds=max(door.release_ms, door.extended_ms))
        assert _now(house, session, after=longest).state is State.RELEASED
        assert _now(house, session, after=longest + timedelta(milliseconds=1)).state is State.SECURED


def test_the_gravest_posture_of_door_room_and_site_is_its_mode(house: House) -> None:
    with transaction(house.engine) as session:
        site, cedar = house.site(session), house.cedar(session)
        for order, mode in (
            (Order(Act.THREAT, 2, cedar), Mode.THREAT),
            (Order(Act.EVACUATION), Mode.EVACUATION),
            (Order(Act.LOCKDOWN, door=_door(house, session)), Mode.LOCKDOWN),
        ):
            posture.change(session, "operator:1", NOW, site, order, "drill")
            assert _now(house, session).mode is mode
        assert _now(house, session, "main").mode is Mode.EVACUATION


def test_what_agents_carry_is_the_newest_they_adopted_and_told_from_what_was_issued_since(house: House) -> None:
    site = joined(house)
    site.talk()
    with reading(house.engine) as session:
        agent = house.agent(session)
        before = of_agents(session, [agent.id])[agent.id]
        assert before.newest
    site.grant("Ada")
    site.link.follow(NOW)  # compiled, and lost on the way
    with reading(house.engine) as session:
        after = of_agents(session, [agent.id])[agent.id]
        assert (after.version, after.newest) == (before.version, False)
        assert session.scalar(select(func.max(IssuedList.version)).where(IssuedList.agent_id == agent.id)) == 2
        assert of_agents(session, []) == {}


def test_an_order_says_beforehand_what_it_reaches_and_afterwards_at_which_doors_it_is_in_force(house: House) -> None:
    site = visited(house)
    with transaction(house.engine) as session:
        own, cedar = house.site(session), house.cedar(session)
        whole = reach.before(session, own, NOW, Order(Act.LOCKDOWN))
        assert ([room.key for room in whole.rooms], len(whole.doors), whole.inside) == (
            ["cedar-room", "maple-room", "hallway"],
            4,
            1,
        )
        assert whole.silent == []
        one = reach.before(session, own, NOW + timedelta(hours=1), Order(Act.LOCKDOWN, area=cedar))
        assert [door.key for door in one.doors] == [door.key for door in one.silent] == ["cedar", "cedar-back"]
        made = posture.change(session, "operator:1", NOW, own, Order(Act.LOCKDOWN, area=cedar), "drill")
        posture.change(session, "operator:1", NOW, own, Order(Act.LOCKDOWN), "drill")
        ending = reach.before(session, own, NOW, Order(Act.LOCKDOWN, 0))
        assert [room.key for room in ending.unchanged] == ["cedar-room"]
        ending = reach.before(session, own, NOW, Order(Act.LOCKDOWN, 0, cedar))
        assert [room.key for room in ending.unchanged] == ["cedar-room"]
        state, at_doors = reach.after(session, own, NOW, made)
        assert (state.doors, state.concerned) == (0, 2)
        assert [(each.door.key, each.in_force_at, each.heard) for each in at_doors] == [
            ("cedar", None, True),
            ("cedar-back", None, True),
        ]
    site.talk()
    with reading(house.engine) as session:
        state, at_doors = reach.after(session, house.site(session), NOW, made)
        assert state.everywhere
        assert [each.in_force_at for each in at_doors] == [NOW, NOW]


def test_the_overview_asks_as_many_questions_of_500_doors_as_of_four(house: House) -> None:
    def asked() -> int:
        with reading(house.engine) as session, counted(house.engine) as statements:
            site = house.site(session)
            overview.rooms(session, site, NOW)
            reach.before(session, site, NOW, Order(Act.LOCKDOWN))
            distribution.in_force_at(session, doors.of_site(session, site), head(session))
        return len(statements)

    few = asked()
    with transaction(house.engine) as session:
        add_many(house, session, NOW, rooms=100, doors_each=5)
    assert asked() == few
    with reading(house.engine) as session:
        found = overview.rooms(session, house.site(session), NOW)
        assert sum(len(room.doors) for room in found) == 504
        assert areas.by_key(session, house.site(session), "room-99") is not None


def test_a_door_that_was_forced_stands_so(house: House) -> None:
    site = joined(house)
    site.talk()
    site.doors["cedar"].feed(Level("cedar", "contact", True))
    site.talk()
    with reading(house.engine) as session:
        assert _now(house, session).state is State.FORCED
