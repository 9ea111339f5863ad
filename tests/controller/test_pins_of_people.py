"""PINs at the centre: chosen or drawn, kept unreadable, in the lists of the doors that ask, and told as duress."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from contract import envelope, pin
from contract.authorisation import Content
from contract.record import Pin
from contract.room_rules import DuressAnswer, PinRule
from contract.schedule import Interval, compiled
from contract.situation import PinVerdict
from controller.database import reading, transaction
from controller.delivery import compiling
from controller.delivery.compiling import holder_must_fit, point_must_fit
from controller.ledger.ledger import LedgerRow
from controller.people import leaver, permission
from controller.people import pin as pins
from controller.people.permission import Grant
from controller.people.pin import PinRow
from controller.premises import pin_rule, schedule
from controller.premises.door import AccessPoint
from controller.premises.pin_rule import PinPlan
from controller.record import alarm
from controller.refusal import Refused
from door_agent.events import Lock, LockWish, PinVerified, Typed, VerifyPin
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Doorway, Site, joined, rows

RELEASE = Lock("cedar", LockWish.RELEASE)
OFFICE_HOURS = [Interval(day, 8 * 60, 19 * 60) for day in range(5)]


@pytest.fixture
def site(house: House) -> Site:
    made = joined(house)
    made.talk()
    return made


def asks(house: House, point: str = "cedar-in", plan: PinPlan | None = None) -> None:
    with transaction(house.engine) as session:
        row = session.scalars(select(AccessPoint).where(AccessPoint.key == point)).one()
        pin_rule.ask(session, "operator:1", NOW, row, plan or PinPlan())


def gives(house: House, name: str, chosen: str, duress: str | None = None) -> None:
    kept = pins.choose(chosen, duress)
    with transaction(house.engine) as session:
        pins.give(session, "operator:1", NOW, house.holder(session, name), kept, holder_must_fit)


def content(house: House, agent: str = "cedar") -> Content:
    with reading(house.engine) as session:
        return compiling.content_for(session, house.site(session), house.agent(session, agent), NOW)


def types(door: Doorway, point: str, keys: str, list_key: bytes) -> list[object]:
    commands = list[object](door.feed(Typed(point, keys)))
    for each in [each for each in commands if isinstance(each, VerifyPin)]:
        commands += door.feed(PinVerified(each.ticket, pin.verified(each.typed, each.pin, each.holder, list_key)))
    return commands


@pytest.mark.parametrize(
    ("chosen", "duress", "code"),
    [
        ("12x4", None, "pin-wrong"),
        ("123", None, "pin-wrong"),
        ("1234", None, "pin-trivial"),
        ("4831", "4832", "pin-near"),
    ],
)
def test_a_flawed_pin_is_refused_by_name(chosen: str, duress: str | None, code: str) -> None:
    with pytest.raises(Refused) as refused:
        pins.choose(chosen, duress)
    assert refused.value.code == code
    assert chosen not in str(refused.value)


def test_a_drawn_pin_may_be_chosen_and_every_one_of_them_is_drawn() -> None:
    source = random.Random(20261124)  # noqa: S311 - so that it can be repeated
    for _ in range(300):
        drawn, duress = pins.draw(duress=True, below=source.randrange)
        assert re.fullmatch("[0-9]{6}", drawn)
        assert pin.flaw(drawn, duress) is None
    scripted = iter([123456, 0, 271828])
    assert pins.draw(below=lambda _: next(scripted)) == ("271828", None)
    zeros = iter([2718])
    assert pins.draw(below=lambda _: next(zeros)) == ("002718", None)


def test_the_list_of_a_door_that_asks_holds_the_pins_of_those_it_may_ask_and_no_others(site: Site) -> None:
    house = site.house
    for name, chosen in (("Ada", "4831"), ("Ben", "271828")):
        gives(house, name, chosen)
    site.grant("Ada")
    assert content(house).pins == {}
    asks(house)
    found = content(house)
    with reading(house.engine) as session:
        ada, agent = house.holder(session, "Ada").handle, house.agent(session)
        assert found.pins.keys() == {ada}
        assert agent.list_key is not None
        assert pin.verified("4831", found.pins[ada], ada, agent.list_key) is PinVerdict.RIGHT
    assert found.policy.access_points["cedar-in"].pin == PinRule()
    assert found.policy.access_points["cedar-out"].pin is None
    assert content(house, "cedar-back").pins == {}


def test_the_lists_of_two_doors_hold_verifiers_that_cannot_be_joined(site: Site) -> None:
    gives(site.house, "Ada", "4831", "9906")
    site.grant("Ada")
    for point in ("cedar-in", "cedar-back-in"):
        asks(site.house, point)
    ((one,), (other,)) = (content(site.house, key).pins.values() for key in ("cedar", "cedar-back"))
    assert {one.verifier, one.duress}.isdisjoint({other.verifier, other.duress})


def test_a_pin_whose_holder_may_only_leave_is_in_no_list(site: Site) -> None:
    asks(site.house)
    gives(site.house, "Ada", "4831")
    grant = site.grant("Ada")
    assert len(content(site.house).pins) == 1
    with transaction(site.house.engine) as session:
        row = session.get_one(Grant, grant)
        permission.revoke(session, site.house.operator(session, "kim"), NOW, row, "moved on")
    assert content(site.house).pins == {}


def test_setting_replacing_and_clearing_a_pin_makes_new_lists(site: Site) -> None:
    house = site.house
    asks(house)
    site.grant("Ada")
    site.talk()
    listed = list[tuple[Pin, ...]]()
    for chosen in ("4831", "271828"):
        gives(house, "Ada", chosen)
        assert site.link.follow(NOW) > 0
        listed.append(tuple(content(house).pins.values()))
    assert listed[0] != listed[1]
    with transaction(house.engine) as session:
        pins.clear(session, "operator:1", NOW, house.holder(session, "Ada"))
    assert site.link.follow(NOW) > 0
    assert content(house).pins == {}
    with pytest.raises(Refused, match="no PIN"), transaction(house.engine) as session:
        pins.clear(session, "operator:1", NOW, house.holder(session, "Ada"))


def test_nobody_who_left_is_given_a_pin(house: House) -> None:
    kept = pins.choose("4831")
    with transaction(house.engine) as session:
        ada = house.holder(session, "Ada")
        leaver.deactivate(session, "operator:1", NOW, ada, "left")
        with pytest.raises(Refused, match="no longer active"):
            pins.give(session, "operator:1", NOW, ada, kept, holder_must_fit)


def test_of_somebody_who_leaves_no_pin_is_kept(house: House) -> None:
    gives(house, "Ada", "4831")
    with transaction(house.engine) as session:
        leaver.deactivate(session, "operator:1", NOW, house.holder(session, "Ada"), "left")
    with reading(house.engine) as session:
        assert session.scalars(select(PinRow)).all() == []


def test_no_pin_stands_in_the_ledger_or_its_table(house: House) -> None:
    gives(house, "Ada", "2718281", "9906314")
    with reading(house.engine) as session:
        row = session.scalars(select(PinRow)).one()
        told = [repr(vars(each)) for each in session.scalars(select(LedgerRow))]
        told.append(repr((row.salt, row.stretched, row.duress)))
    assert not [each for each in told if "2718281" in each or "9906314" in each]


def test_a_pin_that_would_make_a_list_too_large_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    house = site.house
    site.grant("Ada")
    asks(house)
    site.talk()
    with reading(house.engine) as session:
        site_row, agent = house.site(session), house.agent(session)
        encoded = compiling.issue(session, site_row, agent, NOW, 1, house.authority.signing)
        assert encoded is not None
        monkeypatch.setattr(envelope, "LIMIT", (len(encoded.encoded) + 170) * 16 // 15)
    with pytest.raises(Refused, match="exceed what one message"):
        gives(house, "Ada", "4831")
    gives(house, "Ben", "4831")


def test_rules_that_would_make_a_list_too_large_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "LIMIT", 1000)
    with transaction(site.house.engine) as session:
        row = session.scalars(select(AccessPoint).where(AccessPoint.key == "cedar-in")).one()
        with pytest.raises(Refused, match="exceed what one message"):
            point_must_fit(session, row, NOW)


@pytest.mark.parametrize(
    ("point", "plan", "code"),
    [
        ("cedar-out", PinPlan(), "pin-on-exit"),
        ("cedar-in", PinPlan(within_s=2), "pin-rule-wrong"),
        ("cedar-in", PinPlan(tries=0), "pin-rule-wrong"),
        ("cedar-in", PinPlan(lockout_s=86_401), "pin-rule-wrong"),
        ("cedar-in", PinPlan(duress="laugh"), "pin-rule-wrong"),
        ("cedar-in", PinPlan(card_alone=999), "not-found"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(house: House, point: str, plan: PinPlan, code: str) -> None:
    with pytest.raises(Refused) as refused:
        asks(house, point, plan)
    assert refused.value.code == code


def test_a_rule_is_replaced_and_ended(house: House) -> None:
    asks(house, plan=PinPlan(tries=3, duress=DuressAnswer.REFUSE))
    assert content(house).policy.access_points["cedar-in"].pin == PinRule(tries=3, duress=DuressAnswer.REFUSE)
    asks(house, plan=PinPlan(within_s=30))
    assert content(house).policy.access_points["cedar-in"].pin == PinRule(within_s=30)
    with transaction(house.engine) as session:
        row = session.scalars(select(AccessPoint).where(AccessPoint.key == "cedar-in")).one()
        pin_rule.ask_no_more(session, "operator:1", NOW, row)
        with pytest.raises(Refused, match="no such entry"):
            pin_rule.ask_no_more(session, "operator:1", NOW, row)
    assert content(house).policy.access_points["cedar-in"].pin is None


def test_the_hours_of_the_card_alone_are_a_schedule_of_the_list(house: House) -> None:
    with reading(house.engine) as session:
        office = schedule.by_name(session, house.site(session), "Office hours")
        assert office is not None
        plan = PinPlan(card_alone=office.id)
    asks(house, plan=plan)
    policy = content(house).policy
    rule = policy.access_points["cedar-in"].pin
    assert rule is not None
    assert rule.card_alone is not None
    assert policy.schedules[rule.card_alone].week == compiled(OFFICE_HOURS).week


def test_duress_opens_the_door_and_stands_as_an_alarm_at_the_centre(site: Site) -> None:
    asks(site.house)
    gives(site.house, "Ada", "4831", "9906")
    site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    with reading(site.house.engine) as session:
        list_key = site.house.agent(session).list_key
    assert list_key is not None
    assert RELEASE not in door.card("cedar-in", "Ada")
    assert RELEASE in types(door, "cedar-in", "4831#", list_key)
    site.talk()
    assert duress_alarms(site) == 0
    door.mono += 60
    door.card("cedar-in", "Ada")
    assert RELEASE in types(door, "cedar-in", "9906#", list_key)
    site.talk()
    assert duress_alarms(site) == 1
    decided = [each for each in rows(site.house.engine) if each.kind == "DECISION"]
    assert [each.reason for each in decided] == ["AWAITING_PIN", "PERMITTED"] * 2


def test_duress_that_is_refused_stands_as_an_alarm_too(site: Site) -> None:
    asks(site.house, plan=PinPlan(duress=DuressAnswer.REFUSE))
    gives(site.house, "Ada", "4831", "9906")
    site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    with reading(site.house.engine) as session:
        list_key = site.house.agent(session).list_key
    assert list_key is not None
    door.card("cedar-in", "Ada")
    assert RELEASE not in types(door, "cedar-in", "9906#", list_key)
    site.talk()
    assert duress_alarms(site) == 1


def duress_alarms(site: Site) -> int:
    with reading(site.house.engine) as session:
        return sum(each.kind == "DURESS" for each in alarm.waiting(session))


def test_a_pin_comes_into_force_at_its_time_only(site: Site) -> None:
    """Who has no permission now is asked for nothing: the verifier comes with the permission."""
    asks(site.house)
    gives(site.house, "Ada", "4831")
    assert content(site.house).pins == {}
    site.grant("Ada")
    with reading(site.house.engine) as session:
        house = site.house
        later = compiling.content_for(session, house.site(session), house.agent(session), NOW + timedelta(days=1))
    assert len(later.pins) == 1
