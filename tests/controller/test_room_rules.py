"""The rules of rooms as verbs: a reason and a row for each change, dangers refused, sign-offs enforced, lists right."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cli.demo.building import PLAN
from contract.policy import DoorMode, ExitMode
from contract.room_rules import Company, DuressAnswer, Enforcement, Passback, PinRule, Tier, Unheard
from controller.database import migrate, open_database, reading, transaction
from controller.delivery import compiling, distribution, posture
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, head, openings_of
from controller.premises import building, dangers, room_rules, sign_off
from controller.premises import door as doors
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.dangers import Danger
from controller.premises.door import AccessPoint, Door
from controller.premises.pin_rule import PinRuleRow
from controller.premises.presets import Preset
from controller.premises.sign_off import Confirmed, ExitSignOff, Failsafe
from controller.premises.site import Site
from controller.record import alarm
from controller.refusal import Refused
from tests.controller.conftest import NOW, House, of_revision

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


def test_an_entry_that_asks_for_a_pin_in_some_hours_only_is_told(house: House) -> None:
    with transaction(house.engine) as session:
        hours = schedules.by_name(session, house.site(session), "Office hours")
        assert hours is not None
        rule = PinRule(card_alone=hours.id, duress=DuressAnswer.REFUSE)
        session.add(_asking(_point(house, session, "cedar-in"), rule))
        session.flush()
        found = dangers.findings(room_rules.room(session, house.cedar(session), NOW))
        assert [(each.danger, each.where) for each in found] == [
            (Danger.PIN_NOT_ALWAYS, "cedar-in"),
            (Danger.DURESS_REFUSED, "cedar-in"),
        ]


def _asking(point: AccessPoint, rule: PinRule) -> PinRuleRow:
    return PinRuleRow(
        access_point_id=point.id,
        card_alone_id=rule.card_alone,
        within_s=rule.within_s,
        tries=rule.tries,
        lockout_s=rule.lockout_s,
        duress=rule.duress,
    )


def test_a_building_file_without_a_sign_off_makes_no_controlled_exit(house: House) -> None:
    plan = copy.deepcopy(PLAN)
    plan["site"]["key"] = "osaka"
    del plan["door"][1]["access_point"][1]["sign_off"]
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        building.load(session, BY, NOW, plan)
    assert refused.value.code == "sign-off-missing"


def test_the_upgrade_keeps_rules_signs_controlled_exits_for_a_while_and_a_lockdown(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with of_revision(engine, "0004") as connection:
        connection.execute(text("INSERT INTO site VALUES (1, 'osaka', 'Osaka', '大阪', 'Asia/Tokyo')"))
        connection.execute(text("INSERT INTO agent (id, site_id, key, name) VALUES (1, 1, 'elm', 'Elm')"))
        named = "id, site_id, key, name, name_ja, private, open, fresh_s, essential_s, company"
        connection.execute(
            text(f"INSERT INTO area ({named}) VALUES (1, 1, 'elm', 'Elm', '楡', 1, 0, 60, 120, 2)")  # noqa: S608
        )
        named = "id, site_id, agent_id, key, name, name_ja, release_ms, held_open_s, mode"
        connection.execute(
            text(f"INSERT INTO door ({named}) VALUES (1, 1, 1, 'elm', 'Elm', '楡', 5000, 30, 'lockdown')")  # noqa: S608
        )
        named = "id, site_id, door_id, key, direction, from_area_id, to_area_id, exit_mode, formats"
        connection.execute(
            text(f"INSERT INTO access_point ({named}) VALUES (1, 1, 1, 'elm-out', 'exit', 1, 1, 'controlled', 'x')")  # noqa: S608
        )
    migrate(engine)
    with reading(engine) as session:
        point, site = session.get_one(AccessPoint, 1), session.get_one(Site, 1)
        area = session.get_one(Area, 1)
        assert (area.rules.company, area.rules.fresh_s, area.rules.essential_s) == (Company(2), 60, 120)
        signed = sign_off.newest(session, point)
        assert signed is not None
        assert signed.recorded_by == sign_off.MIGRATION
        assert signed.valid_until - signed.signed_at == timedelta(days=90)
        assert sign_off.in_force_mode(session, point, signed.signed_at) is ExitMode.CONTROLLED
        found = dangers.findings(room_rules.room(session, area, signed.signed_at))
        assert [each.danger for each in found] == [Danger.SIGN_OFF_BY_MIGRATION]
        door = session.get_one(Door, 1)
        assert posture.standing(session, site).of_door(door.id) is DoorMode.LOCKDOWN
    engine.dispose()
