"""How areas, doors and access points are written as JSON, with their rules, sign-offs, dangers and posture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from admin_web.api import shapes
from admin_web.shown import utc
from contract.reader_kinds import KindOfReader
from contract.room_rules import Posture
from controller.delivery.distribution import InForce
from controller.delivery.overview import DoorNow
from controller.delivery.posture import PostureChange, Standing
from controller.premises import rule_words
from controller.premises.area import Area
from controller.premises.dangers import Finding
from controller.premises.door import AccessPoint, Door
from controller.premises.rule_words import Of
from controller.premises.rules import Rules, settings_of
from controller.premises.sign_off import ExitSignOff


def area(row: Area) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "name": row.name,
        "name_ja": row.name_ja,
        "private": row.private,
        "open": row.open,
        "retired_at": utc(row.retired_at) if row.retired_at else None,
        "company": row.rules.company.size,
        "rules": settings_of(row.rules),
    }


def door(row: Door, points: Sequence[AccessPoint], stands: Standing, now: DoorNow | None) -> dict[str, Any]:
    """now: how it stands, None for a door that guards nothing."""
    return {
        "id": row.id,
        "key": row.key,
        "name": row.name,
        "name_ja": row.name_ja,
        "agent": row.agent_id,
        "moving": row.moving,
        "retired_at": utc(row.retired_at) if row.retired_at else None,
        "mode": stands.of_door(row.id),
        "rules": settings_of(row.rules),
        "access_points": [access_point(each) for each in points],
        "now": door_now(now) if now is not None else None,
    }


def door_now(now: DoorNow) -> dict[str, Any]:
    passed = now.passed
    return {
        "state": now.state,
        "posture": now.mode,
        "health": now.health,
        "held_by": list(now.held_by),
        "faults": list(now.faults),
        "heard_at": utc(now.heard_at) if now.heard_at else None,
        "fresh_until": utc(now.fresh_until) if now.fresh_until else None,
        "list": now.version,
        "newest": now.newest,
        "passed": {
            "event": passed.sequence,
            "at": utc(passed.at),
            "cardholder": passed.holder,
            "direction": passed.direction,
        }
        if passed is not None
        else None,
    }


def access_point(row: AccessPoint) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "door": row.door_id,
        "direction": row.direction,
        "from_area": row.from_area_id,
        "to_area": row.to_area_id,
        "exit_mode": row.exit_mode,
        "formats": row.formats.split(),
        "rules": settings_of(row.rules),
    }


def reader(kind: KindOfReader) -> dict[str, Any]:
    """What is fitted at an access point, and what it is worth, in both languages."""
    told = {
        "device": kind.device,
        "supervised": kind.supervised,
        "encrypted": kind.encrypted,
        "strength": kind.strength,
    }
    return {"word": kind.word, **{name: {"en": words.en, "ja": words.ja} for name, words in told.items()}}


def in_words(of: Of, rules: Rules) -> list[dict[str, Any]]:
    """Every setting with its name, what it does and its value, in both languages."""
    values = settings_of(rules)
    return [
        {
            "name": each.name,
            "value": values[each.name],
            "unit": each.unit,
            "choices": list(each.choices),
            "title": {"en": each.title.en, "ja": each.title.ja},
            "does": {"en": each.does.en, "ja": each.does.ja},
            "told": {"en": (said := rule_words.told(each, values[each.name])).en, "ja": said.ja},
        }
        for each in rule_words.settings_for(of)
    ]


def finding(found: Finding) -> dict[str, Any]:
    return {
        "finding": found.danger,
        "where": found.where,
        "refused": found.refused,
        "says": {"en": found.says.en, "ja": found.says.ja},
    }


def sign_off(row: ExitSignOff) -> dict[str, Any]:
    return {
        "id": row.id,
        "access_point": row.access_point_id,
        "signed_by": row.signed_by,
        "failsafe": row.failsafe,
        "note": row.note,
        "recorded_by": row.recorded_by,
        "signed_at": utc(row.signed_at),
        "valid_until": utc(row.valid_until),
    }


def posture(found: Posture) -> dict[str, Any]:
    return {
        "lockdown": found.lockdown,
        "evacuation": found.evacuation,
        "threat": found.threat,
        "forgiven": found.forgiven,
    }


def change(row: PostureChange, state: InForce) -> dict[str, Any]:
    """One change, and at how many of the doors that it concerns it is in force."""
    return {
        "number": row.number,
        "act": row.act,
        "area": row.area_id,
        "door": row.door_id,
        "value": row.value,
        "actor": row.actor,
        "at": utc(row.at),
        "reason": row.reason,
        "ledger_sequence": row.ledger_sequence,
        "in_force": shapes.in_force(state),
    }
