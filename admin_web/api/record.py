"""Events, who is inside, and alarms."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_web import guard, streams
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, digits, moment, one_of, row_id, takes
from admin_web.api.paging import answered, limit, listed, sliced
from admin_web.centre import centre, now
from contract.decision import Outcome
from contract.fact import FactKind
from controller.delivery import issued
from controller.people.access import Permission
from controller.premises import area as areas
from controller.record import alarm, enquiry, occupancy
from controller.record.alarm import Alarm
from controller.record.enquiry import LogFilter, LogRow
from controller.record.explanation import Explanation, explained

_NARROWED = ("area", "door", "cardholder", "outcome", "since", "until")


@blueprint.get(f"{V1}/events")
@guard.requires(Permission.SEE_LOG)
@asks(
    area=row_id(),
    door=row_id(),
    cardholder=row_id(),
    outcome=one_of(*Outcome),
    kind=one_of(*FactKind, many=True),
    since=moment(),
    until=moment(),
    cursor=digits(0),
    limit=PAGE["limit"],
)
def list_events(asked: dict[str, Any]) -> Response:
    """Facts, the newest first; `cursor` goes back in time."""
    wanted = LogFilter(**{name: asked[name] for name in _NARROWED}, kinds=asked["kind"])
    with centre().read() as session:
        page = enquiry.log(session, wanted, asked["cursor"], limit(asked))
        return answered([shapes.event(row) for row in page.rows], page.older)


@blueprint.get(f"{V1}/events/<int:event_id>")
@guard.requires(Permission.SEE_LOG)
def get_event(event_id: int) -> Response:
    """One fact; of a decision, whether its replay from the recorded input agrees."""
    with centre().read() as session:
        row = _event(session, event_id)
        why = _explained(session, row)
        return jsonify({**shapes.event(row), "why": shapes.why(why) if why else None})


@blueprint.get(f"{V1}/events/<int:event_id>/explanation")
@guard.requires(Permission.SEE_LOG)
def explain_event(event_id: int) -> Response:
    """Why a door decided so: every reason in words, what the decision rested on, and whether its replay agrees."""
    with centre().read() as session:
        found = _explained(session, _event(session, event_id))
        if found is None:
            abort(404)
        return jsonify(found.as_object())


@blueprint.get(f"{V1}/events/stream")
@guard.requires(Permission.SEE_LOG)
@asks(after=digits(0))
def stream_events(asked: dict[str, Any]) -> Response:
    """Server-sent events; resumes after `Last-Event-ID` (or `after`)."""
    answer = streams.respond(shapes.event, asked["after"])
    if answer is None:
        abort(503)
    return answer


@blueprint.get(f"{V1}/occupancy")
@guard.requires(Permission.SEE_PEOPLE)
@asks(**PAGE)
def list_occupancy(asked: dict[str, Any]) -> Response:
    """Who is believed inside each room, and whether that is certain."""
    with centre().read() as session:
        uncertain = occupancy.uncertain(session)
        closed = [row for row in areas.of_site(session, centre().site(session)) if not row.open]
        return sliced(
            closed,
            asked,
            lambda row: {
                "area": row.id,
                "key": row.key,
                "certain": row.id not in uncertain,
                "inside": [shapes.inside(each) for each in occupancy.inside(session, row)],
            },
        )


@blueprint.get(f"{V1}/alarms")
@guard.requires(Permission.SEE_DOORS)
@asks(waiting=one_of("true", "false"), **PAGE)
def list_alarms(asked: dict[str, Any]) -> Response:
    """Alarms, the oldest first; those that nobody has acknowledged, or those that somebody has."""
    statement = select(Alarm).where(Alarm.id > asked["cursor"]).order_by(Alarm.id)
    if asked["waiting"] is not None:
        unseen = Alarm.acknowledged_at.is_(None)
        statement = statement.where(unseen if asked["waiting"] == "true" else ~unseen)
    with centre().read() as session:
        return listed(session.scalars(statement.limit(limit(asked) + 1)).all(), asked, shapes.alarm)


@blueprint.post(f"{V1}/alarms/<int:alarm_id>/acknowledge")
@guard.requires(Permission.ACKNOWLEDGE_ALARMS)
@takes()
def acknowledge_alarm(alarm_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Say that somebody has looked at it."""
    with centre().write() as session:
        alarm.acknowledge(session, guard.operator(), now(), min(alarm_id, 2**31 - 1))
        return jsonify(shapes.alarm(session.get_one(Alarm, alarm_id)))


def _event(session: Session, event_id: int) -> LogRow:
    row = enquiry.one(session, min(event_id, 2**62))
    if row is None:
        abort(404)
    return row


def _explained(session: Session, row: LogRow) -> Explanation | None:
    return explained(session, row.fact, lambda wanted: issued.policy_by_hash(session, wanted))
