"""Taking doors, rooms and agents out of service, bringing them back, and what it would mean before it is done."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api import ruled, shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import takes, truth, whole
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.api.rules import REASON, door_told
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import fleet, retirement
from controller.delivery.compiling import all_must_fit
from controller.people import levers
from controller.people.access import Permission
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import Door
from controller.record import retiring, retiring_agents, retiring_rooms


@blueprint.post(f"{V1}/preview/retire-door")
@guard.requires(Permission.SEE_PEOPLE)
@takes(door=whole(required=True))
def preview_retire_door(given: dict[str, Any]) -> Response:
    """What would become of a door's rooms, people and alarms if it were retired."""
    with centre().read() as session:
        row = forms.row(session, Door, given["door"])
        return jsonify(retirement.of_door(session, centre().site(session), now(), row).as_object())


@blueprint.post(f"{V1}/doors/<int:door_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(reason=REASON, empty=truth())
def retire_door(door_id: int, given: dict[str, Any]) -> Response:
    """Take a door out of service; empty: somebody looked, and nobody is where its exit was the last one."""
    with centre().write() as session:
        row = forms.row(session, Door, door_id)
        retiring.retire_door(session, guard.operator(), now(), row, given["reason"], empty=given["empty"])
        return jsonify(door_told(session, row))


@blueprint.post(f"{V1}/doors/<int:door_id>/restore")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(reason=REASON)
@may_wait
def restore_door(door_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Take a retired door into service again, as it was; what widens entry into a private room waits."""
    with centre().write() as session:
        row = forms.row(session, Door, door_id)
        return done_or_kept(session, levers.of_return(row), given["reason"], lambda: door_told(session, row))


@blueprint.post(f"{V1}/preview/retire-area")
@guard.requires(Permission.SEE_PEOPLE)
@takes(area=whole(required=True))
def preview_retire_area(given: dict[str, Any]) -> Response:
    """What would end with a room if it were retired, and what stands against it."""
    with centre().read() as session:
        row = forms.row(session, Area, given["area"])
        return jsonify(retiring_rooms.without_room(session, row, now()).as_object())


@blueprint.post(f"{V1}/areas/<int:area_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(reason=REASON, empty=truth())
def retire_area(area_id: int, given: dict[str, Any]) -> Response:
    """Take a room without doors out of service; what opened it ends. empty: somebody looked, and nobody is inside."""
    with centre().write() as session:
        row, empty = forms.row(session, Area, area_id), given["empty"]
        retiring_rooms.retire_room(session, guard.operator(), now(), row, given["reason"], all_must_fit, empty=empty)
        return jsonify(ruled.area(row))


@blueprint.post(f"{V1}/areas/<int:area_id>/restore")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(reason=REASON)
def restore_area(area_id: int, given: dict[str, Any]) -> Response:
    """Take a retired room into service again; permissions that ended stay ended."""
    with centre().write() as session:
        row = forms.row(session, Area, area_id)
        retiring_rooms.restore_room(session, guard.operator(), now(), row, given["reason"])
        return jsonify(ruled.area(row))


@blueprint.post(f"{V1}/preview/retire-agent")
@guard.requires(Permission.SEE_DOORS)
@takes(agent=whole(required=True))
def preview_retire_agent(given: dict[str, Any]) -> Response:
    """What stands against retiring an agent, and the alarms that would be closed."""
    with centre().read() as session:
        return jsonify(retiring_agents.without_agent(session, forms.row(session, Agent, given["agent"])).as_object())


@blueprint.post(f"{V1}/agents/<int:agent_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(reason=REASON)
def retire_agent(agent_id: int, given: dict[str, Any]) -> Response:
    """Believe an agent without doors no more; what it recorded stays provable."""
    with centre().write() as session:
        row = forms.row(session, Agent, agent_id)
        retiring_agents.retire_agent(session, guard.operator(), now(), row, given["reason"])
        return jsonify(shapes.agent(fleet.one_of(session, centre().site(session), now(), row)))
