"""Moving a door to another agent, and stating that the former one is disconnected."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import takes, truth, whole
from admin_web.api.rules import REASON, door_told
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import moving
from controller.people.access import Permission
from controller.premises.agent import Agent
from controller.premises.door import Door


@blueprint.post(f"{V1}/doors/<int:door_id>/move")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(agent=whole(required=True), reason=REASON, disconnected=truth())
def move_door(door_id: int, given: dict[str, Any]) -> Response:
    """Give a door to another agent; disconnected: the former one cannot reach its lock any more."""
    with centre().write() as session:
        door, to = forms.row(session, Door, door_id), forms.row(session, Agent, given["agent"])
        actor, cut = guard.operator().actor, given["disconnected"]
        moving.begin(session, actor, now(), door, to, given["reason"], disconnected=cut)
        return jsonify(door_told(session, door))


@blueprint.post(f"{V1}/doors/<int:door_id>/let-go")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(reason=REASON)
def let_door_go(door_id: int, given: dict[str, Any]) -> Response:
    """State that the former agent of a door that waits is disconnected from its lock."""
    with centre().write() as session:
        door = forms.row(session, Door, door_id)
        moving.let_go(session, guard.operator().actor, now(), door, given["reason"])
        return jsonify(door_told(session, door))
