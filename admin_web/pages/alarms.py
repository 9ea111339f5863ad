"""Alarms: those that wait, for how long already, and who looked at the others, when, and what they noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, current_app, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people.access import Permission
from controller.people.operator import Operator
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.record import alarm, enquiry
from controller.record.alarm import Alarm, AlarmFilter
from controller.record.enquiry import LogRow

blueprint = Blueprint("alarms", __name__, url_prefix="/alarms")
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Told:
    """An alarm with what its keys stand for; fact: what raised it, None where the centre itself did."""

    row: Alarm
    agent: str
    door: Door | None
    fact: LogRow | None
    escalated: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """The newest alarms that nobody has acknowledged, how many there are in all, how many of them have waited for too
    long, and since when one has that counts as too long."""

    newest: Sequence[Told]
    count: int
    escalated: int
    after: timedelta


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def listed() -> str:
    with centre().read() as session:
        found = alarm.listed(session, AlarmFilter(), forms.row_id("before") or forms.LARGEST_ID, _PAGE + 1)
        return render_template(
            "alarms/list.html",
            alarms=_told(session, found[:_PAGE], now()),
            operators={each.id: each for each in session.query(Operator)},
            older=found[_PAGE - 1].id if len(found) > _PAGE else None,
            page=_PAGE,
        )


@blueprint.post("/<int:alarm_id>/acknowledge")
@guard.requires(Permission.ACKNOWLEDGE_ALARMS)
def acknowledge(alarm_id: int) -> Response:
    with centre().write() as session:
        alarm.acknowledge(session, guard.operator(), now(), min(alarm_id, forms.LARGEST_ID), forms.text("note"))
    return redirect(url_for("live.page"), 303)


def waiting(session: Session) -> Waiting:
    """What the live page shows of alarms."""
    at, after = now(), escalates_after()
    newest = _told(session, alarm.waiting(session, _PAGE), at)
    return Waiting(newest, alarm.count(session), alarm.count(session, at - after), after)


def escalates_after() -> timedelta:
    """How long an alarm may wait: a setting of the site."""
    return timedelta(minutes=current_app.config["ESCALATE_MINUTES"])


def _told(session: Session, rows: Sequence[Alarm], at: datetime) -> list[Told]:
    """Every alarm with its door, agent and fact, whatever their number in three statements."""
    facts = enquiry.at_places(session, [row.ledger_sequence for row in rows])
    doors = {each.id: each for each in session.query(Door).where(Door.id.in_({row.door_id for row in rows}))}
    agents = {each.id: each.key for each in session.query(Agent).where(Agent.id.in_({row.agent_id for row in rows}))}
    after = escalates_after()
    return [
        Told(
            row,
            agents[row.agent_id],
            doors.get(row.door_id or 0),
            facts.get(row.ledger_sequence),
            alarm.escalates(row, at, after),
        )
        for row in rows
    ]
