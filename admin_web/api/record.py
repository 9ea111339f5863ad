"""Events, who is inside, and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, abort, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_web import guard, shown, streams
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import LARGEST_ID, PAGE, asks, digits, from_start, moment, one_of, row_id, takes, text
from admin_web.api.paging import answered, cut, limit, listed
from admin_web.api.problems import Unprocessable
from admin_web.centre import centre, now
from admin_web.pages.alarms import escalates_after
from contract.fact import FactKind
from contract.outcome import Outcome
from controller.delivery import issued
from controller.delivery.entitled import who_can
from controller.people.access import Permission
from controller.premises import area as areas
from controller.premises.area import Area
from controller.record import alarm, enquiry, occupancy, stay
from controller.record.alarm import Alarm
from controller.record.enquiry import LogFilter, LogRow
from controller.record.explanation import Explanation, explained
from controller.record.stay import StayFilter

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
    cursor=from_start(digits(0)),
    limit=PAGE["limit"],
)
def list_events(asked: dict[str, Any]) -> Response:
    """Facts, the newest first; `cursor` goes back in time."""
    return _facts(asked, asked["kind"])


@blueprint.get(f"{V1}/passages")
@guard.requires(Permission.SEE_LOG)
@asks(
    area=row_id(),
    door=row_id(),
    cardholder=row_id(),
    since=moment(),
    until=moment(),
    cursor=from_start(digits(0)),
    limit=PAGE["limit"],
)
def list_passages(asked: dict[str, Any]) -> Response:
    """Who went through which door, the newest first, written as events; `cursor` goes back in time."""
    return _facts(asked, (FactKind.PASSAGE,))


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
@asks(area=row_id(), at=moment(), **PAGE)
def list_occupancy(asked: dict[str, Any]) -> Response:
    """Who is believed inside each room (or was, `at` a moment of the past), and whether that is certain."""
    at: datetime | None = asked["at"]
    if at is not None and at > now():
        raise Unprocessable({"at": "lies in the future"})
    with centre().read() as session:
        closed = areas.guarded_at(session, centre().site(session), at or now())
        found = cut([row for row in closed if asked["area"] in (None, row.id)], asked)
        told = _were_inside(session, found, at) if at is not None else _are_inside(session, found)
        return listed(found, asked, lambda row: {"area": row.id, "key": row.key, **told[row.id]})


@blueprint.get(f"{V1}/stays")
@guard.requires(Permission.SEE_PEOPLE)
@asks(area=row_id(), cardholder=row_id(), since=moment(), until=moment(), **PAGE)
def list_stays(asked: dict[str, Any]) -> Response:
    """Stays in rooms, the oldest record first: measured, inferred or open; those that touch `since` to `until`."""
    with centre().read() as session:
        found = stay.listed(
            session,
            centre().site(session),
            StayFilter(asked["area"], asked["cardholder"], asked["since"], asked["until"]),
            asked["cursor"],
            limit(asked) + 1,
        )
        return listed(found, asked, shapes.stay)


@blueprint.get(f"{V1}/areas/<int:area_id>/who-can")
@guard.requires(Permission.SEE_PEOPLE)
@asks(at=moment())
def who_can_enter(area_id: int, asked: dict[str, Any]) -> Response:
    """Who can enter at a moment (now unless told), by which card and grant, decided as the doors decide."""
    with centre().read() as session:
        area = session.get(Area, min(area_id, LARGEST_ID))
        if area is None:
            abort(404)
        present = now()
        at = present if asked["at"] is None else asked["at"].astimezone(UTC)
        return jsonify(who_can(session, centre().site(session), area, at, present).as_object())


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
        return listed(session.scalars(statement.limit(limit(asked) + 1)).all(), asked, _alarm)


@blueprint.post(f"{V1}/alarms/<int:alarm_id>/acknowledge")
@guard.requires(Permission.ACKNOWLEDGE_ALARMS)
@takes(note=text(400))
def acknowledge_alarm(alarm_id: int, given: dict[str, Any]) -> Response:
    """Say that somebody has looked at it, and what was found."""
    with centre().write() as session:
        alarm.acknowledge(session, guard.operator(), now(), min(alarm_id, LARGEST_ID), given["note"])
        return jsonify(_alarm(session.get_one(Alarm, alarm_id)))


def _alarm(row: Alarm) -> dict[str, Any]:
    return shapes.alarm(row, escalated=alarm.escalates(row, now(), escalates_after()))


def _facts(asked: dict[str, Any], kinds: tuple[str, ...]) -> Response:
    wanted = LogFilter(**{name: asked[name] for name in _NARROWED if name in asked}, kinds=kinds)
    with centre().read() as session:
        page = enquiry.log(session, wanted, asked["cursor"], limit(asked))
        return answered([shapes.event(row) for row in page.rows], page.older)


def _event(session: Session, event_id: int) -> LogRow:
    row = enquiry.one(session, min(event_id, 2**62))
    if row is None:
        abort(404)
    return row


def _are_inside(session: Session, found: Sequence[Area]) -> dict[int, dict[str, Any]]:
    people, unsure = occupancy.inside_each(session, [each.id for each in found]), occupancy.uncertain(session)
    return {
        each.id: {"certain": each.id not in unsure, "inside": [shapes.inside(who) for who in people.get(each.id, ())]}
        for each in found
    }


def _were_inside(session: Session, found: Sequence[Area], at: datetime) -> dict[int, dict[str, Any]]:
    """Of a moment in the past, which each room is asked for by itself: one index finds who was inside one."""
    return {
        each.id: {
            "at": shown.utc(at),
            "certain": occupancy.certain_at(session, each.id, at),
            "inside": [dict(who.as_object()) for who in stay.inside_at(session, each, at)],
        }
        for each in found
    }


def _explained(session: Session, row: LogRow) -> Explanation | None:
    return explained(session, row.fact, lambda wanted: issued.policy_by_hash(session, wanted))
