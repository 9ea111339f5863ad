"""Refusals of a period, counted: whom which door turned away for which reason, what is open first."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from admin_web import shown, words
from admin_web.reports import asking
from admin_web.reports.report import Cell, Linked, Marked, Portion, Question, Report, Row, counted, person
from controller.record import refusals
from controller.record.refusals import Refusals

_FIELDS = ("area", "door", "cardholder", "disposition", "period", "since", "until")


def _row(each: Refusals, days: Mapping[str, str]) -> Row:
    return (
        person(each.cardholder),
        each.cardholder.number if each.cardholder else "",
        shown.named(each.door),
        words.phrase(words.REASONS, each.reason or ""),
        Marked(words.phrase(words.DISPOSITIONS, each.disposition), each.disposition),
        _times(each, days),
        each.first,
        each.last,
    )


def _times(each: Refusals, days: Mapping[str, str]) -> Cell:
    """How often; leads to these findings, as far as ids can say which."""
    holder = {"cardholder": each.cardholder.id} if each.cardholder else {}
    door = {"door": each.door.id} if each.door else {}
    return Linked(each.times, "findings.listed", {**days, **holder, **door, "disposition": each.disposition})


def _read(question: Question, beyond: int | None, limit: int) -> Portion:
    asked = question.asked
    found = refusals.grouped(question.session, asked.log, beyond or 0, limit + 1, asked.disposition)
    days = asking.dates(asked.log)
    return counted([_row(each, days) for each in found], beyond, limit)


def _count(question: Question) -> int:
    return refusals.count(question.session, question.asked.log, question.asked.disposition)


REFUSED = Report(
    key="refusals",
    title=_("Refusals"),
    told=_("Whom which door refused for which reason, and what became of it. What is open comes first."),
    empty=_("No door refused anybody in this time."),
    headings=(
        _("Person"), _("Staff number"), _("Door"), _("Reason"), _("Disposition"), _("How often"), _("First"), _("Last"),
    ),
    columns=("person", "number", "door", "reason", "disposition", "times", "first_at", "last_at"),
    read=_read,
    count=_count,
    fields=_FIELDS,
    period=True,
    moments=frozenset({6, 7}),
)  # fmt: skip
