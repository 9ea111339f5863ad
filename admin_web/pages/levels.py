"""Access levels: which there are, what each opens, who has it, and changing one after seeing who gains and who loses.

No change is sent from the form with the rooms: its button shows the preview, and the preview has the button.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.approving import approved_change
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import granted, trial
from controller.delivery.compiling import all_must_fit
from controller.delivery.preview import Touch, preview
from controller.people import access_level as levels
from controller.people import cardholder as cardholders
from controller.people import level_change
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.access_level import AccessLevel, LevelPlan
from controller.people.cardholder import Cardholder
from controller.people.level_change import AccessLevelChange, ChangeState
from controller.people.operator import Operator
from controller.people.permission import GrantState, Wish
from controller.premises import area as areas
from controller.premises import schedule as schedules
from controller.premises.schedule import Schedule
from controller.premises.site import Site

blueprint = Blueprint("levels", __name__, url_prefix="/access-levels")
_LATEST = 10
_MOST_PEOPLE = 1000


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def listed() -> str:
    with centre().read() as session:
        site, at = centre().site(session), now()
        every = levels.of_site(session, site)
        plans, holders = levels.plans(session, [each.id for each in every]), permissions.counts_by_level(session, at)
        found = [(each, plans[each.id], holders.get(each.id, 0)) for each in every]
        by_id = {each.id: each for each in every}
        waiting = [(each, by_id[each.access_level_id]) for each in level_change.waiting(session)]
        return render_template("levels/list.html", levels=found, waiting=waiting, **_named(session, site))


@blueprint.get("/new")
@guard.requires(Permission.CHANGE_LEVELS)
def ask_new() -> str:
    with centre().read() as session:
        return _form(session, None, LevelPlan("", "", {}))


@blueprint.post("")
@guard.requires(Permission.CHANGE_LEVELS)
def make() -> Response:
    with centre().write() as session:
        site = centre().site(session)
        made = level_change.make(session, guard.operator(), now(), site, _plan(session, site), forms.text("reason"))
    return _back(made.id)


@blueprint.get("/<int:level_id>")
@guard.requires(Permission.SEE_PEOPLE)
def page(level_id: int) -> str:
    with centre().read() as session:
        level, site, at = forms.row(session, AccessLevel, level_id), centre().site(session), now()
        grants = permissions.of_level(session, level, at)
        opened = levels.opening(session, level)
        changes = level_change.of_level(session, level, _LATEST)
        put = [each.ledger_sequence for each in changes if each.state == ChangeState.APPROVED]
        put_at = granted.level_in_force_each(session, level, put)
        return render_template(
            "levels/page.html",
            level=level,
            plan=levels.plan_of(session, level),
            opened=opened,
            doors=granted.doors_of_areas(session, opened.areas),
            requested=[each for each in grants if each.state == GrantState.REQUESTED],
            held=[each for each in grants if each.state == GrantState.APPROVED],
            states=granted.in_force_each(session, grants),
            people=cardholders.by_ids(session, (each.cardholder_id for each in grants)),
            changes=[(each, put_at.get(each.ledger_sequence)) for each in changes],
            retired=granted.level_in_force(session, level, level.ledger_sequence) if level.retired_at else None,
            **_named(session, site),
        )


@blueprint.get("/<int:level_id>/in-force/<int:sequence>")
@guard.requires(Permission.SEE_PEOPLE)
def in_force(level_id: int, sequence: int) -> str:
    """The part of the page that says at how many doors a change is in force."""
    with centre().read() as session:
        level = forms.row(session, AccessLevel, level_id)
        state = granted.level_in_force(session, level, min(sequence, 2**62))
        return render_template("levels/in_force.html", level=level, sequence=sequence, state=state, tries=forms.tries())


@blueprint.get("/<int:level_id>/change")
@guard.requires(Permission.CHANGE_LEVELS)
def ask_change(level_id: int) -> str:
    with centre().read() as session:
        level = forms.row(session, AccessLevel, level_id)
        return _form(session, level, levels.plan_of(session, level))


@blueprint.post("/<int:level_id>/preview")
@guard.requires(Permission.CHANGE_LEVELS)
def look(level_id: int) -> str:
    with centre().trying() as session:
        level, site, moment = forms.row(session, AccessLevel, level_id), centre().site(session), now()
        before, plan = levels.plan_of(session, level), _plan(session, site)
        waits = level_change.waits(session, level, plan, moment)
        change = trial.leveling(guard.operator(), moment, level, plan)
        return _preview(session, level, change, before=before, plan=plan, waits=waits)


@blueprint.post("/<int:level_id>/change")
@guard.requires(Permission.CHANGE_LEVELS)
def change(level_id: int) -> Response:
    with centre().write() as session:
        level, plan = forms.row(session, AccessLevel, level_id), _plan(session, centre().site(session))
        by, why = guard.operator(), forms.text("reason")
        level_change.change(session, by, now(), level, plan, why, all_must_fit)
    return _back(level_id)


@blueprint.post("/<int:level_id>/retire/preview")
@guard.requires(Permission.CHANGE_LEVELS)
def look_at_end(level_id: int) -> str:
    with centre().trying() as session:
        level, moment = forms.row(session, AccessLevel, level_id), now()
        ended = len(permissions.of_level(session, level, moment))
        return _preview(session, level, trial.retiring(guard.operator(), moment, level), ended=ended)


@blueprint.post("/<int:level_id>/retire")
@guard.requires(Permission.CHANGE_LEVELS)
def retire(level_id: int) -> Response:
    with centre().write() as session:
        level = forms.row(session, AccessLevel, level_id)
        level_change.retire(session, guard.operator(), now(), level, forms.text("reason"))
    return _back(level_id)


@blueprint.get("/changes/<int:change_id>")
@guard.requires(Permission.SEE_PEOPLE)
def waiting(change_id: int) -> str:
    """A change as whoever decides it sees it: what it says, and who would gain and lose now."""
    with centre().trying() as session:
        asked = forms.row(session, AccessLevelChange, change_id)
        level = session.get_one(AccessLevel, asked.access_level_id)
        before = levels.plan_of(session, level)
        if asked.state != ChangeState.REQUESTED:
            return render_template("levels/decided.html", level=level, asked=asked)
        return _preview(session, level, trial.deciding(now(), asked), before=before, plan=asked.plan, asked=asked)


@blueprint.post("/changes/<int:change_id>/approve")
@guard.requires(Permission.DECIDE_ACCESS)
def approve(change_id: int) -> Response:
    return _back(approved_change(change_id, forms.text("note")).access_level_id)


@blueprint.post("/changes/<int:change_id>/decline")
@guard.requires(Permission.DECIDE_ACCESS)
def decline(change_id: int) -> Response:
    with centre().write() as session:
        asked = forms.row(session, AccessLevelChange, change_id)
        level_change.decline(session, guard.operator(), now(), asked, forms.text("note"))
    return _back(asked.access_level_id)


@blueprint.get("/<int:level_id>/request")
@guard.requires(Permission.REQUEST_ACCESS)
def ask(level_id: int) -> str:
    with centre().read() as session:
        opened = levels.opening(session, forms.row(session, AccessLevel, level_id))
        people = cardholders.of_site(session, centre().site(session), 0, _MOST_PEOPLE)
        return render_template(
            "levels/request.html",
            opened=opened,
            doors=granted.doors_of_areas(session, opened.areas),
            people=[each for each in people if each.active],
            chosen=forms.row_id("cardholder"),
            start=now(),
        )


@blueprint.post("/<int:level_id>/request")
@guard.requires(Permission.REQUEST_ACCESS)
def request_level(level_id: int) -> Response:
    with centre().write() as session:
        opened = levels.opening(session, forms.row(session, AccessLevel, level_id))
        holder = forms.row(session, Cardholder, forms.row_id("cardholder") or 0)
        begins, ends = forms.validity()
        wish = Wish(holder, opened, begins or now(), ends, forms.text("reason"))
        permissions.request(session, guard.operator(), now(), wish)
    return redirect(url_for("requests.listed"), 303)


def _form(session: Session, level: AccessLevel | None, plan: LevelPlan) -> str:
    site = centre().site(session)
    kept = {each for each in plan.rooms.values() if each is not None}
    hours = [each for each in schedules.of_site(session, site) if each.retired_at is None or each.id in kept]
    rooms = areas.guarded_of_site(session, site)
    return render_template("levels/form.html", level=level, plan=plan, rooms=rooms, hours=hours)


def _plan(session: Session, site: Site) -> LevelPlan:
    """What the form says: of each room nothing (not in the level), 0 (always) or a schedule."""
    told = {area.id: forms.row_id(f"room-{area.id}") for area in areas.guarded_of_site(session, site)}
    rooms = {area: schedule or None for area, schedule in told.items() if schedule is not None}
    return LevelPlan(forms.text("name", 120), forms.text("name_ja", 120), rooms)


def _preview(session: Session, level: AccessLevel, change: trial.Change, **told: Any) -> str:
    site = centre().site(session)
    was = set(levels.plan_of(session, level).rooms)
    concerned = granted.doors_of_areas(session, _rooms(session, site, was, told.get("plan")))
    found = preview(session, site, now(), change)
    return render_template(
        "levels/preview.html",
        level=level,
        touches=[(each, found.of(each)) for each in Touch],
        found=found,
        doors=len(concerned),
        **told,
        **_named(session, site),
    )


def _rooms(session: Session, site: Site, was: set[int], plan: LevelPlan | None) -> Sequence[areas.Area]:
    wanted = was | set(plan.rooms if plan is not None else ())
    return [each for each in areas.guarded_of_site(session, site) if each.id in wanted]


def _named(session: Session, site: Site) -> dict[str, Any]:
    """What pages need to call things by their names."""
    return {
        "areas": {each.id: each for each in areas.ever_of_site(session, site)},
        "schedules": {each.id: each for each in session.query(Schedule)},
        "operators": {each.id: each for each in session.query(Operator)},
    }


def _back(level_id: int) -> Response:
    return redirect(url_for("levels.page", level_id=level_id), 303)
