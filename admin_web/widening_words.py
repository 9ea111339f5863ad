"""What a change says that widens entry into a private room, in the words of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from admin_web.shown import Named, said, zone
from admin_web.words import ATTRIBUTES
from contract import leaf, shape
from contract.canonical import Value
from controller.people import levers
from controller.people.attribute import Attribute
from controller.people.cardholder import Cardholder
from controller.people.levers import Lever, Wanted
from controller.people.training import Training
from controller.premises import pin_rule, presets, rule_words
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.calendar import Calendar
from controller.premises.door import AccessPoint, Door
from controller.premises.presets import Preset
from controller.premises.rule_words import Setting
from controller.premises.rules import settings_of
from controller.premises.schedule import Schedule, SchedulePlan
from controller.refusal import Refused

ABOUT: Final[Mapping[str, Any]] = {
    Lever.SCHEDULE: _("Change of a schedule"),
    Lever.DAY_ADDED: _("A day more in a calendar"),
    Lever.DAY_CHANGED: _("Change of a day in a calendar"),
    Lever.DAY_REMOVED: _("A day less in a calendar"),
    Lever.AREA: _("Change of the rules of a room"),
    Lever.DOOR: _("Change of the rules of a door"),
    Lever.POINT: _("Change of the rules of an access point"),
    Lever.PIN: _("Change of how a PIN is asked for"),
    Lever.PIN_RULE: _("Change of how a PIN is asked for"),
    Lever.PRESET: _("Ready-made rules for a room"),
    Lever.PRIVATE: _("A room is no longer one with personal information"),
    Lever.TRAINING: _("A training is no longer asked for"),
    Lever.FORMATS: _("A reader reads other cards"),
    Lever.ATTRIBUTE: _("What somebody is beyond their permissions"),
    Lever.LEAVING: _("Somebody stays longer"),
    Lever.COMPLETION: _("A training recorded as completed"),
    Lever.DOORWAY: _("A new door into a room"),
    Lever.READER: _("A further reader of a door"),
    Lever.RETURN: _("A door comes back into service"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What a change is about (None: that is gone) and its page; before, after: of a schedule; settings: each with its
    value before and after; told: anything else, in a few words; person: whom it is about instead."""

    about: Named | None
    address: str = ""
    before: SchedulePlan | None = None
    after: SchedulePlan | None = None
    settings: Sequence[tuple[Setting, Value, Value]] = ()
    told: str = ""
    person: Cardholder | None = None


def change_of(session: Session, wanted: Wanted) -> Change:
    """How the page tells it."""
    try:
        row = levers.subject(session, wanted)
    except Refused:
        return Change(None, told=_told(session, wanted))
    if isinstance(row, Cardholder):
        return Change(None, told=_told(session, wanted), person=row)
    if isinstance(row, Schedule):
        address, plan = url_for("schedules.page", schedule_id=row.id), SchedulePlan.from_object(wanted.told)
        return Change(row, address, schedules.plan_of(session, row), plan)
    if isinstance(row, Calendar):
        return Change(row, url_for("calendars.page", calendar_id=row.id), told=_told(session, wanted))
    if isinstance(row, Area):
        return Change(
            row,
            url_for("rooms.page", key=row.key),
            settings=_settings(session, row, wanted),
            told=_told(session, wanted),
        )
    door = session.get_one(Door, row.door_id) if isinstance(row, AccessPoint) else row
    address = url_for("door_setup.page", door_id=door.id)
    return Change(door, address, settings=_settings(session, row, wanted), told=_told(session, wanted))


def _settings(session: Session, row: Area | Door | AccessPoint, wanted: Wanted) -> list[tuple[Setting, Value, Value]]:
    if isinstance(row, AccessPoint) and wanted.lever is Lever.PIN:
        before = pin_rule.settings_of(pin_rule.of(session, row))
    elif wanted.lever in (Lever.AREA, Lever.DOOR, Lever.POINT):
        before = settings_of(row.rules)
    else:
        return []
    named = [each for each in rule_words.SETTINGS if each.name in wanted.told and each.name in before]
    return [(each, before[each.name], wanted.told[each.name]) for each in named]


def _told(session: Session, wanted: Wanted) -> str:
    told = wanted.told
    if wanted.lever in (Lever.DAY_ADDED, Lever.DAY_CHANGED, Lever.DAY_REMOVED):
        return f"{told['day']} {told['name']}"
    if wanted.lever is Lever.PRESET:
        return said(presets.NAMES[Preset(shape.text(told, "preset"))])
    if wanted.lever in (Lever.TRAINING, Lever.COMPLETION):
        return session.get_one(Training, shape.integer(told, "training")).name
    if wanted.lever is Lever.ATTRIBUTE:
        return f"{ATTRIBUTES[Attribute(shape.text(told, 'attribute'))]}: {told['value']}"
    if wanted.lever is Lever.LEAVING:
        at = shape.optional_text(told, "at")
        return "" if at is None else f"→ {leaf.read_moment(at).astimezone(zone()):%Y-%m-%d %H:%M}"
    if wanted.lever is Lever.DOORWAY:
        return f"← {told['name']} ({told['key']})"
    if wanted.lever is Lever.FORMATS:
        return ", ".join(shape.texts(told, "formats"))
    return ""
