"""The routes of version 1, and what watches the service: health, readiness, metrics, the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, current_app, jsonify, request
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from admin_web import guard, streams
from admin_web.api import openapi, shapes
from admin_web.api.problems import problem
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.pages.live import heard
from contract.credential import Identity, Source
from contract.fact import FactKind
from controller.delivery import distribution
from controller.delivery.compiling import card_must_fit, must_fit
from controller.ledger import ledger
from controller.people import cardholder as cardholders
from controller.people import credential as credentials
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, State
from controller.people.permission import Grant, Wish
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.record import alarm, enquiry, occupancy
from controller.record.enquiry import LogFilter
from controller.record.fact import FactRow
from controller.refusal import Refused

blueprint = Blueprint("api", __name__)
T = TypeVar("T")
_V1 = "/api/v1"
_MOST = 200


@blueprint.get(f"{_V1}/cardholders")
@guard.requires(Permission.SEE_PEOPLE)
def list_cardholders() -> Response:
    with centre().read() as session:
        wanted = request.args.get("q", "")[:100]
        found = cardholders.find(session, centre().site(session), wanted, _cursor(), _limit() + 1)
        return _listed(found, shapes.cardholder, lambda row: row.id)


@blueprint.post(f"{_V1}/cardholders")
@guard.requires(Permission.CHANGE_PEOPLE)
def add_cardholder() -> tuple[Response, int]:
    given = _given(name=str, number=str)
    with centre().write() as session:
        site = centre().site(session)
        kana = str(_body().get("name_kana", ""))
        made = cardholders.enrol(session, _actor(), now(), site, given["name"], given["number"], kana)
        return jsonify(shapes.cardholder(made)), 201


@blueprint.get(f"{_V1}/cardholders/<int:cardholder_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_cardholder(cardholder_id: int) -> Response:
    with centre().read() as session:
        return jsonify(shapes.cardholder(forms.row(session, Cardholder, cardholder_id)))


@blueprint.post(f"{_V1}/cardholders/<int:cardholder_id>/end")
@guard.requires(Permission.CHANGE_PEOPLE)
def end_cardholder(cardholder_id: int) -> Response:
    given = _given(reason=str)
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        cardholders.deactivate(session, _actor(), now(), holder, given["reason"])
        return jsonify(shapes.cardholder(holder))


@blueprint.get(f"{_V1}/credentials")
@guard.requires(Permission.SEE_PEOPLE)
def list_credentials() -> Response:
    with centre().read() as session:
        statement = select(Credential).where(Credential.id > _cursor()).order_by(Credential.id)
        holder = forms.number("cardholder")
        if holder is not None:
            statement = statement.where(Credential.cardholder_id == holder)
        found = session.scalars(statement.limit(_limit() + 1)).all()
        return _listed(found, lambda row: _credential(session, row), lambda row: row.id)


@blueprint.post(f"{_V1}/credentials")
@guard.requires(Permission.CHANGE_PEOPLE)
def issue_credential() -> tuple[Response, int]:
    given = _given(cardholder=int, identities=list)
    with centre().write() as session:
        holder = forms.row(session, Cardholder, given["cardholder"])
        label = str(_body().get("label", ""))
        identities = _identities(given["identities"])
        made = credentials.issue(session, _actor(), now(), holder, label, identities, card_must_fit)
        return jsonify(_credential(session, made)), 201


@blueprint.post(f"{_V1}/credentials/<int:credential_id>/lost")
@guard.requires(Permission.CHANGE_PEOPLE)
def lose_credential(credential_id: int) -> Response:
    given = _given(reason=str)
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        credentials.end(session, _actor(), now(), card, State.LOST, given["reason"])
        return jsonify(_credential(session, card))


@blueprint.post(f"{_V1}/credentials/<int:credential_id>/restore")
@guard.requires(Permission.CHANGE_PEOPLE)
def restore_credential(credential_id: int) -> Response:
    given = _given(reason=str)
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        credentials.restore(session, _actor(), now(), card, given["reason"], card_must_fit)
        return jsonify(_credential(session, card))


@blueprint.get(f"{_V1}/areas")
@guard.requires(Permission.SEE_DOORS)
def list_areas() -> Response:
    with centre().read() as session:
        found = sorted(areas.of_site(session, centre().site(session)), key=lambda row: row.id)
        return _listed(_slice(found), shapes.area, lambda row: row.id)


@blueprint.get(f"{_V1}/doors")
@guard.requires(Permission.SEE_DOORS)
def list_doors() -> Response:
    with centre().read() as session:
        found = sorted(doors.of_site(session, centre().site(session)), key=lambda row: row.id)
        return _listed(
            _slice(found), lambda row: shapes.door(row, doors.access_points(session, row)), lambda row: row.id
        )


@blueprint.get(f"{_V1}/agents")
@guard.requires(Permission.SEE_DOORS)
def list_agents() -> Response:
    with centre().read() as session:
        found = sorted(agents.of_site(session, centre().site(session)), key=lambda row: row.id)
        at = now()
        return _listed(_slice(found), lambda row: shapes.agent(row, connected=heard(row, at)), lambda row: row.id)


@blueprint.get(f"{_V1}/grants")
@guard.requires(Permission.SEE_PEOPLE)
def list_grants() -> Response:
    with centre().read() as session:
        statement = select(Grant).where(Grant.id > _cursor()).order_by(Grant.id)
        for name, column in (("cardholder", Grant.cardholder_id), ("area", Grant.area_id)):
            wanted = forms.number(name)
            if wanted is not None:
                statement = statement.where(column == wanted)
        if request.args.get("state"):
            statement = statement.where(Grant.state == request.args["state"])
        return _listed(session.scalars(statement.limit(_limit() + 1)).all(), shapes.grant, lambda row: row.id)


@blueprint.post(f"{_V1}/grants")
@guard.requires(Permission.REQUEST_ACCESS)
def request_grant() -> tuple[Response, int]:
    given = _given(cardholder=int, area=int, reason=str)
    schedule = _body().get("schedule")
    with centre().write() as session:
        wish = Wish(
            forms.row(session, Cardholder, given["cardholder"]),
            forms.row(session, Area, given["area"]),
            _moment("valid_from") or now(),
            _moment("valid_until"),
            given["reason"],
            forms.row(session, Schedule, schedule) if isinstance(schedule, int) else None,
        )
        return jsonify(shapes.grant(permissions.request(session, guard.operator(), now(), wish))), 201


@blueprint.get(f"{_V1}/grants/<int:grant_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_grant(grant_id: int) -> Response:
    """One grant, and at how many doors its last change is in force."""
    with centre().read() as session:
        row = forms.row(session, Grant, grant_id)
        area = session.get(Area, row.area_id) if row.area_id else None
        state = distribution.in_force(session, area, row.ledger_sequence) if area else None
        shown: dict[str, Any] = {**shapes.grant(row), "in_force": None}
        if state is not None:
            after = state.after.total_seconds() if state.after is not None else None
            shown["in_force"] = {"doors": state.doors, "concerned": state.concerned, "after_s": after}
        return jsonify(shown)


@blueprint.post(f"{_V1}/grants/<int:grant_id>/approve")
@guard.requires(Permission.DECIDE_ACCESS)
def approve_grant(grant_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, Grant, grant_id)
        note = str(_body().get("note", ""))
        permissions.approve(session, guard.operator(), now(), row, must_fit, note)
        return jsonify(shapes.grant(row))


@blueprint.post(f"{_V1}/grants/<int:grant_id>/decline")
@guard.requires(Permission.DECIDE_ACCESS)
def decline_grant(grant_id: int) -> Response:
    given = _given(note=str)
    with centre().write() as session:
        row = forms.row(session, Grant, grant_id)
        permissions.decline(session, guard.operator(), now(), row, given["note"])
        return jsonify(shapes.grant(row))


@blueprint.post(f"{_V1}/grants/<int:grant_id>/revoke")
@guard.requires(Permission.REVOKE_ACCESS)
def revoke_grant(grant_id: int) -> Response:
    given = _given(reason=str)
    with centre().write() as session:
        row = forms.row(session, Grant, grant_id)
        permissions.revoke(session, guard.operator(), now(), row, given["reason"])
        return jsonify(shapes.grant(row))


@blueprint.get(f"{_V1}/events")
@guard.requires(Permission.SEE_LOG)
def list_events() -> Response:
    """Facts, the newest first; `cursor` goes back in time."""
    kinds = tuple(each for each in request.args.getlist("kind") if each in set(FactKind))
    wanted = LogFilter(
        area=forms.number("area"),
        door=forms.number("door"),
        cardholder=forms.number("cardholder"),
        outcome=request.args.get("outcome") or None,
        kinds=kinds,
        since=_moment("since"),
        until=_moment("until"),
    )
    with centre().read() as session:
        page = enquiry.log(session, wanted, forms.number("cursor"), _limit())
        return jsonify(items=[shapes.event(row) for row in page.rows], next=_text(page.older))


@blueprint.get(f"{_V1}/events/<int:event_id>")
@guard.requires(Permission.SEE_LOG)
def get_event(event_id: int) -> Response:
    with centre().read() as session:
        row = enquiry.one(session, min(event_id, 2**62))
        if row is None:
            abort(404)
        return jsonify(shapes.event(row))


@blueprint.get(f"{_V1}/events/stream")
@guard.requires(Permission.SEE_LOG)
def stream_events() -> Response:
    """Server-sent events; resumes after `Last-Event-ID`."""
    answer = streams.respond(shapes.event)
    if answer is None:
        abort(503)
    return answer


@blueprint.get(f"{_V1}/occupancy")
@guard.requires(Permission.SEE_PEOPLE)
def list_occupancy() -> Response:
    with centre().read() as session:
        uncertain = occupancy.uncertain(session)
        found = sorted(areas.of_site(session, centre().site(session)), key=lambda row: row.id)
        return _listed(
            _slice([row for row in found if not row.open]),
            lambda row: {
                "area": row.id,
                "key": row.key,
                "certain": row.id not in uncertain,
                "inside": [shapes.inside(each) for each in occupancy.inside(session, row)],
            },
            lambda row: row.id,
        )


@blueprint.get("/api/openapi.json")
@guard.public
def document() -> Response:
    return jsonify(openapi.described(current_app))


@blueprint.get("/healthz")
@guard.public
def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
@guard.public
def readyz() -> Response:
    """Ready when the database answers and the site is founded."""
    with centre().read() as session:
        session.execute(text("SELECT 1"))
        try:
            centre().site(session)
        except LookupError:
            return problem(503, "not-ready", "The controller has not founded the site yet")  # type: ignore[return-value]
    return jsonify(status="ready")


@blueprint.get("/metrics")
@guard.public
def metrics() -> Response:
    """Numbers only, for Prometheus: nothing that names a person or a card."""
    with centre().read() as session:
        at = now()
        found = agents.of_site(session, centre().site(session))
        values = {
            "sekisho_ledger_rows": ledger.head(session),
            "sekisho_facts": session.scalar(select(func.count()).select_from(FactRow)) or 0,
            "sekisho_alarms_waiting": alarm.count(session),
            "sekisho_agents": len(found),
            "sekisho_agents_connected": sum(heard(row, at) for row in found),
        }
    lines = [f"# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items()]
    return Response("".join(lines), mimetype="text/plain; version=0.0.4")


def _actor() -> str:
    return guard.operator().actor


def _body() -> dict[str, Any]:
    found = request.get_json(silent=True)
    return found if isinstance(found, dict) else {}


def _given(**wanted: type) -> dict[str, Any]:
    """The named members of the JSON body, each of its type; 400 otherwise."""
    found = _body()
    for name, kind in wanted.items():
        if not isinstance(found.get(name), kind) or isinstance(found[name], bool):
            abort(400)
    return {name: found[name] for name in wanted}


def _identities(given: list[Any]) -> list[Identity]:
    try:
        return [Identity(Source(each["source"]), each["bits"]) for each in given]
    except (ValueError, TypeError, KeyError, AttributeError) as flaw:
        raise Refused("identity-missing") from flaw


def _credential(session: Session, row: Credential) -> dict[str, Any]:
    return shapes.credential(row, credentials.identities_of(session, row))


def _moment(name: str) -> datetime | None:
    found = _body().get(name) if request.method == "POST" else request.args.get(name)
    if not found:
        return None
    try:
        moment = datetime.fromisoformat(str(found).strip())
        return None if moment.tzinfo is None or moment - now() > timedelta(days=36500) else moment
    except (ValueError, OverflowError):
        abort(400)


def _cursor() -> int:
    return forms.number("cursor") or 0


def _limit() -> int:
    return max(1, min(forms.number("limit") or 50, _MOST))


def _slice(rows: Sequence[T]) -> Sequence[T]:
    """The page of a short, complete list that the cursor (an id) asks for, and one more."""
    after = _cursor()
    return [row for row in rows if row.id > after][: _limit() + 1]  # type: ignore[attr-defined]


def _listed(rows: Sequence[T], shown: Callable[[T], dict[str, Any]], key: Callable[[T], int]) -> Response:
    page, more = rows[: _limit()], len(rows) > _limit()
    return jsonify(items=[shown(row) for row in page], next=_text(key(page[-1])) if more else None)


def _text(cursor: int | None) -> str | None:
    return None if cursor is None else str(cursor)
