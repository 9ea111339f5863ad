"""Areas, doors, access points and agents, as they are set up and ruled."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api import ruled, shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks
from admin_web.api.paging import cut, listed, sliced
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import fleet, overview
from controller.delivery import posture as postures
from controller.people import first_steps
from controller.people.access import Permission
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.door import Door


@blueprint.get(f"{V1}/areas")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_areas(asked: dict[str, Any]) -> Response:
    """Rooms, and what is outside."""
    with centre().read() as session:
        return sliced(areas.of_site(session, centre().site(session)), asked, ruled.area)


@blueprint.get(f"{V1}/doors")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_doors(asked: dict[str, Any]) -> Response:
    """Doors with their access points, and how each stands now."""
    with centre().read() as session:
        site = centre().site(session)
        found = cut(doors.of_site(session, site), asked)
        points = doors.access_points_of_each(session, [door.id for door in found])
        stands, standing = postures.standing(session, site), overview.doors(session, site, now())

        def written(row: Door) -> dict[str, Any]:
            return ruled.door(row, points.get(row.id, ()), stands, standing.get(row.id))

        return listed(found, asked, written)


@blueprint.get(f"{V1}/access-points")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_access_points(asked: dict[str, Any]) -> Response:
    """One direction through one door each."""
    with centre().read() as session:
        return sliced(doors.points_of_site(session, centre().site(session)), asked, ruled.access_point)


@blueprint.get(f"{V1}/agents")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_agents(asked: dict[str, Any]) -> Response:
    """Agents: whether they are heard, which list they carry, what they told last, and what they are known by."""
    with centre().read() as session:
        found = fleet.all_of(session, centre().site(session), now())
        return sliced(found, asked, shapes.agent)


@blueprint.get(f"{V1}/agents/<int:agent_id>")
@guard.requires(Permission.SEE_DOORS)
def get_agent(agent_id: int) -> Response:
    """One agent."""
    with centre().read() as session:
        row = forms.row(session, Agent, agent_id)
        return jsonify(shapes.agent(fleet.one_of(session, centre().site(session), now(), row)))


@blueprint.get(f"{V1}/first-steps")
@guard.requires(Permission.SEE_DOORS)
def get_first_steps() -> Response:
    """How far an empty house has come: room, door, card, grant."""
    with centre().read() as session:
        way = first_steps.of_site(session, centre().site(session))
    return jsonify(steps=[{"step": step, "done": done} for step, done in way.done.items()], next=way.next)
