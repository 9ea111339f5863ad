"""Timelines of rooms and people and the figures of a room, as the pages draw them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, jsonify
from sqlalchemy.orm import Session

from admin_web import drawing, guard, shown
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import LARGEST_ID, asks, moment
from admin_web.api.problems import Unprocessable
from admin_web.centre import centre, now
from controller.delivery import room_timeline
from controller.delivery.room_timeline import MOST_MARKS, MOST_STAYS, Event, Period
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises.area import Area
from controller.record import attendance, person_timeline
from controller.record.person_timeline import Change

_LONGEST_TIMELINE, _LONGEST_FIGURES = timedelta(days=31), timedelta(days=93)


@blueprint.get(f"{V1}/areas/<int:area_id>/timeline")
@guard.requires(Permission.SEE_LOG)
@asks(since=moment(), until=moment())
def area_timeline(area_id: int, asked: dict[str, Any]) -> Response:
    """Who was inside when, and what happened at the doors or was changed; the last day unless told, 31 days at most."""
    period = _period(asked, timedelta(days=1), _LONGEST_TIMELINE)
    with centre().read() as session:
        area, site = _room(session, area_id), centre().site(session)
        stays = room_timeline.stays(session, area, period)
        marks = room_timeline.marks(session, site, area, period)
        return jsonify(
            stays=[shapes.stay(each) for each, _holder in stays[:MOST_STAYS]],
            happened=[_event(each) for each in room_timeline.told(session, marks[:MOST_MARKS])],
            complete=len(stays) <= MOST_STAYS and len(marks) <= MOST_MARKS,
        )


@blueprint.get(f"{V1}/areas/<int:area_id>/attendance")
@guard.requires(Permission.SEE_LOG)
@asks(since=moment(), until=moment())
def area_attendance(area_id: int, asked: dict[str, Any]) -> Response:
    """How many were inside, and entries by weekday and hour of the site's clock; 28 days unless told, 93 at most."""
    period, zone = _period(asked, timedelta(days=28), _LONGEST_FIGURES), shown.zone()
    with centre().read() as session:
        area = _room(session, area_id)
        slots = attendance.slots(session, area, drawing.bounds(zone, period.since, period.until))
        by_clock = attendance.by_clock(session, area, zone, period.since, period.until)
        return jsonify(
            slots=[
                {
                    "since": shown.utc(each.since),
                    "until": shown.utc(each.until),
                    "badged": each.badged,
                    "highest": each.highest,
                    "entries": each.entries,
                    "exits": each.exits,
                }
                for each in slots
            ],
            by_hour=[
                {"weekday": weekday, "hour": hour, "entries": each.entries, "hours": each.hours, "mean": each.mean}
                for (weekday, hour), each in by_clock.items()
            ],
        )


@blueprint.get(f"{V1}/cardholders/<int:cardholder_id>/timeline")
@guard.requires(Permission.SEE_LOG)
@asks(since=moment(), until=moment())
def cardholder_timeline(cardholder_id: int, asked: dict[str, Any]) -> Response:
    """Stays, passages and refusals, and what became of permissions and cards; 28 days unless told, 93 at most."""
    period = _period(asked, timedelta(days=28), _LONGEST_FIGURES)
    with centre().read() as session:
        holder = session.get(Cardholder, min(cardholder_id, LARGEST_ID))
        if holder is None:
            abort(404)
        stays = person_timeline.stays(session, holder, period.since, period.until)
        facts = person_timeline.facts(session, holder, period.since, period.until)
        changes = person_timeline.changes(session, holder, period.since, min(period.until, now()))
        return jsonify(
            stays=[shapes.stay(each) for each, _area in stays[: person_timeline.MOST]],
            events=[shapes.event(each) for each in facts[: person_timeline.MOST]],
            changes=[_step(each) for each in changes],
            complete=max(len(stays), len(facts)) <= person_timeline.MOST,
        )


def _step(each: Change) -> dict[str, Any]:
    return {
        "at": shown.utc(each.at),
        "step": each.step,
        "grant": each.grant.id if each.grant else None,
        "area": each.grant.area_id if each.grant else None,
        "credential": each.card.id if each.card else None,
        "reason": each.said or None,
    }


def _room(session: Session, area_id: int) -> Area:
    found = session.get(Area, min(area_id, LARGEST_ID))
    if found is None or found.open:
        abort(404)
    return found


def _period(asked: dict[str, Any], usual: timedelta, longest: timedelta) -> Period:
    """On quarters of an hour, because that is how the database counts."""
    until: datetime = asked["until"] or (asked["since"] + usual if asked["since"] else now())
    since: datetime = asked["since"] or until - usual
    begins = datetime.fromtimestamp(int(since.timestamp()) // 900 * 900, since.tzinfo)
    if not begins < until <= begins + longest:
        raise Unprocessable({"until": f"lies after since, by {longest.days} days at most"})
    return Period(begins, until)


def _event(each: Event) -> dict[str, Any]:
    """event: null of changes, and of what the centre itself found; change: what was ordered or which settings."""
    rules, order = each.mark.rules, each.mark.order
    change: dict[str, Any] | None = None
    if rules is not None:
        change = {"settings": list(rules.names), "actor": rules.actor, "reason": rules.reason}
    elif order is not None:
        change = {"act": order.act, "value": order.value, "actor": order.actor, "reason": order.reason}
    return {
        "at": shown.utc(each.mark.at),
        "id": each.mark.place,
        "lane": each.mark.lane,
        "event": shapes.event(each.fact) if each.fact else None,
        "alarms": [raised.kind for raised in each.alarms],
        "change": change,
    }
