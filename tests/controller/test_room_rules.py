"""The rules of rooms as verbs: a reason and a row for each change, dangers refused, sign-offs enforced, lists right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.policy import ExitMode
from contract.room_rules import Company, Enforcement, Passback, Tier, Unheard
from controller.database import reading, transaction
from controller.delivery import compiling, distribution
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, head, openings_of
from controller.premises import door as doors
from controller.premises import room_rules, sign_off
from controller.premises.door import AccessPoint, Door
from controller.premises.presets import Preset
from controller.premises.sign_off import Confirmed, ExitSignOff, Failsafe
from controller.record import alarm
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

BY, WHY = "operator:1", "the privacy officer asked"
SAID = Confirmed("S. Mori", True, True, Failsafe.MECHANICAL_EGRESS)


def _point(house: House, session: Session, key: str = "cedar-out") -> AccessPoint:
    found = doors.access_point_by_key(session, house.site(session), key)
    assert found is not None
    return found


def _door(house: House, session: Session, key: str = "cedar") -> Door:
    found = doors.by_key(session, house.site(session), key)
    assert found is not None
    return found


def _last(session: Session, kind: Kind) -> LedgerRow:
    rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == kind).order_by(LedgerRow.sequence.desc()))
    found = rows.first()
    assert found is not None
    return found


def test_every_rule_of_an_area_reaches_its_agents_lists_and_the_change_its_row(house: House) -> None:
    wanted = {
        "passback.entry": "hard",
        "passback.exit": "off",
        "passback.forgiven_after_s": 3600,
        "company.size": 2,
        "company.within_s": 20,
        "company.most": 5,
        "company.most_by": "soft",
        "company.least": 2,
        "company.least_by": "soft",
        "company.supervisor": "soft",
        "clockless": "essential",
        "unheard": "refuse",
        "fresh_s": 60,
        "essential_s": 120,
    }
    with transaction(house.engine) as session:
        room_rules.change_area(session, BY, NOW, house.cedar(session), wanted, WHY)  # type: ignore[arg-type]
    with reading(house.engine) as session:
        for key in ("cedar", "cedar-back"):
            content = compiling.content_for(session, house.site(session), house.agent(session, key), NOW)
            area = content.policy.areas["cedar-room"]
            assert area.passback == Passback(Enforcement.HARD, Enforcement.OFF, 3600)
            soft = Enforcement.SOFT
            assert area.company == Company(2, 20, 5, soft, 2, soft, soft)
            assert (area.clockless, area.unheard) == (Tier.ESSENTIAL, Unheard.REFUSE)
            assert (area.fresh_s, area.essential_s) == (60, 120)
            assert type(content.policy).from_object(content.policy.as_object()) == content.policy
        row = _last(session, Kind.AREA_CHANGED)
        changed = row.content["changed"]
        assert isinstance(changed, dict)
        assert changed["passback.entry"] == ["soft", "hard"]
        assert changed.keys() == wanted.keys()
        opening = openings_of(session, row.sequence)["reason"].opening()
        assert opening is not None
        assert opening.value == WHY


def test_rules_of_doors_and_access_points_reach_the_list_with_their_hours(house: House) -> None:
    from controller.premises import schedule as schedules

    with transaction(house.engine) as session:
        hours = schedules.by_name(session, house.site(session), "Office hours")
        assert hours is not None
        door, point = _door(house, session, "main"), _point(house, session, "main-in")
        changes = {"unlock": hours.id, "unlock_first": True, "may_hold": True, "tailgate_s": 20}
        room_rules.change_door(session, BY, NOW, door, changes, WHY)
        room_rules.change_access_point(session, BY, NOW, point, {"card_again_s": 30, "door_again_s": 9}, WHY)
    with reading(house.engine) as session:
        policy = compiling.content_for(session, house.site(session), house.agent(session), NOW).policy
        carried, read = policy.doors["main"], policy.access_points["main-in"]
        assert (carried.unlock_first, carried.may_hold, carried.tailgate_s) == (True, True, 20)
        assert carried.unlock is not None
        assert policy.schedules[carried.unlock] != policy.schedules[0]
        assert (read.card_again_s, read.door_again_s) == (30, 9)


@pytest.mark.parametrize("changes", [{"clockless": "everybody"}, {"company.most": 1, "company.least": 2}])
def test_a_dangerous_change_is_refused_and_leaves_no_trace(house: House, changes: dict[str, str | int]) -> None:
    with reading(house.engine) as session:
        before = head(session)
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        room_rules.change_area(session, BY, NOW, house.cedar(session), changes, WHY)
    assert refused.value.code == "rules-dangerous"
    with reading(house.engine) as session:
        assert head(session) == before
        assert house.cedar(session).rules.clockless is Tier.NOBODY


def test_a_change_needs_a_reason_and_one_that_changes_nothing_is_not_recorded(house: House) -> None:
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        room_rules.change_area(session, BY, NOW, house.cedar(session), {"company.size": 2}, " ")
    assert refused.value.code == "reason-missing"
    with transaction(house.engine) as session:
        before = head(session)
        room_rules.change_area(session, BY, NOW, house.cedar(session), {"company.size": 1}, WHY)
        assert head(session) == before


def test_hard_passback_and_loose_exits_exclude_each_other_from_either_side(house: House) -> None:
    with transaction(house.engine) as session:
        room_rules.change_access_point(session, BY, NOW, _point(house, session), {"exit_mode": "recorded"}, WHY)
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        room_rules.change_area(session, BY, NOW, house.cedar(session), {"passback.entry": "hard"}, WHY)
    assert refused.value.details["findings"] == ["hard-passback-loose-exit"]
    with transaction(house.engine) as session:
        room_rules.change_access_point(session, BY, NOW, _point(house, session), {"exit_mode": "controlled"}, WHY)
        room_rules.change_area(session, BY, NOW, house.cedar(session), {"passback.entry": "hard"}, WHY)
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        room_rules.change_access_point(session, BY, NOW, _point(house, session), {"exit_mode": "free"}, WHY)
    assert refused.value.code == "rules-dangerous"


def test_an_exit_becomes_controlled_only_with_a_sign_off_and_an_entry_never(house: House) -> None:
    with transaction(house.engine) as session:
        for point, code in (("main-out", "sign-off-missing"), ("main-in", "exit-mode-missing")):
            wanted = {"exit_mode": "controlled"}
            with pytest.raises(Refused) as refused:
                room_rules.change_access_point(session, BY, NOW, _point(house, session, point), wanted, WHY)
            assert refused.value.code == code
        for said in (
            Confirmed("S. Mori", False, True, Failsafe.MECHANICAL_EGRESS),
            Confirmed("S. Mori", True, False, Failsafe.MECHANICAL_EGRESS),
            Confirmed("S. Mori", True, True, Failsafe.NOT_STATED),
        ):
            with pytest.raises(Refused) as refused:
                sign_off.sign(session, BY, NOW, _point(house, session, "main-out"), said)
            assert refused.value.code == "sign-off-incomplete"
        sign_off.sign(session, BY, NOW, _point(house, session, "main-out"), SAID)
        room_rules.change_access_point(
            session, BY, NOW, _point(house, session, "main-out"), {"exit_mode": "controlled"}, WHY
        )
    with reading(house.engine) as session:
        policy = compiling.content_for(session, house.site(session), house.agent(session), NOW).policy
        assert policy.access_points["main-out"].exit_mode is ExitMode.CONTROLLED
        row = _last(session, Kind.EXIT_SIGNED_OFF)
        assert b"Mori" not in row.leaf


def test_a_sign_off_that_ran_out_opens_the_exit_softens_the_passback_and_alarms_once(house: House) -> None:
    with transaction(house.engine) as session:
        room_rules.change_area(session, BY, NOW, house.cedar(session), {"passback.entry": "hard"}, WHY)
        distribution.follow(session, house.site(session), NOW, house.authority.signing)
    later = NOW + sign_off.LASTS
    with transaction(house.engine) as session:
        site = house.site(session)
        assert compiling.next_boundary(session, site, later - timedelta(days=1)) == later
        before = compiling.content_for(session, site, house.agent(session), later - timedelta(seconds=1)).policy
        assert before.access_points["cedar-out"].exit_mode is ExitMode.CONTROLLED
        assert before.areas["cedar-room"].passback.entry is Enforcement.HARD
        issued = distribution.follow(session, site, later, house.authority.signing)
        assert len(issued) == 2
        after = compiling.content_for(session, site, house.agent(session), later).policy
        assert after.access_points["cedar-out"].exit_mode is ExitMode.RECORDED
        assert after.areas["cedar-room"].passback.entry is Enforcement.SOFT
    with transaction(house.engine) as session:
        site = house.site(session)
        told = [each for each in alarm.waiting(session) if each.kind == alarm.SIGN_OFF_LAPSED]
        assert len(told) == 3  # cedar, cedar-back and maple
        distribution.follow(session, site, later + timedelta(hours=2), house.authority.signing)
        again = [each for each in alarm.waiting(session) if each.kind == alarm.SIGN_OFF_LAPSED]
        assert len(again) == len(told)
        sign_off.sign(session, BY, later, _point(house, session), SAID)
        policy = compiling.content_for(session, site, house.agent(session), later).policy
        assert policy.access_points["cedar-out"].exit_mode is ExitMode.CONTROLLED
        assert len(session.scalars(select(ExitSignOff)).all()) == 4


def test_the_private_preset_refuses_coming_in_twice_where_exits_are_controlled(house: House) -> None:
    with transaction(house.engine) as session:
        cedar = house.cedar(session)
        room_rules.apply_preset(session, BY, NOW, cedar, Preset.PRIVATE_INFORMATION_ROOM, WHY)
        assert cedar.rules.passback == Passback(Enforcement.HARD, Enforcement.HARD)
        assert _door(house, session).rules.tailgate_s > 0
        room_rules.change_area(session, BY, NOW, cedar, {"passback.entry": "soft"}, WHY)
        room_rules.change_access_point(session, BY, NOW, _point(house, session), {"exit_mode": "recorded"}, WHY)
        room_rules.apply_preset(session, BY, NOW, cedar, Preset.PRIVATE_INFORMATION_ROOM, WHY)
        assert cedar.rules.passback == Passback(Enforcement.SOFT, Enforcement.HARD)
        room_rules.apply_preset(session, BY, NOW, cedar, Preset.ORDINARY_ROOM, WHY)
        assert cedar.rules == type(cedar.rules)()
