"""A door goes to another agent: out of one list before it is in the other, and named by the record of both."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from cli.demo.building import DOORS
from contract.outcome import Outcome
from controller.database import reading, transaction
from controller.delivery import distribution, entitled, moving, overview
from controller.ledger.kinds import Kind
from controller.premises import agent as agents
from controller.premises.door import Moving
from controller.record import filing, retiring, retiring_agents
from controller.record.fact import FactRow
from controller.refusal import Refused
from door_agent.events import Level
from tests.controller import doorway
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, visited
from tests.controller.test_retiring import code as retiring_code
from tests.controller.test_retiring import door_of, last, opens

WHY = "the computer is replaced"
THEN, LATER = NOW + timedelta(minutes=10), NOW + timedelta(hours=1)


def move(house: House, to: str = "cedar", *, key: str = "cedar-back", why: str = WHY, cut: bool = False) -> int:
    with transaction(house.engine) as session:
        door, new = door_of(house, session, key), house.agent(session, to)
        return moving.begin(session, "operator:1", NOW, door, new, why, disconnected=cut).ledger_sequence


def code(house: House, to: str = "cedar", *, why: str = WHY) -> str:
    with pytest.raises(Refused) as refused:
        move(house, to, why=why)
    return refused.value.code


def listed(site: Site, agent: str) -> set[str]:
    carried = site.doors[agent].agent.lists.carried
    assert carried is not None
    return set(carried.policy.doors)


def stands(house: House, key: str = "cedar-back") -> str | None:
    with reading(house.engine) as session:
        return door_of(house, session, key).moving


@pytest.mark.usefixtures("wired_ahead")
def test_the_new_agent_gets_it_only_after_the_former_one_carries_a_list_without_it(house: House) -> None:
    site = visited(house)
    place = move(house)
    site.link.follow(NOW)  # the former agent's list is on its way, and nothing has come back
    assert stands(house) == Moving.LEAVING
    with reading(house.engine) as session:
        door = door_of(house, session, "cedar-back")
        assert not distribution.in_force_at(session, [door], place).everywhere
        assert overview.doors(session, house.site(session), NOW)[door.id].moving is Moving.LEAVING
        way = moving.on_the_way(session, NOW, door)
        assert way is not None
        assert way.former.key == "cedar-back"
    assert listed(site, "cedar-back") == {"cedar-back", "maple"}
    assert listed(site, "cedar") == {"cedar", "main"}
    site.sent.clear()
    site.doors["cedar-back"].feed(Level("maple", "contact", False))
    move_on(site)
    assert listed(site, "cedar-back") == {"maple"}
    assert listed(site, "cedar") == {"cedar", "main", "cedar-back"}
    site.link.follow(NOW)
    assert stands(house) is None
    with reading(house.engine) as session:
        row = last(session, Kind.DOOR_HANDED_OVER)
        assert (row.actor, row.content["disconnected"]) == ("controller", False)
        door = door_of(house, session, "cedar-back")
        assert moving.on_the_way(session, NOW, door) is None
        assert distribution.in_force_at(session, [door], place).everywhere


@pytest.fixture
def wired_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installer wrote the door on the wiring file of its new agent before that started."""
    back = next(each for each in DOORS if each.id == "cedar-back")
    monkeypatch.setattr(doorway, "DOORS", (*DOORS, replace(back, agent="cedar")))


def test_until_it_has_started_with_the_door_the_new_agent_is_not_heard_from(house: House) -> None:
    site = visited(house)
    place = move(house)
    move_on(site)
    site.link.follow(NOW)
    assert "cedar-back" in listed(site, "cedar")
    assert stands(house) == Moving.ARRIVING
    with reading(house.engine) as session:
        door = door_of(house, session, "cedar-back")
        assert not distribution.in_force_at(session, [door], place).everywhere


def move_on(site: Site) -> None:
    """Messages go both ways until both agents carry what is meant for them."""
    for _ in range(4):
        site.talk()


def test_between_the_two_nobody_comes_in_and_everybody_gets_out(house: House) -> None:
    site = visited(house)
    move(house)
    site.talk()
    assert listed(site, "cedar-back") == {"maple"}
    assert not opens(site, "cedar-back", "cedar-back-in", "Ada")
    assert opens(site, "cedar-back", "cedar-back-out", "Ben")


def test_who_states_that_it_is_disconnected_does_not_wait(house: House) -> None:
    site = visited(house)
    move(house, cut=True)
    assert stands(house) == Moving.ARRIVING
    with reading(house.engine) as session:
        assert last(session, Kind.DOOR_MOVED).content["disconnected"] is True
    site.talk()
    assert "cedar-back" in listed(site, "cedar")


