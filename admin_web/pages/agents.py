"""Agents, the computers at the doors: how each stands, which list it carries, what it is known by; and retiring one."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import fleet
from controller.people.access import Permission
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.record import enquiry, retiring_agents

blueprint = Blueprint("agents", __name__, url_prefix="/agents")
_ENDING = timedelta(days=60)
"""How long before its end a certificate is marked: an agent is enrolled anew by hand, at its place."""
_AGENTS = 50
"""Of one page."""


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def listed() -> str:
    with centre().read() as session:
        every, after = fleet.all_of(session, centre().site(session), now()), forms.number("after") or 0
        return render_template(
            "agents/list.html",
            agents=every[after : after + _AGENTS],
            more=url_for("agents.listed", after=after + _AGENTS) if len(every) > after + _AGENTS else "",
            now=now(),
            ending=now() + _ENDING,
        )


@blueprint.get("/<int:agent_id>")
@guard.requires(Permission.SEE_DOORS)
def page(agent_id: int) -> str:
    with centre().read() as session:
        found = fleet.one_of(session, centre().site(session), now(), forms.row(session, Agent, agent_id))
        return render_template(
            "agents/page.html",
            found=found,
            points=doors.access_points_of_each(session, [door.id for door, _ in found.doors]),
            readers=enquiry.readers(session, [agent_id]),
            now=now(),
            ending=now() + _ENDING,
        )


@blueprint.get("/<int:agent_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
def look_at_retiring(agent_id: int) -> str:
    with centre().read() as session:
        row = forms.row(session, Agent, agent_id)
        found = fleet.one_of(session, centre().site(session), now(), row)
        return render_template("agents/retire.html", found=found, ends=retiring_agents.without_agent(session, row))


@blueprint.post("/<int:agent_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
def retire(agent_id: int) -> Response:
    with centre().write() as session:
        row, reason = forms.row(session, Agent, agent_id), forms.text("reason")
        retiring_agents.retire_agent(session, guard.operator(), now(), row, reason)
    return redirect(url_for("agents.page", agent_id=agent_id), 303)
