"""Floor plans: their pictures, and where on them doors and rooms are."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, abort, jsonify
from sqlalchemy.orm import Session

from admin_web import guard, pictures
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import LARGEST_ID, PAGE, asks, base64, rows, takes, text, whole
from admin_web.api.paging import cut, listed
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.pages.floor_plans import standing
from controller.people.access import Permission
from controller.picture import redrawn
from controller.premises import floor_plan, plan_changes
from controller.premises.floor_plan import FAR, FloorPlan, Of, Thing

_ID: Final = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
_PART: Final = {"type": ["integer", "null"], "minimum": 0, "maximum": FAR}
_MARK: Final = {
    "type": "object",
    "properties": {"door": _ID, "area": _ID, "x": _PART, "y": _PART},
    "required": ["x", "y"],
    "additionalProperties": False,
}


def _marks(given: list[Any]) -> dict[Thing, tuple[int, int] | None]:
    return dict(_mark(each) for each in given)


def _mark(given: Any) -> tuple[Thing, tuple[int, int] | None]:
    """One mark of a body, or ValueError."""
    if not isinstance(given, dict) or not given.keys() <= {*Of, "x", "y"} or len(given.keys() & set(Of)) != 1:
        raise ValueError("holds marks of either a door or an area, with x and y")
    of = next(each for each in Of if each in given)
    if not _is_whole(given[of], 1, LARGEST_ID):
        raise ValueError("names doors and areas by their ids")
    at = given.get("x"), given.get("y")
    if at == (None, None) and {"x", "y"} <= given.keys():
        return Thing(of, given[of]), None
    if not all(_is_whole(each, 0, FAR) for each in at):
        raise ValueError(f"has places of two whole numbers from 0 to {FAR}, or of two nulls")
    return Thing(of, given[of]), (given["x"], given["y"])


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


@blueprint.get(f"{V1}/floor-plans")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_floor_plans(asked: dict[str, Any]) -> Response:
    """Plans that are shown, with what stands on them."""
    with centre().read() as session:
        found = cut(floor_plan.of_site(session, centre().site(session)), asked)
        marks = floor_plan.marks_of_each(session, [each.id for each in found])
        return listed(found, asked, lambda row: shapes.floor_plan(row, marks.get(row.id, ())))


@blueprint.post(f"{V1}/floor-plans")
@guard.requires(Permission.CHANGE_PLANS)
@guard.takes_up_to(pictures.LONGEST_BODY)
@takes(name=text(120, required=True), name_ja=text(120), picture=base64(required=True))
def add_floor_plan(given: dict[str, Any]) -> tuple[Response, int]:
    """A new plan; its picture is drawn anew."""
    drawn = redrawn(given["picture"], floor_plan.SIDE)
    with centre().write() as session:
        names, site = (given["name"], given["name_ja"]), centre().site(session)
        made = floor_plan.make(session, guard.operator().actor, now(), site, names, drawn)
        return jsonify(_shown(session, made)), 201


@blueprint.get(f"{V1}/floor-plans/<int:plan_id>")
@guard.requires(Permission.SEE_DOORS)
def get_floor_plan(plan_id: int) -> Response:
    """One plan, with what stands on it."""
    with centre().read() as session:
        return jsonify(_shown(session, standing(session, plan_id)))


@blueprint.get(f"{V1}/floor-plans/<int:plan_id>/picture")
@guard.requires(Permission.SEE_DOORS)
def get_floor_plan_picture(plan_id: int) -> Response:
    """The picture of a plan."""
    with centre().read() as session:
        return pictures.served(standing(session, plan_id).picture)


@blueprint.post(f"{V1}/floor-plans/<int:plan_id>/change")
@guard.requires(Permission.CHANGE_PLANS)
@guard.takes_up_to(pictures.LONGEST_BODY)
@takes(name=text(120), name_ja=text(120), picture=base64())
def change_floor_plan(plan_id: int, given: dict[str, Any]) -> Response:
    """Another name, another picture, or both; what stands on it stays where it is."""
    drawn = redrawn(given["picture"], floor_plan.SIDE) if given["picture"] is not None else None
    with centre().write() as session:
        plan = standing(session, plan_id)
        names = (given["name"], given["name_ja"]) if given["name"] else None
        floor_plan.change(session, guard.operator().actor, now(), plan, names, drawn)
        return jsonify(_shown(session, plan))


@blueprint.post(f"{V1}/floor-plans/<int:plan_id>/place")
@guard.requires(Permission.CHANGE_PLANS)
@takes(marks=rows(_MARK, _marks))
def place_on_floor_plan(plan_id: int, given: dict[str, Any]) -> Response:
    """Put doors and areas on the plan, or take them off it (x and y null); the answer's `sequence` undoes it."""
    with centre().write() as session:
        plan = standing(session, plan_id)
        sequence = floor_plan.place(session, guard.operator().actor, now(), plan, given["marks"])
        return jsonify({**_shown(session, plan), "sequence": sequence})


@blueprint.post(f"{V1}/floor-plans/<int:plan_id>/undo")
@guard.requires(Permission.CHANGE_PLANS)
@takes(sequence=whole(required=True))
def undo_on_floor_plan(plan_id: int, given: dict[str, Any]) -> Response:
    """Put back what one change moved, unless it was moved again since."""
    with centre().write() as session:
        plan = standing(session, plan_id)
        found = plan_changes.one(session, plan, min(given["sequence"], 2**62))
        if found is None:
            abort(404)
        sequence = floor_plan.undo(session, guard.operator().actor, now(), plan, found.moves)
        return jsonify({**_shown(session, plan), "sequence": sequence})


@blueprint.post(f"{V1}/floor-plans/<int:plan_id>/remove")
@guard.requires(Permission.CHANGE_PLANS)
@takes()
def remove_floor_plan(plan_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Show the plan nowhere any more."""
    with centre().write() as session:
        plan = standing(session, plan_id)
        floor_plan.remove(session, guard.operator().actor, now(), plan)
        return jsonify(_shown(session, plan))


@blueprint.post(f"{V1}/floor-plans/<int:plan_id>/restore")
@guard.requires(Permission.CHANGE_PLANS)
@takes()
def restore_floor_plan(plan_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Show a removed plan again, with what still stands on it."""
    with centre().write() as session:
        plan = forms.row(session, FloorPlan, plan_id)
        floor_plan.restore(session, guard.operator().actor, now(), plan)
        return jsonify(_shown(session, plan))


def _shown(session: Session, plan: FloorPlan) -> dict[str, Any]:
    return shapes.floor_plan(plan, floor_plan.marks_of(session, plan))