def test_it_may_be_stated_later_once(house: House) -> None:
    visited(house)
    move(house)
    with transaction(house.engine) as session:
        moving.let_go(session, "operator:1", NOW, door_of(house, session, "cedar-back"), "it burnt down")
    assert stands(house) == Moving.ARRIVING
    with transaction(house.engine) as session, pytest.raises(Refused) as refused:
        moving.let_go(session, "operator:1", NOW, door_of(house, session, "cedar-back"), "again")
    assert refused.value.code == "door-not-moving"
    with reading(house.engine) as session:
        assert last(session, Kind.DOOR_HANDED_OVER).actor == "operator:1"


def test_an_agent_that_never_had_a_list_has_nothing_to_let_go_of(house: House) -> None:
    move(house)
    with transaction(house.engine) as session:
        moving.advance(session, house.site(session), NOW)
    assert stands(house) == Moving.ARRIVING


def test_it_goes_only_to_another_agent_that_can_take_it(house: House) -> None:
    assert code(house, why=" ") == "reason-missing"
    assert code(house, "cedar-back") == "agent-same"
    with transaction(house.engine) as session:
        agents.make(session, "host", NOW, house.site(session), "spare", "Spare")
    assert code(house, "spare") == "agent-keyless"
    with reading(house.engine) as session:
        takers = moving.takers(session, house.site(session), door_of(house, session, "cedar-back"))
        assert [each.key for each in takers] == ["cedar"]
    with transaction(house.engine) as session:
        agents.revoke(session, "host", NOW, house.agent(session))
    assert code(house) == "agent-revoked"


def test_while_it_is_on_its_way_it_may_go_back_and_nowhere_else(house: House) -> None:
    site = visited(house)
    move(house)
    assert retiring_code(house, "cedar-back") == "door-moving"
    with transaction(house.engine) as session:
        door_of(house, session, "maple").agent_id = house.agent(session).id
        session.flush()
        former = retiring_agents.without_agent(session, house.agent(session, "cedar-back"))
        assert [each.key for each in former.doors] == ["cedar-back"]
        session.rollback()
    move(house, "cedar-back")
    move_on(site)
    site.link.follow(NOW)
    assert stands(house) is None
    assert listed(site, "cedar-back") == {"cedar-back", "maple"}
    assert listed(site, "cedar") == {"cedar", "main"}


def test_what_the_former_agent_recorded_before_is_named_and_what_it_says_later_is_not(house: House) -> None:
    site = visited(house)
    site.doors["cedar-back"].passes("cedar-back-in", "Ada")  # nobody has reported that yet
    move(house, cut=True)
    site.talk()
    with transaction(house.engine) as session:
        door, former = door_of(house, session, "cedar-back"), house.agent(session, "cedar-back")
        mine = session.scalars(select(FactRow).where(FactRow.agent_id == former.id, FactRow.kind == "DECISION")).all()
        late = [each.fact() for each in mine if each.fact().body["access_point"] == "cedar-back-in"]
        assert late
        known = filing.places(session, former)
        assert known.former.keys() == {door.id}
        assert door not in known.driven
        until = known.former[door.id]
        assert until is not None
        for each in late:
            assert (known.door(each) is not None) == (each.wall <= until)


def test_only_the_agent_that_drives_it_says_how_it_stands(house: House) -> None:
    site = visited(house)
    move(house)
    site.doors["cedar-back"].feed(Level("cedar-back", "contact", True))
    site.talk()
    with reading(house.engine) as session:
        found = overview.doors(session, house.site(session), NOW)[door_of(house, session, "cedar-back").id]
        assert found.state is overview.State.UNKNOWN


def entries(house: House, at: datetime) -> dict[str, set[str]]:
    """By agent whose list it rests on: through which entries Ada could come in."""
    with reading(house.engine) as session:
        answer = entitled.who_can(session, house.site(session), house.cedar(session), at, LATER)
        ways = {way.access_point for each in answer.people for way in each.ways if way.outcome == Outcome.GRANT}
        return {basis.agent.key: ways for basis in answer.bases}


def test_who_could_enter_before_is_answered_by_the_doors_and_agents_of_that_time(house: House) -> None:
    site = visited(house)
    both = {"cedar-in", "cedar-back-in"}
    before = {"cedar": both, "cedar-back": both}
    assert entries(house, THEN) == before
    with transaction(house.engine) as session:
        door, to = door_of(house, session, "cedar-back"), house.agent(session)
        moving.begin(session, "operator:1", LATER, door, to, WHY, disconnected=True)
    assert entries(house, THEN) == before
    with transaction(house.engine) as session:
        by, door = house.operator(session, "kim"), door_of(house, session, "cedar-back")
        retiring.retire_door(session, by, LATER, door, WHY)
    assert entries(house, THEN) == before
    assert set(entries(house, LATER)) == {"cedar"}
    assert site.doors
