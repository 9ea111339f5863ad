"""Charts of a room for auditors: how many were inside, and when people come in; every number stands in a table too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from flask_babel import get_locale

from admin_web import drawing, guard, shown
from admin_web.centre import centre
from admin_web.drawing import Bar, Tick
from admin_web.pages import forms, periods
from controller.people.access import Permission
from controller.premises import area as areas
from controller.record import attendance
from controller.record.attendance import Hour, Slot

blueprint = Blueprint("charts", __name__, url_prefix="/charts")
_USUAL_DAYS, _LONGEST_DAYS = 28, 92
_SHADES = 4


@dataclass(frozen=True, slots=True)
class Chart:
    """top: the number at its upper edge."""

    top: int
    bars: Sequence[Bar]
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class Weekday:
    """name: in the language of the reader; hours: each with its shade, None where the period holds no such hour."""

    name: str
    hours: Sequence[tuple[Hour, int] | None]


@blueprint.get("")
@guard.requires(Permission.SEE_LOG)
def page() -> str:
    days, zone, wanted = periods.asked(_USUAL_DAYS, _LONGEST_DAYS), shown.zone(), forms.row_id("area")
    with centre().read() as session:
        rooms = [each for each in areas.ever_of_site(session, centre().site(session)) if not each.open]
        area = next((each for each in rooms if wanted in (None, each.id)), None)
        if area is None and wanted is not None:
            abort(404)
        if area is None:
            return render_template("charts/page.html", rooms=rooms, area=None, days=days, zone=zone)
        slots = attendance.slots(session, area, drawing.bounds(zone, days.since, days.elapsed))
        by_clock = attendance.by_clock(session, area, zone, days.since, days.elapsed)
    of_day = _of_day(by_clock)
    return render_template(
        "charts/page.html",
        rooms=rooms,
        area=area,
        days=days,
        zone=zone,
        slots=[(_label(days, each), each) for each in slots],
        occupancy=_occupancy(days, slots),
        of_day=of_day,
        entries=_entries(of_day),
        weekdays=_weekdays(by_clock),
        height=drawing.HEIGHT,
    )


def _label(days: periods.Days, slot: Slot) -> str:
    return drawing.label(shown.zone(), days.since, days.elapsed, slot.since)


def _occupancy(days: periods.Days, slots: Sequence[Slot]) -> Chart:
    top = drawing.top_of(max(each.highest for each in slots))
    values = [(float(each.badged), float(each.highest)) for each in slots]
    return Chart(top, drawing.bars(values, top), drawing.under_bars([_label(days, each) for each in slots]))


def _of_day(by_clock: Mapping[tuple[int, int], Hour]) -> list[Hour]:
    """The hours of the clock on whichever day."""
    found = [[each for (_, hour), each in by_clock.items() if hour == wanted] for wanted in range(24)]
    return [Hour(sum(each.entries for each in some), sum(each.hours for each in some)) for some in found]


def _entries(of_day: Sequence[Hour]) -> Chart:
    top = drawing.top_of(max(each.mean for each in of_day))
    ticks = drawing.under_bars([f"{hour:02}" for hour in range(24)])
    return Chart(top, drawing.bars([(each.mean, each.mean) for each in of_day], top), ticks)


def _weekdays(by_clock: Mapping[tuple[int, int], Hour]) -> list[Weekday]:
    names = get_locale().days["stand-alone"]["abbreviated"]
    most = max((each.mean for each in by_clock.values()), default=0.0)
    return [Weekday(names[day], [_shaded(by_clock.get((day, hour)), most) for hour in range(24)]) for day in range(7)]


def _shaded(hour: Hour | None, most: float) -> tuple[Hour, int] | None:
    """0: nobody; up to _SHADES: as many as ever."""
    if hour is None:
        return None
    return hour, -(-int(hour.mean * _SHADES * 1000) // int(most * 1000)) if hour.entries and most >= 0.001 else 0
