"""What an installer says of doors and formats reaches the list, and what must not be said is refused."""

from __future__ import annotations

from typing import Any

import pytest

from contract.authorisation import Content
from contract.card_format import CardFormat
from contract.policy import Relock
from contract.record import Flag
from controller.database import reading, transaction
from controller.delivery import compiling
from controller.delivery.compiling import must_fit
from controller.people import cardholder, permission
from controller.people.permission import Wish
from controller.premises import building
from controller.premises.site import found
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

BADGE: dict[str, Any] = {
    "name": "Tokyo28",
    "length": 28,
    "sources": ["wiegand", "osdp"],
    "fields": {"facility": "1-8", "number": "9-26"},
    "parity": [{"bit": 0, "kind": "even", "covers": "1-13"}, {"bit": 27, "kind": "odd", "covers": "14-26"}],
}


def door(**changes: Any) -> dict[str, Any]:
    point = {"key": "oak-in", "direction": "entry", "from": "hallway", "to": "cedar-room", "formats": ["Tokyo28"]}
    plan = {"key": "oak", "name": "Oak", "name_ja": "樫", "agent": "cedar", "access_point": [point]}
    return {**plan, **changes}


def load(house: House, **tables: Any) -> None:
    with transaction(house.engine) as session:
        site = house.site(session)
        plan = {"site": {"key": site.key, "name": site.name, "name_ja": site.name_ja, "zone": site.zone}, **tables}
        building.load(session, "installer", NOW, plan)


def content(house: House) -> Content:
    with reading(house.engine) as session:
        return compiling.content_for(session, house.site(session), house.agent(session), NOW)


def test_times_of_a_door_and_a_format_of_the_site_travel_in_the_list(house: House) -> None:
    timed = door(release_ms=3000, extended_ms=20_000, held_open_s=20, extended_held_open_s=90, pre_alarm_s=5)
    load(house, format=[BADGE], door=[{**timed, "shunt_ms": 800, "relock": "opened"}])
    policy = content(house).policy
    found = policy.doors["oak"]
    assert (found.release_ms, found.extended_ms, found.held_open_s, found.extended_held_open_s) == (
        3000,
        20_000,
        20,
        90,
    )
    assert (found.pre_alarm_s, found.shunt_ms, found.relock) == (5, 800, Relock.OPENED)
    assert list(policy.formats) == ["Tokyo28"]
    assert isinstance(policy.readable["Tokyo28"], CardFormat)


@pytest.mark.parametrize(
    "wrong",
    [
        {"release_ms": 100},
        {"extended_ms": 1000},
        {"held_open_s": 0},
        {"extended_held_open_s": 10},
        {"pre_alarm_s": 30},
        {"shunt_ms": 6000},
        {"relock": "never"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_times_that_contradict_one_another_are_refused(house: House, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        load(house, format=[BADGE], door=[door(**wrong)])
    assert refused.value.code == "building-wrong"


@pytest.mark.parametrize("zone", ["Asia/Nowhere", "America", "", "../Tokyo"])
def test_a_site_in_no_time_zone_is_not_founded(house: House, zone: str) -> None:
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        found(session, "installer", NOW, "osaka", "Osaka", "大阪", zone)
    assert refused.value.code == "building-wrong"


def test_a_format_that_contradicts_itself_or_changes_is_refused(house: House) -> None:
    with pytest.raises(Refused) as refused:
        load(house, format=[{**BADGE, "length": 27}])
    assert refused.value.code == "format-wrong"
    load(house, format=[BADGE])
    load(house, format=[BADGE])
    with pytest.raises(Refused) as refused:
        load(house, format=[{**BADGE, "title": "another"}])
    assert refused.value.code == "key-taken"


def test_an_access_point_cannot_name_a_format_that_nobody_described(house: House) -> None:
    with pytest.raises(Refused) as refused:
        load(house, door=[door()])
    assert refused.value.code == "format-unknown"


def test_who_needs_more_time_has_it_in_every_record_and_can_lose_it_again(house: House) -> None:
    with transaction(house.engine) as session:
        wish = Wish(house.holder(session, "Ada"), house.cedar(session), NOW, None, "works there")
        grant = permission.request(session, house.operator(session, "kim"), NOW, wish)
        permission.approve(session, house.operator(session, "mia"), NOW, grant, must_fit)
    for extended in (True, False):
        with transaction(house.engine) as session:
            cardholder.give_time(session, "operator:1", NOW, house.holder(session, "Ada"), extended=extended)
        flags = [record.flags for table in content(house).tables.values() for record in table.values()]
        assert any(each & Flag.EXTENDED for each in flags) is extended
