"""What an entry asks for after the card as settings: changed with a reason, previewed truly, and told afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contract.canonical import Value
from contract.outcome import Outcome
from contract.reason import Reason
from contract.room_rules import DuressAnswer
from controller.database import reading, transaction, trying
from controller.delivery import rooms, trial
from controller.delivery.compiling import holder_must_fit, point_must_fit
from controller.delivery.entitled import who_can
from controller.delivery.preview import Touch, preview
from controller.ledger.ledger import head
from controller.people import pin as pins
from controller.premises import door as doors
from controller.premises import pin_rule, room_rules, rule_changes
from controller.premises.dangers import Danger
from controller.premises.pin_rule import ASKED
from controller.refusal import Refused
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, joined

ON: dict[str, Value] = {ASKED: True}


@pytest.fixture
def site(house: House) -> Site:
    made = joined(house)
    made.grant("Ada")
    made.grant("Ben")
    made.talk()
    return made


def change(house: House, changes: dict[str, Value], reason: str = "cards were lent", key: str = "cedar-in") -> None:
    with transaction(house.engine) as session:
        point = doors.access_point_by_key(session, house.site(session), key)
        assert point is not None
        room_rules.change_pin_rule(session, "operator:1", NOW, point, changes, reason, point_must_fit)


def give_pin(house: House, name: str) -> None:
    kept = pins.choose("4831", None)
    with transaction(house.engine) as session:
        pins.give(session, "operator:1", NOW, house.holder(session, name), kept, holder_must_fit)


def test_a_change_stands_in_the_ledger_with_its_reason_and_what_was_before(site: Site) -> None:
    house = site.house
    change(house, {**ON, "pin.tries": 3, "pin.duress_opens": False})
    change(house, {"pin.tries": 4}, "three were too few")
    change(house, {ASKED: False}, "the keypad is broken")
    with reading(house.engine) as session:
        found = rule_changes.latest(session, house.cedar(session), 3)
        assert [(each.reason, set(each.names)) for each in found] == [
            ("the keypad is broken", {ASKED}),
            ("three were too few", {"pin.tries"}),
            ("cards were lent", {ASKED, "pin.tries", "pin.duress_opens"}),
        ]
        assert {each.door.key for each in found if each.door} == {"cedar"}
        assert rule_changes.latest(session, house.cedar(session), 1) == found[:1]


def test_what_changes_nothing_is_not_recorded(site: Site) -> None:
    with reading(site.house.engine) as session:
        before = head(session)
    change(site.house, {ASKED: False, "pin.tries": 9})
    with reading(site.house.engine) as session:
        assert head(session) == before


def test_the_settings_are_the_rule(site: Site) -> None:
    change(site.house, {**ON, "pin.within_s": 30, "pin.duress_opens": False, "pin.card_alone": 1})
    with reading(site.house.engine) as session:
        point = doors.access_point_by_key(session, site.house.site(session), "cedar-in")
        assert point is not None
        row = pin_rule.of(session, point)
        assert row is not None
        assert (row.within_s, row.duress, row.card_alone_id) == (30, DuressAnswer.REFUSE, 1)
        assert pin_rule.plan_of(pin_rule.settings_of(row)) == pin_rule.PinPlan(1, 30, duress=DuressAnswer.REFUSE)


@pytest.mark.parametrize(
    ("changes", "reason", "key", "code"),
    [
        (ON, " ", "cedar-in", "reason-missing"),
        (ON, "x", "cedar-out", "pin-on-exit"),
        ({**ON, "pin.within_s": 2}, "x", "cedar-in", "pin-rule-wrong"),
        ({**ON, "pin.within_s": "soon"}, "x", "cedar-in", "setting-wrong"),
        ({ASKED: "yes"}, "x", "cedar-in", "setting-wrong"),
        ({**ON, "pin.card_alone": 999}, "x", "cedar-in", "not-found"),
        ({"pin.alone": True}, "x", "cedar-in", "setting-unknown"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, changes: dict[str, Value], reason: str, key: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        change(site.house, changes, reason, key)
    assert refused.value.code == code


def test_a_preview_tells_who_needs_a_pin_and_who_has_none(site: Site) -> None:
    house = site.house
    give_pin(house, "Ada")
    with trying(house.engine) as session:
        point = doors.access_point_by_key(session, house.site(session), "cedar-in")
        assert point is not None
        found = preview(session, house.site(session), NOW, trial.ruling(NOW, point, ON))
        assert {(each.cardholder.name, each.after.outcome, each.after.reason) for each in found.of(Touch.LOSES)} == {
            ("Ada", Outcome.AWAIT, Reason.AWAITING_PIN),
            ("Ben", Outcome.REFUSE, Reason.PIN_MISSING),
        }
        assert (Danger.PIN_WITHOUT_KEYS, "cedar-in") in [(each.danger, each.where) for _, each in found.appeared]


@pytest.mark.parametrize("past", [False, True])
def test_who_has_no_pin_cannot_enter_where_one_is_asked_for(site: Site, past: bool) -> None:
    house = site.house
    give_pin(house, "Ada")
    for key in ("cedar-in", "cedar-back-in"):
        change(house, ON, key=key)
    site.talk()
    moment = max(door.moment.wall for door in site.doors.values()) + timedelta(hours=1)
    with reading(house.engine) as session:
        now = moment + timedelta(hours=1) if past else moment
        answer = who_can(session, house.site(session), house.cedar(session), moment, now)
    assert [(each.cardholder.name, each.ways[0].reason) for each in answer.people] == [("Ada", Reason.AWAITING_PIN)]


def test_a_reader_without_keys_is_told_of_as_long_as_a_pin_is_asked_for_there(site: Site) -> None:
    house = site.house

    def told() -> list[str]:
        with reading(house.engine) as session:
            found = rooms.findings(session, house.site(session), house.cedar(session), NOW)
            return [each.where for each in found if each.danger is Danger.PIN_WITHOUT_KEYS]

    assert told() == []
    change(house, ON)
    assert told() == ["cedar-in"]
