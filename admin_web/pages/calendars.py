"""Calendars: a year at a glance, the days of each, and which schedules have other hours on them."""

from __future__ import annotations

from calendar import Calendar as Months
from datetime import date

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard, hours
from admin_web.centre import centre, now
from admin_web.keeping import done_or_kept, waiting_at
from admin_web.pages import forms
from admin_web.pages.widenings import to_what_waits
from controller.people import levers, private_entry
from controller.people.access import Permission
from controller.people.levers import Wanted
from controller.premises import calendar as calendars
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.calendar import Calendar, Holiday, HolidayRow
from controller.refusal import Refused

blueprint = Blueprint("calendars", __name__, url_prefix="/calendars")
_FIRST, _LAST = calendars.YEARS[0], calendars.YEARS[-1]


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def listed() -> str:
    with centre().read() as session:
        site = centre().site(session)
        year = now().astimezone(site.clock).year
        every = calendars.of_site(session, site)
        days, naming = calendars.holidays_of_each(session, every, (year,)), schedules.naming_each(session, every)
        found = [(each, len(days[each.id]), naming.get(each.id, [])) for each in every]
        return render_template("calendars/list.html", calendars=found, year=year)


@blueprint.post("")
@guard.requires(Permission.CHANGE_SCHEDULES)
def make() -> Response:
    with centre().write() as session:
        name, name_ja = forms.text("name", 120), forms.text("name_ja", 120)
        made = calendars.make(session, guard.operator().actor, now(), centre().site(session), name, name_ja)
    return _back(made.id)


@blueprint.get("/<int:calendar_id>")
@guard.requires(Permission.SEE_DOORS)
def page(calendar_id: int) -> str:
    with centre().read() as session:
        row = forms.row(session, Calendar, calendar_id)
        today = now().astimezone(centre().site(session).clock).date()
        year = min(max(forms.number("year") or today.year, _FIRST), _LAST)
        found, naming = calendars.holidays(session, row, (year,)), schedules.naming(session, row)
        return render_template(
            "calendars/page.html",
            row=row,
            year=year,
            first=_FIRST,
            last=_LAST,
            today=today,
            months=_months(year),
            days={each.day: each for each in found},
            found=found,
            naming=naming,
            kept=waiting_at(session, schedules=(each.id for each, _ in naming)),
            rooms=_private_rooms(session, row),
            hours=hours,
        )


def _private_rooms(session: Session, row: Calendar) -> list[Area]:
    """The private rooms that somebody may enter by hours that have other ones on these days."""
    found = {
        room for each, _ in schedules.naming(session, row) for room in private_entry.rooms_by(session, each, now())
    }
    return sorted(found, key=lambda each: each.name)


@blueprint.post("/<int:calendar_id>/rename")
@guard.requires(Permission.CHANGE_SCHEDULES)
def rename(calendar_id: int) -> Response:
    with centre().write() as session:
        row, name, name_ja = (
            forms.row(session, Calendar, calendar_id),
            forms.text("name", 120),
            forms.text("name_ja", 120),
        )
        calendars.rename(session, guard.operator().actor, now(), row, name, name_ja)
    return _back(calendar_id)


@blueprint.post("/<int:calendar_id>/remove")
@guard.requires(Permission.CHANGE_SCHEDULES)
def remove(calendar_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, Calendar, calendar_id)
        in_use = bool(schedules.naming(session, row))
        calendars.remove(session, guard.operator().actor, now(), row, in_use=in_use)
    return redirect(url_for("calendars.listed"), 303)


@blueprint.post("/<int:calendar_id>/days")
@guard.requires(Permission.CHANGE_SCHEDULES)
def add_day(calendar_id: int) -> Response:
    with centre().write() as session:
        row, wanted = forms.row(session, Calendar, calendar_id), _day()
        return _done_or_kept(session, levers.of_new_day(row, wanted), calendar_id, wanted.day.year)


@blueprint.post("/days/<int:holiday_id>/change")
@guard.requires(Permission.CHANGE_SCHEDULES)
def change_day(holiday_id: int) -> Response:
    with centre().write() as session:
        row, wanted = forms.row(session, HolidayRow, holiday_id), _day()
        return _done_or_kept(session, levers.of_day(row, wanted), row.calendar_id, wanted.day.year)


@blueprint.post("/days/<int:holiday_id>/remove")
@guard.requires(Permission.CHANGE_SCHEDULES)
def remove_day(holiday_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, HolidayRow, holiday_id)
        return _done_or_kept(session, levers.of_no_day(row), row.calendar_id, row.day.year)


def _done_or_kept(session: Session, wanted: Wanted, calendar_id: int, year: int) -> Response:
    asked = done_or_kept(session, wanted, forms.text("reason"))
    return _back(calendar_id, year) if asked is None else to_what_waits(asked)


def _months(year: int) -> list[list[list[date | None]]]:
    """The weeks of each month, Monday first; None for a day of another month."""
    return [
        [[day if day.month == month else None for day in week] for week in Months().monthdatescalendar(year, month)]
        for month in range(1, 13)
    ]


def _day() -> Holiday:
    try:
        day = date.fromisoformat(forms.text("day", 10))
    except ValueError as flaw:
        raise Refused("day-wrong") from flaw
    return Holiday(day, forms.text("name", 120), forms.text("name_ja", 120))


def _back(calendar_id: int, year: int | None = None) -> Response:
    return redirect(url_for("calendars.page", calendar_id=calendar_id, year=year), 303)
