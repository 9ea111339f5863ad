"""Timelines: a room over some days, drawn and listed.

The law: what is asked stands in the address, by ids and days only, and every mark of the drawing stands in the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template

from admin_web import drawing, guard, shown
from admin_web.centre import centre
from admin_web.drawing import Bar, Line
from admin_web.pages import forms, periods
from admin_web.pages.rooms import room
from controller.delivery import room_timeline
from controller.delivery.room_timeline import MOST_MARKS, MOST_STAYS, Lane, Mark, Period
from controller.people import operator as operators
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.record.stay import Stay

blueprint = Blueprint("timelines", __name__)
_LONGEST_DAYS = 31
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Track:
    """Somebody's bars; each with the stay that it is."""

    holder: Cardholder
    bars: Sequence[tuple[Bar, Stay]]


@blueprint.get("/rooms/<key>/timeline")
@guard.requires(Permission.SEE_LOG)
def of_room(key: str) -> str:
    days, beyond = periods.asked(1, _LONGEST_DAYS), forms.row_id("further") or 0
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


def _tracks(line: Line, days: periods.Days, stays: Iterable[tuple[Stay, Cardholder]]) -> list[Track]:
    """A track for each person, in the order of coming; who is still inside is so until now."""
    found: dict[int, Track] = {}
    for each, holder in stays:
        track = found.setdefault(holder.id, Track(holder, []))
        bar = line.bar(each.entered_at or each.not_before, each.left_at or days.elapsed)
        found[holder.id] = Track(holder, [*track.bars, (bar, each)])
    return list(found.values())


def _placed(line: Line, lane: Lane, marks: Iterable[Mark]) -> list[float]:
    """Where the marks of a lane stand; those that would hide one another stand once."""
    return sorted({round(line.at(each.at), 1) for each in marks if each.lane is lane})
