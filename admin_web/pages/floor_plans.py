"""Floor plans: added, named, drawn anew, removed and put back; and where on them doors and rooms are.

The law: everything works by typing and by clicking the picture; scripts only fill in the same form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from admin_web import act_words, guard, pictures, shown
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.plan_drawing import Drawing
from controller.people.access import Permission
from controller.people.operator import Operator
from controller.picture import redrawn
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import floor_plan, plan_changes
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.floor_plan import FloorPlan, Of, Spot, Thing
from controller.premises.plan_changes import PlanChange
from controller.premises.site import Site
from controller.refusal import Refused

blueprint = Blueprint("floor_plans", __name__, url_prefix="/plans")
_LATEST = 5


@dataclass(frozen=True, slots=True)
class Placed:
    """A door or room with the place of its mark, on whichever plan; name: of its field in the form."""

    thing: Thing
    row: Door | Area
    spot: Spot | None

    @property
    def name(self) -> str:
        return f"{self.thing.of}-{self.thing.id}"


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def listed() -> str:
    with centre().read() as session:
        site = centre().site(session)
        placed = _placed(session, site)
        plans = floor_plan.of_site(session, site)
        return render_template(
            "floor_plans/list.html",
            plans=[(plan, Drawing.of(plan), sum(_is_on(plan, each) for each in placed)) for plan in plans],
            unplaced=[each for each in placed if each.spot is None and each.thing.of is Of.DOOR],
            removed=floor_plan.removed(session, site),
        )


@blueprint.post("")
@guard.requires(Permission.CHANGE_PLANS)
@guard.takes_up_to(pictures.LONGEST_FORM)
def add() -> BaseResponse:
    names, drawn = _names(), redrawn(pictures.sent(), floor_plan.SIDE)
    with centre().write() as session:
        site = centre().site(session)
        made = floor_plan.make(session, guard.operator().actor, now(), site, names, drawn)
    return redirect(url_for("floor_plans.page", plan_id=made.id), 303)


@blueprint.get("/<int:plan_id>")
@guard.requires(Permission.CHANGE_PLANS)
def page(plan_id: int) -> str:
    with centre().read() as session:
        plan = standing(session, plan_id)
        placed = _placed(session, centre().site(session))
        here = [each for each in placed if each.spot is None or _is_on(plan, each)]
        names = {each.thing: shown.named(each.row) for each in placed}
        plans = {each.id: each for each in session.query(FloorPlan)}
        changes = plan_changes.latest(session, plan, _LATEST)
        return render_template(
            "floor_plans/page.html",
            plan=plan,
            drawing=Drawing.of(plan),
            places=here,
            elsewhere=[(each, plans[each.spot.plan]) for each in placed if each.spot and not _is_on(plan, each)],
            chosen=next((each.name for each in here if each.spot is None), None),
            changes=[(each, act_words.ACTS[each.kind], _told(plan, names, plans, each)) for each in changes],
            operators={each.id: each for each in session.query(Operator)},
        )


@blueprint.get("/<int:plan_id>/picture")
@guard.requires(Permission.SEE_DOORS)
def picture(plan_id: int) -> Response:
    with centre().read() as session:
        return pictures.served(standing(session, plan_id).picture)


@blueprint.post("/<int:plan_id>/places")
@guard.requires(Permission.CHANGE_PLANS)
def place(plan_id: int) -> BaseResponse:
    """What was typed, and where the picture was clicked for the thing that was chosen."""
    with centre().write() as session:
        plan = standing(session, plan_id)
        every = {each.name: each.thing for each in _placed(session, centre().site(session))}
        wanted = {thing: _typed(name) for name, thing in every.items() if _is_asked(name)}
        left, top = forms.number("at.x"), forms.number("at.y")
        if left is not None and top is not None:
            chosen = every.get(forms.text("mark", 40))
            if chosen is None:
                raise Refused("plan-nothing-chosen")
            wanted[chosen] = Drawing.of(plan).place(left, top)
        floor_plan.place(session, guard.operator().actor, now(), plan, wanted)
    return redirect(url_for("floor_plans.page", plan_id=plan_id), 303)


@blueprint.post("/<int:plan_id>/undo")
@guard.requires(Permission.CHANGE_PLANS)
def undo(plan_id: int) -> BaseResponse:
    with centre().write() as session:
        plan = standing(session, plan_id)
        found = plan_changes.one(session, plan, min(forms.number("sequence") or 0, 2**62))
        if found is None:
            abort(404)
        floor_plan.undo(session, guard.operator().actor, now(), plan, found.moves)
    return redirect(url_for("floor_plans.page", plan_id=plan_id), 303)


@blueprint.post("/<int:plan_id>/name")
@guard.requires(Permission.CHANGE_PLANS)
def rename(plan_id: int) -> BaseResponse:
    with centre().write() as session:
        plan = standing(session, plan_id)
        floor_plan.change(session, guard.operator().actor, now(), plan, names=_names())
    return redirect(url_for("floor_plans.page", plan_id=plan_id), 303)


@blueprint.post("/<int:plan_id>/picture")
@guard.requires(Permission.CHANGE_PLANS)
@guard.takes_up_to(pictures.LONGEST_FORM)
def redraw(plan_id: int) -> BaseResponse:
    drawn = redrawn(pictures.sent(), floor_plan.SIDE)
    with centre().write() as session:
        plan = standing(session, plan_id)
        floor_plan.change(session, guard.operator().actor, now(), plan, picture=drawn)
    return redirect(url_for("floor_plans.page", plan_id=plan_id), 303)


@blueprint.post("/<int:plan_id>/remove")
@guard.requires(Permission.CHANGE_PLANS)
def remove(plan_id: int) -> BaseResponse:
    with centre().write() as session:
        floor_plan.remove(session, guard.operator().actor, now(), standing(session, plan_id))
    return redirect(url_for("floor_plans.listed"), 303)


@blueprint.post("/<int:plan_id>/restore")
@guard.requires(Permission.CHANGE_PLANS)
def restore(plan_id: int) -> BaseResponse:
    with centre().write() as session:
        plan = forms.row(session, FloorPlan, plan_id)
        floor_plan.restore(session, guard.operator().actor, now(), plan)
    return redirect(url_for("floor_plans.page", plan_id=plan_id), 303)


def standing(session: Session, plan_id: int) -> FloorPlan:
    """The plan of this id that is shown; 404 when there is none."""
    found = forms.row(session, FloorPlan, plan_id)
    if found.removed_at is not None:
        abort(404)
    return found


def _names() -> tuple[str, str]:
    return forms.text("name", 120), forms.text("name_ja", 120)


def _placed(session: Session, site: Site) -> Sequence[Placed]:
    """Every door and every room of the site."""
    spots = {mark.thing: mark.spot for mark in floor_plan.marks(session, site)}
    rows: list[tuple[Thing, Door | Area]] = [(Thing(Of.DOOR, row.id), row) for row in doors.of_site(session, site)]
    rows += [(Thing(Of.AREA, row.id), row) for row in areas.of_site(session, site) if not row.open]
    return [Placed(thing, row, spots.get(thing)) for thing, row in rows]


def _is_on(plan: FloorPlan, placed: Placed) -> bool:
    return placed.spot is not None and placed.spot.plan == plan.id


def _is_asked(name: str) -> bool:
    return forms.is_sent(f"x-{name}") or forms.is_sent(f"y-{name}")


def _typed(name: str) -> tuple[int, int] | None:
    """Both numbers, or none of them: not on this plan. Refused plan-place-wrong when one is missing."""
    left, top = forms.number(f"x-{name}"), forms.number(f"y-{name}")
    if left is None and top is None:
        return None
    if left is None or top is None:
        raise Refused("plan-place-wrong")
    return left, top


def _told(
    plan: FloorPlan, names: Mapping[Thing, str], plans: Mapping[int, FloorPlan], change: PlanChange
) -> list[tuple[str, str, str]]:
    """What each move was of, from where, to where."""

    def at(spot: Spot | None) -> str:
        if spot is None:
            return str(gettext("on no plan"))
        if spot.plan != plan.id:
            return str(gettext("on %(plan)s", plan=shown.named(plans.get(spot.plan))))
        return f"{spot.x} · {spot.y}"

    return [(names.get(thing, "?"), at(move.before), at(move.after)) for thing, move in change.moves.items()]
