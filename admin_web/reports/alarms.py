"""Alarms of a period, waiting or not: what it was, where, and who has said when that they looked at it."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from admin_web import shown, words
from admin_web.pages.forms import LARGEST_ID
from admin_web.reports.report import Cell, Linked, Marked, Portion, Question, Report, Row
from controller.people import operator as operators
from controller.people.operator import Operator
from controller.premises import agent as agents
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.record import alarm, judgement
from controller.record.alarm import Alarm, AlarmFilter
from controller.record.judgement import Disposition, Judgement

_FIELDS = ("door", "alarm", "period", "since", "until")


def _wanted(question: Question) -> AlarmFilter:
    log, kind = question.asked.log, question.asked.alarm
    return AlarmFilter(log.door, kind, log.since, log.until)


def _row(
    each: Alarm,
    places: Mapping[int, Door],
    computers: Mapping[int, Agent],
    people: Mapping[int, Operator],
    judged: Mapping[int, Judgement],
) -> Row:
    seen_by = people.get(each.acknowledged_by or 0)
    return (
        Linked(each.ledger_sequence, "log.page", {"sequence": each.ledger_sequence}),
        each.raised_at,
        words.kind(each.kind),
        shown.named(places.get(each.door_id or 0)),
        computers[each.agent_id].key,
        _state(each),
        seen_by.display_name if seen_by else "",
        each.acknowledged_at,
        each.note,
        _became(judged.get(each.ledger_sequence)),
    )


def _state(each: Alarm) -> Cell:
    if each.acknowledged_at is None:
        return Marked(str(_("waiting")), "alarm")
    return Marked(str(_("seen")), "approved")


def _became(judged: Judgement | None) -> Cell:
    found = judged.disposition if judged else Disposition.OPEN
    return Marked(words.phrase(words.DISPOSITIONS, found), found)


def _read(question: Question, before: int | None, limit: int) -> Portion:
    session, site = question.session, question.site
    found = alarm.listed(session, _wanted(question), min(before or LARGEST_ID, LARGEST_ID), limit + 1)
    places = {each.id: each for each in doors.ever_of_site(session, site)}
    computers = {each.id: each for each in agents.of_site(session, site)}
    people = {each.id: each for each in operators.of_site(session, site)}
    judged = judgement.in_force(session, {each.ledger_sequence for each in found})
    rows = [_row(each, places, computers, people, judged) for each in found[:limit]]
    return Portion(rows, found[limit - 1].id if len(found) > limit else None)


def _count(question: Question) -> int:
    return alarm.count_of(question.session, _wanted(question))


ALARMS = Report(
    key="alarms",
    title=_("Anomalies"),
    told=_("Every alarm, and who has said when that they looked at it. The newest first."),
    empty=_("No alarm was raised in this time."),
    headings=(
        _("Place in the ledger"), _("Raised"), _("What"), _("Door"), _("Agent"), _("State"), _("Seen by"), _("Seen at"),
        _("Note"), _("Disposition"),
    ),
    columns=("place", "raised_at", "what", "door", "agent", "state", "seen_by", "seen_at", "note", "disposition"),
    read=_read,
    count=_count,
    fields=_FIELDS,
    period=True,
    moments=frozenset({1, 7}),
)  # fmt: skip
