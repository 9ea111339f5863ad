"""The live page: every door as it is now, alarms, and the feed of facts as they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from admin_web import guard, streams
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.fact import FactKind
from controller.ledger import ledger
from controller.people.access import Permission
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.record import alarm, enquiry, occupancy
from controller.record.enquiry import LogFilter, LogRow

blueprint = Blueprint("live", __name__)
_FEED = 25


@dataclass(frozen=True, slots=True)
class DoorNow:
    """connected: its agent was heard lately; last: the newest card or passage; leaf: what last told how it stands."""

    door: Door
    connected: bool
    last: LogRow | None
    leaf: str


@blueprint.get("/")
@guard.requires(Permission.SEE_DOORS)
def home() -> BaseResponse:
    return redirect(url_for("live.page"), 303)


@blueprint.get("/live")
@guard.requires(Permission.SEE_DOORS)
def page() -> str:
    with centre().read() as session:
        feed = enquiry.log(session, LogFilter(), None, _FEED)
        return render_template("live/page.html", **_doors(session), feed=feed.rows, head=ledger.head(session))


@blueprint.get("/live/doors")
@guard.requires(Permission.SEE_DOORS)
def doors_now() -> str:
    with centre().read() as session:
        return render_template("live/doors.html", **_doors(session))


@blueprint.get("/live/feed")
@guard.requires(Permission.SEE_DOORS)
def feed() -> str:
    with centre().read() as session:
        rows = enquiry.feed_after(session, forms.number("after") or 0, _FEED)
        return render_template("live/rows.html", feed=list(reversed(rows)))


@blueprint.get("/live/stream")
@guard.requires(Permission.SEE_DOORS)
def stream() -> Response:
    answer = streams.respond(_announced, forms.number("after"))
    if answer is None:
        abort(503)
    return answer


@blueprint.post("/alarms/<int:alarm_id>/acknowledge")
@guard.requires(Permission.ACKNOWLEDGE_ALARMS)
def acknowledge(alarm_id: int) -> BaseResponse:
    with centre().write() as session:
        alarm.acknowledge(session, guard.operator(), now(), alarm_id)
    return redirect(url_for("live.page"), 303)


def _announced(_row: LogRow) -> dict[str, Any]:
    """The page fetches what is new itself, in its own language."""
    return {}


def _doors(session: Session) -> dict[str, Any]:
    site, at = centre().site(session), now()
    agents = {agent.id: agent.heard(at) for agent in session.query(Agent)}
    shown = [
        DoorNow(door, agents.get(door.agent_id, False), _last(session, door, enquiry.PASSING), _leaf(session, door))
        for door in doors.of_site(session, site)
    ]
    inside = occupancy.counts(session)
    rooms = [(area, inside.get(area.id, 0)) for area in areas.of_site(session, site) if not area.open]
    alarms = [
        (each, session.get(Door, each.door_id) if each.door_id else None, session.get_one(Agent, each.agent_id).key)
        for each in alarm.waiting(session)
    ]
    newest = enquiry.log(session, LogFilter(kinds=tuple(enquiry.PASSING)), None, 1).rows
    return {
        "doors": shown,
        "rooms": rooms,
        "alarms": alarms,
        "uncertain": occupancy.uncertain(session),
        "newest": newest[0] if newest else None,
    }


def _last(session: Session, door: Door, kinds: Sequence[FactKind]) -> LogRow | None:
    rows = enquiry.log(session, LogFilter(door=door.id, kinds=tuple(kinds)), None, 1).rows
    return rows[0] if rows else None


def _leaf(session: Session, door: Door) -> str:
    """The kind of fact that last told how the door stands; empty when none has."""
    row = _last(session, door, (FactKind.DOOR_OPENED, FactKind.DOOR_CLOSED, FactKind.FORCED_OPEN, FactKind.HELD_OPEN))
    return row.fact.kind if row else ""
