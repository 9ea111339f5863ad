"""Calendars and their holidays: Japan's are built in and computed, a site's own are kept day by day."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, Field, asks, digits, row_id, takes, text, whole
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.api.paging import answered, limit, sliced
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import levers
from controller.people.access import Permission
from controller.premises import calendar as calendars
from controller.premises import schedule as schedules
from controller.premises import site_clock
from controller.premises.calendar import Calendar, Holiday, HolidayRow

_REASON = text(400)
"""Needed only where it must wait for a second person."""
_NAMES = {"name": text(120, required=True), "name_ja": text(120)}
_DAY = Field(shapes.read_day, {"type": "string", "format": "date"}, required=True)


@blueprint.get(f"{V1}/calendars")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_calendars(asked: dict[str, Any]) -> Response:
    """Calendars that a schedule may name."""
    with centre().read() as session:
        return sliced(calendars.of_site(session, centre().site(session)), asked, shapes.calendar)


@blueprint.post(f"{V1}/calendars")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(**_NAMES)
def add_calendar(given: dict[str, Any]) -> tuple[Response, int]:
    """A new calendar, without days yet."""
    with centre().write() as session:
        made = calendars.make(session, guard.operator().actor, now(), centre().site(session), **given)
        return jsonify(shapes.calendar(made)), 201


@blueprint.get(f"{V1}/calendars/<int:calendar_id>")
@guard.requires(Permission.SEE_DOORS)
def get_calendar(calendar_id: int) -> Response:
    """One calendar."""
    with centre().read() as session:
        return jsonify(shapes.calendar(forms.row(session, Calendar, calendar_id)))


@blueprint.post(f"{V1}/calendars/<int:calendar_id>/change")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(**_NAMES)
def change_calendar(calendar_id: int, given: dict[str, Any]) -> Response:
    """Call a calendar of the site's own otherwise."""
    with centre().write() as session:
        row = forms.row(session, Calendar, calendar_id)
        calendars.rename(session, guard.operator().actor, now(), row, **given)
        return jsonify(shapes.calendar(row))


@blueprint.post(f"{V1}/calendars/<int:calendar_id>/remove")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes()
def remove_calendar(calendar_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Delete a calendar of the site's own that no schedule names."""
    with centre().write() as session:
        row = forms.row(session, Calendar, calendar_id)
        shown = shapes.calendar(row)
        calendars.remove(session, guard.operator().actor, now(), row, in_use=bool(schedules.naming(session, row)))
        return jsonify(shown)


@blueprint.get(f"{V1}/holidays")
@guard.requires(Permission.SEE_DOORS)
@asks(calendar=replace(row_id(), required=True), year=digits(calendars.YEARS.start), **PAGE)
def list_holidays(asked: dict[str, Any]) -> Response:
    """The days of a calendar: of one year, or of those that the lists at the doors speak of now."""
    with centre().read() as session:
        calendar = forms.row(session, Calendar, asked["calendar"])
        years = site_clock.years(centre().site(session).clock, now())
        if asked["year"] is not None:
            years = range(max(asked["year"], calendars.YEARS.start), min(asked["year"], calendars.YEARS[-1]) + 1)
        found = calendars.holidays(session, calendar, years)
        rest = [each for each in found if each.day.toordinal() > asked["cursor"]]
        page = rest[: limit(asked)]
        last = page[-1].day.toordinal() if len(rest) > len(page) else None
        return answered([shapes.holiday(calendar.id, each) for each in page], last)


@blueprint.post(f"{V1}/holidays")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(calendar=whole(required=True), day=_DAY, **_NAMES, reason=_REASON)
@may_wait
def add_holiday(given: dict[str, Any]) -> tuple[Response, int]:
    """A further day of a calendar of the site's own: at once, or when it is approved."""
    with centre().write() as session:
        calendar, wanted = forms.row(session, Calendar, given["calendar"]), _holiday(given)
        lever = levers.of_new_day(calendar, wanted)

        def shown() -> dict[str, Any]:
            (made,) = (
                each for each in calendars.holidays(session, calendar, (wanted.day.year,)) if each.day == wanted.day
            )
            return shapes.holiday(calendar.id, made)

        return done_or_kept(session, lever, given["reason"], shown, 201)


@blueprint.get(f"{V1}/holidays/<int:holiday_id>")
@guard.requires(Permission.SEE_DOORS)
def get_holiday(holiday_id: int) -> Response:
    """One day of a calendar of the site's own."""
    with centre().read() as session:
        return jsonify(_shown(forms.row(session, HolidayRow, holiday_id)))


@blueprint.post(f"{V1}/holidays/<int:holiday_id>/change")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(day=_DAY, **_NAMES, reason=_REASON)
@may_wait
def change_holiday(holiday_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Move a day, or call it otherwise: at once, or when it is approved."""
    with centre().write() as session:
        row = forms.row(session, HolidayRow, holiday_id)
        return done_or_kept(session, levers.of_day(row, _holiday(given)), given["reason"], lambda: _shown(row))


@blueprint.post(f"{V1}/holidays/<int:holiday_id>/remove")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(reason=_REASON)
@may_wait
def remove_holiday(holiday_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Take a day out of its calendar: at once, or when it is approved."""
    with centre().write() as session:
        row = forms.row(session, HolidayRow, holiday_id)
        shown = _shown(row)
        return done_or_kept(session, levers.of_no_day(row), given["reason"], lambda: shown)


def _holiday(given: dict[str, Any]) -> Holiday:
    return Holiday(given["day"], given["name"], given["name_ja"])


def _shown(row: HolidayRow) -> dict[str, Any]:
    return shapes.holiday(row.calendar_id, row.holiday())
