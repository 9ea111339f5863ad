"""The posture of the site: what stands, who ordered it, at how many doors it is in force; and ordering it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import ruled
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, level, maybe, takes, text, whole
from admin_web.api.paging import answered, limit
from admin_web.api.problems import Unprocessable
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.room_rules import HIGHEST_THREAT
from controller.delivery import distribution
from controller.delivery import posture as postures
from controller.delivery.posture import Act, Order, PostureChange
from controller.people.access import Permission
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.door import Door

ORDER = {
    "area": whole(),
    "door": whole(),
    "lockdown": maybe(),
    "evacuation": maybe(),
    "threat": level(HIGHEST_THREAT),
    "forgive": maybe(),
}
"""Where (nothing: the whole site), and exactly one of the acts."""


@blueprint.get(f"{V1}/posture")
@guard.requires(Permission.SEE_DOORS)
def get_posture() -> Response:
    """What stands in every area and at every door, and what ordered it."""
    with centre().read() as session:
        site = centre().site(session)
        stands = postures.standing(session, site)
        return jsonify(
            {
                "number": stands.number,
                "areas": {
                    area.key: ruled.posture(stands.of_area(area))
                    for area in areas.of_site(session, site)
                    if not area.open
                },
                "doors": {door.key: stands.of_door(door.id) for door in doors.of_site(session, site)},
                "orders": _changes(session, sorted(stands.orders.values(), key=lambda each: each.number)),
            }
        )


@blueprint.get(f"{V1}/posture/changes")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_posture_changes(asked: dict[str, Any]) -> Response:
    """Every change, the newest first: by whom, when, why, and at how many doors it is in force."""
    with centre().read() as session:
        before = asked["cursor"] or None
        found = postures.changes(session, centre().site(session), before, limit(asked) + 1)
        page = found[: limit(asked)]
        more = page[-1].number if len(found) > len(page) else None
        return answered(_changes(session, page), more)


@blueprint.post(f"{V1}/posture")
@guard.requires(Permission.SET_POSTURE)
@takes(**ORDER, reason=text(400, required=True))
def set_posture(given: dict[str, Any]) -> Response:
    """Order or end lockdown, evacuation or a threat level, or forgive presence; it overtakes every other change."""
    with centre().write() as session:
        site = centre().site(session)
        wanted = order(session, given)
        made = postures.change(session, guard.operator().actor, now(), site, wanted, given["reason"])
        return jsonify(_changes(session, [made])[0])


def order(session: Session, given: dict[str, Any]) -> Order:
    """What the members of ORDER ask for."""
    told = [act for act in Act if given[act] is not None]
    if len(told) != 1:
        raise Unprocessable({"": f"say exactly one of {', '.join(Act)}"})
    area, door = given["area"], given["door"]
    return Order(
        told[0],
        int(given[told[0]]),
        None if area is None else forms.row(session, Area, area),
        None if door is None else forms.row(session, Door, door),
    )


def _changes(session: Session, rows: Sequence[PostureChange]) -> list[dict[str, Any]]:
    concerned = postures.doors_of_each(session, centre().site(session), rows)
    states = distribution.in_force_of_each(session, {row.ledger_sequence: concerned[row.number] for row in rows})
    return [ruled.change(row, states[row.ledger_sequence]) for row in rows]
