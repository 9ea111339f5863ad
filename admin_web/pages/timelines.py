"""Timelines: a room or a person over some days, drawn and listed.

The law: what is asked stands in the address, by ids and days only, and every mark of the drawing stands in the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from flask import Blueprint, render_template

from admin_web import drawing, guard, shown
from admin_web.centre import centre, now
from admin_web.drawing import Bar, Line
from admin_web.pages import forms, periods
from admin_web.pages.rooms import room
from controller.delivery import room_timeline
from controller.delivery.room_timeline import MOST_MARKS, MOST_STAYS, Lane, Mark, Period
from controller.people import operator as operators
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises import area as areas
from controller.premises.area import Area
from controller.record import person_timeline
from controller.record.enquiry import LogRow
from controller.record.person_timeline import OF_PERMISSIONS, Change
from controller.record.stay import Stay

blueprint = Blueprint("timelines", __name__)
_USUAL_DAYS, _LONGEST_DAYS = 28, 92
_LONGEST_OF_ROOM = 31
_Whose = TypeVar("_Whose", Cardholder, Area)
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Track(Generic[_Whose]):
    """The bars of a person or of a room; each with the stay that it is."""

    whose: _Whose
    bars: Sequence[tuple[Bar, Stay]]


@dataclass(frozen=True, slots=True)
class Marks:
    """What a lane holds: how many things, and where their marks stand; those that would hide one another stand once."""

    count: int
    places: Sequence[float]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in a person's list: a fact, or what became of a permission or a card."""

    at: datetime
    fact: LogRow | None
    change: Change | None


@blueprint.get("/rooms/<key>/timeline")
@guard.requires(Permission.SEE_LOG)
def of_room(key: str) -> str:
    days, beyond = periods.asked(1, _LONGEST_OF_ROOM), forms.row_id("further") or 0
    line = Line(days.since, days.until)
    with centre().read() as session:
        area, site, period = room(session, key), centre().site(session), Period(days.since, days.until)
        stays = room_timeline.stays(session, area, period)
        marks = room_timeline.marks(session, site, area, period)
        listed = marks[:MOST_MARKS][beyond:][:_PAGE]
        return render_template(
            "timelines/room.html",
            area=area,
            days=days,
            zone=site.zone,
            ticks=drawing.ticks(shown.zone(), line),
            tracks=_tracks(line, days, stays[:MOST_STAYS]),
            lanes={lane: _placed(line, lane, marks[:MOST_MARKS]) for lane in Lane},
            stays=stays[:MOST_STAYS],
            events=room_timeline.told(session, listed),
            count=min(len(marks), MOST_MARKS),
            incomplete=len(stays) > MOST_STAYS or len(marks) > MOST_MARKS,
            further=beyond + _PAGE if len(marks[:MOST_MARKS]) > beyond + _PAGE else None,
            beyond=beyond,
            operators={each.id: each for each in operators.of_site(session, site)},
        )


@blueprint.get("/cardholders/<int:holder_id>/timeline")
@guard.requires(Permission.SEE_LOG)
def of_person(holder_id: int) -> str:
    days = periods.asked(_USUAL_DAYS, _LONGEST_DAYS)
    line = Line(days.since, days.until)
    with centre().read() as session:
        holder = forms.row(session, Cardholder, holder_id)
        stays = person_timeline.stays(session, holder, days.since, days.until)
        facts = person_timeline.facts(session, holder, days.since, days.until)
        changes = person_timeline.changes(session, holder, days.since, min(days.until, now()))
        told = [Told(each.fact.at, each, None) for each in facts[: person_timeline.MOST]]
        told += [Told(each.at, None, each) for each in changes]
        of_permissions = [each.at for each in changes if each.step in OF_PERMISSIONS]
        return render_template(
            "timelines/person.html",
            holder=holder,
            days=days,
            zone=shown.zone(),
            ticks=drawing.ticks(shown.zone(), line),
            tracks=_tracks(line, days, stays[: person_timeline.MOST]),
            lanes={
                "passage": _at(line, [each.fact.at for each in facts if each.fact.outcome is None]),
                "refusal": _at(line, [each.fact.at for each in facts if each.fact.outcome is not None]),
                "permission": _at(line, of_permissions),
                "card": _at(line, [each.at for each in changes if each.step not in OF_PERMISSIONS]),
            },
            happened=sorted(told, key=lambda each: each.at),
            areas={each.id: each for each in areas.ever_of_site(session, centre().site(session))},
            incomplete=max(len(stays), len(facts)) > person_timeline.MOST,
        )


def _tracks(line: Line, days: periods.Days, stays: Iterable[tuple[Stay, _Whose]]) -> list[Track[_Whose]]:
    """A track for each person or room, in the order of coming; who is still inside is so until now."""
    found: dict[int, tuple[_Whose, list[tuple[Bar, Stay]]]] = {}
    for each, whose in stays:
        bar = line.bar(each.entered_at or each.not_before, each.left_at or days.elapsed)
        found.setdefault(whose.id, (whose, []))[1].append((bar, each))
    return [Track(whose, bars) for whose, bars in found.values()]


def _placed(line: Line, lane: Lane, marks: Iterable[Mark]) -> Marks:
    return _at(line, [each.at for each in marks if each.lane is lane])


def _at(line: Line, moments: Sequence[datetime]) -> Marks:
    return Marks(len(moments), sorted({round(line.at(each), 1) for each in moments}))
