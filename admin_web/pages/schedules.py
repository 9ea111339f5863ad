"""Schedules: the week of each as bars and in words, what rests on it, and changing one after seeing whom it concerns.

No change is sent from the form with the hours: its button shows the preview, and the preview has the button.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard, hours, shown
from admin_web.act_words import ACTS
from admin_web.centre import centre, now
from admin_web.keeping import done_or_kept, waiting_at, would_widen
from admin_web.pages import at_doors as parts
from admin_web.pages import forms
from admin_web.pages.widenings import to_what_waits
from contract import schedule as week
from contract.schedule import Interval
from controller.delivery import reach, trial
from controller.delivery.preview import Touch, preview
from controller.people import hours_use, levers
from controller.people.access import Permission
from controller.people.access_level import AccessLevel
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.premises import area as areas
from controller.premises import calendar as calendars
from controller.premises import hours_changes, site_clock, week_view
from controller.premises import schedule as schedules
from controller.premises.door import Door
from controller.premises.schedule import Schedule, SchedulePlan
from controller.premises.site import Site
from controller.refusal import Refused

blueprint = Blueprint("schedules", __name__, url_prefix="/schedules")
_LATEST = 10
_AHEAD = 12
_BLANK_DATES = 3
_MOST_NAMED = 50
"""Permissions that a page names; how many there are in all it says besides."""


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def listed() -> str:
    with centre().read() as session:
        site, at = centre().site(session), now()
        years = site_clock.years(site.clock, at)
        rows = sorted(schedules.of_site(session, site), key=lambda each: each.retired_at is not None)
        compiled, used = schedules.compiled_each(session, rows, years), hours_use.counts(session, at)
        found = [(each, week_view.days(compiled[each.id]), used.get(each.id, Counter())) for each in rows]
        return render_template("schedules/list.html", schedules=found, hours=hours)


@blueprint.get("/new")
@guard.requires(Permission.CHANGE_SCHEDULES)
def ask_new() -> str:
    with centre().read() as session:
        return _form(session, None, SchedulePlan("", "", ()))


@blueprint.post("")
@guard.requires(Permission.CHANGE_SCHEDULES)
def make() -> Response:
    with centre().write() as session:
        site, plan = centre().site(session), _plan(session, SchedulePlan("", "", ()))
        made = schedules.make(session, guard.operator().actor, now(), site, plan, _why())
    return _back(made.id)


@blueprint.get("/<int:schedule_id>")
@guard.requires(Permission.SEE_PEOPLE)
def page(schedule_id: int) -> str:
    with centre().read() as session:
        row, site, at = forms.row(session, Schedule, schedule_id), centre().site(session), now()
        compiled = schedules.compiled(session, row, site_clock.years(site.clock, at))
        plan, today = schedules.plan_of(session, row), at.astimezone(site.clock).date()
        found = hours_use.uses(session, row, at)
        return render_template(
            "schedules/page.html",
            row=row,
            plan=plan,
            days=week_view.days(compiled),
            ahead=_named_days(session, plan, week_view.special_days(compiled, today, _AHEAD)),
            calendars={each.id: each for each in calendars.of_site(session, site)},
            uses=found,
            kept=waiting_at(session, schedules=(row.id,)),
            most=_MOST_NAMED,
            changes=hours_changes.latest(session, row, _LATEST),
            acts=ACTS,
            hours=hours,
            zone=site.clock.key,
            **_using(session, site, found),
            **_doors(session, site, row, found),
        )


@blueprint.get("/<int:schedule_id>/doors")
@guard.requires(Permission.SEE_PEOPLE)
def at_doors(schedule_id: int) -> str:
    """The part of the page that says at which doors the last change is in force."""
    with centre().read() as session:
        row, site = forms.row(session, Schedule, schedule_id), centre().site(session)
        found = _doors(session, site, row, hours_use.uses(session, row, now()))
        return render_template("posture/doors.html", **found) if found["state"] else ""


@blueprint.get("/<int:schedule_id>/change")
@guard.requires(Permission.CHANGE_SCHEDULES)
def ask_change(schedule_id: int) -> str:
    with centre().read() as session:
        row = forms.row(session, Schedule, schedule_id)
        return _form(session, row, schedules.plan_of(session, row))


@blueprint.post("/<int:schedule_id>/preview")
@guard.requires(Permission.CHANGE_SCHEDULES)
def look(schedule_id: int) -> str:
    with centre().trying() as session:
        row, site, moment = forms.row(session, Schedule, schedule_id), centre().site(session), now()
        years, found = site_clock.years(site.clock, moment), hours_use.uses(session, row, moment)
        before = schedules.compiled(session, row, years)
        plan = _plan(session, schedules.plan_of(session, row))
        wanted = levers.of_schedule(row, plan)
        concerned, uses = hours_use.doors_of(session, found), found.counted()
        wider = would_widen(session, wanted)
        seen = preview(session, site, moment, trial.pulling(moment, wanted))
        return render_template(
            "schedules/preview.html",
            row=row,
            plan=plan,
            before=week_view.days(before),
            after=week_view.days(week.compiled(plan.intervals)),
            uses=uses,
            doors=len(concerned),
            wider=wider,
            areas={each.id: each for each in areas.of_site(session, site)},
            sent=[(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"],
            touches=[(each, seen.of(each)) for each in Touch],
            found=seen,
            hours=hours,
        )


@blueprint.post("/<int:schedule_id>/change")
@guard.requires(Permission.CHANGE_SCHEDULES)
def change(schedule_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, Schedule, schedule_id)
        plan = _plan(session, schedules.plan_of(session, row))
        asked = done_or_kept(session, levers.of_schedule(row, plan), _why())
        return _back(schedule_id) if asked is None else to_what_waits(asked)


@blueprint.post("/<int:schedule_id>/retire")
@guard.requires(Permission.CHANGE_SCHEDULES)
def retire(schedule_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, Schedule, schedule_id)
        hours_use.retire(session, guard.operator().actor, now(), row, _why())
    return _back(schedule_id)


def _form(session: Session, row: Schedule | None, plan: SchedulePlan) -> str:
    site = centre().site(session)
    dates = [(day.isoformat(), hours.typed(each)) for day, each in sorted(plan.exceptions.items())]
    return render_template(
        "schedules/form.html",
        row=row,
        plan=plan,
        typed=[hours.typed(each for each in plan.intervals if each.weekday == day) for day in range(7)],
        dates=[*dates, *[("", "")] * _BLANK_DATES],
        calendars=calendars.of_site(session, site),
        hours=hours,
        zone=site.clock.key,
    )


def _plan(session: Session, before: SchedulePlan) -> SchedulePlan:
    """What the form says; calendars keep the order that they had, new ones come after them."""
    known = {each.id: each for each in calendars.of_site(session, centre().site(session))}
    order = [*before.calendars, *(key for key in known if key not in before.calendars)]
    ticked = [key for key in order if forms.text(f"calendar-{key}", 3) == "yes"]
    return SchedulePlan(
        forms.text("name", 120),
        forms.text("name_ja", 120),
        [each for day in range(7) for each in hours.read(forms.text(f"day-{day}"), day)],
        _dates(),
        {key: hours.read(forms.text(f"calendar-{key}-hours")) for key in ticked},
    )


def _dates() -> Mapping[date, list[Interval]]:
    """The dates of the form with their hours; a line without a date says nothing. Refused day-wrong, day-taken."""
    found: dict[date, list[Interval]] = {}
    told = zip(request.form.getlist("date"), request.form.getlist("date-hours"), strict=False)
    for named, text in told:
        if not named.strip():
            continue
        try:
            day = date.fromisoformat(named.strip())
        except ValueError as flaw:
            raise Refused("day-wrong") from flaw
        if day in found:
            raise Refused("date-twice")
        found[day] = hours.read(text[:400])
    return found


def _named_days(session: Session, plan: SchedulePlan, ahead: Any) -> list[tuple[date, list[week_view.Span], list[str]]]:
    """Days ahead, each with why it differs: the holidays of the calendars that the schedule names."""
    years = {day.year for day, _ in ahead}
    told: dict[date, list[str]] = {}
    for key in plan.calendars:
        for each in calendars.holidays(session, session.get_one(calendars.Calendar, key), years):
            told.setdefault(each.day, []).append(shown.named(each))
    return [(day, spans, told.get(day, [])) for day, spans in ahead]


def _using(session: Session, site: Site, found: hours_use.Uses) -> dict[str, Any]:
    """What the page needs to call by its name what rests on the schedule."""
    named = found.grants[:_MOST_NAMED]
    return {
        "people": {each.cardholder_id: session.get_one(Cardholder, each.cardholder_id) for each in named},
        "areas": {each.id: each for each in areas.ever_of_site(session, site)},
        "levels": {each.id: session.get_one(AccessLevel, each.access_level_id) for each in found.changes},
        "of_entries": {each.id: session.get_one(Door, each.door_id) for each in found.entries},
        "operators": {each.id: each for each in session.query(Operator)},
    }


def _doors(session: Session, site: Site, row: Schedule, found: hours_use.Uses) -> dict[str, Any]:
    """How far the last change has come; nothing when no door is concerned or no change is on record."""
    last, concerned = hours_changes.latest(session, row, 1), hours_use.doors_of(session, found)
    if not last or not concerned:
        return {"state": None}
    told = reach.told(session, site, now(), concerned, last[0].ledger_sequence)
    return parts.at_doors(session, told, url_for("schedules.at_doors", schedule_id=row.id))


def _why() -> str:
    reason = forms.text("reason")
    if not reason:
        raise Refused("reason-missing")
    return reason


def _back(schedule_id: int) -> Response:
    return redirect(url_for("schedules.page", schedule_id=schedule_id), 303)
