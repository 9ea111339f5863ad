"""What watches the service: health, readiness, metrics, and the OpenAPI document. Nothing here names anybody."""

from __future__ import annotations

from flask import Response, current_app, jsonify

from admin_web import guard, turned_away
from admin_web.api import openapi
from admin_web.api.blueprint import blueprint
from admin_web.centre import centre, now
from admin_web.streams import seats
from controller.ledger import ledger
from controller.premises import agent as agents
from controller.record import alarm


@blueprint.get("/api/openapi.json")
@guard.public
def document() -> Response:
    """This document."""
    return jsonify(openapi.described(current_app))


@blueprint.get("/healthz")
@guard.public
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@guard.public
def readyz() -> Response:
    """The database answers and the site is founded; otherwise 503 says which of the two is missing."""
    with centre().read() as session:
        centre().site(session)
    return jsonify(status="ready")


@blueprint.get("/metrics")
@guard.public
def metrics() -> Response:
    """Numbers for Prometheus."""
    with centre().read() as session:
        at, found = now(), agents.of_site(session, centre().site(session))
        values = {
            "sekisho_ledger_rows": ("Rows of the ledger", ledger.head(session)),
            "sekisho_alarms_waiting": ("Alarms that nobody has acknowledged", alarm.count(session)),
            "sekisho_agents": ("Agents of the site", len(found)),
            "sekisho_agents_connected": ("Agents heard from lately", sum(row.heard(at) for row in found)),
            "sekisho_viewers": ("Live streams now", seats().taken),
            "sekisho_viewers_most": ("Live streams at most", seats().count),
            "sekisho_turned_away": ("Requests refused since the start that are in no row", turned_away.total()),
        }
    lines = [f"# HELP {name} {says}\n# TYPE {name} gauge\n{name} {value}\n" for name, (says, value) in values.items()]
    return Response("".join(lines), content_type="text/plain; version=0.0.4; charset=utf-8")
