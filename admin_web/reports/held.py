"""Permissions in force: those that nobody used for long, and those that end soon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flask_babel import lazy_gettext as _

from admin_web import shown
from admin_web.reports.report import Absent, Cell, Linked, Portion, Question, Report, Row, counted, person
from controller.people import operator as operators
from controller.people.operator import Operator
from controller.record import dormant
from controller.record.dormant import Held, HeldFilter

_FIELDS = ("area", "cardholder", "days")
_UNUSED_DAYS, _EXPIRING_DAYS = 90, 30


def _unused(question: Question) -> HeldFilter:
    asked, log = question.asked, question.asked.log
    border = asked.now - timedelta(days=asked.days or _UNUSED_DAYS)
    return HeldFilter(asked.now, log.area, log.cardholder, unused_since=border)


def _expiring(question: Question) -> HeldFilter:
    asked, log = question.asked, question.asked.log
    return HeldFilter(
        asked.now, log.area, log.cardholder, ending=asked.now + timedelta(days=asked.days or _EXPIRING_DAYS)
    )


def _room(each: Held) -> Cell:
    if each.area is None:
        return each.level.name if each.level else ""
    return Linked(shown.named(each.area), "rooms.page", {"key": each.area.key})


def _row(each: Held, people: Mapping[int, Operator]) -> Row:
    grant = each.grant
    approver = people.get(grant.decided_by or 0)
    return (
        person(each.cardholder),
        each.cardholder.number,
        _room(each),
        grant.valid_from,
        grant.valid_until or Absent(str(_("no end"))),
        each.last_used or Absent(str(_("never"))),
        grant.reason,
        people[grant.requested_by].display_name if grant.requested_by in people else "",
        approver.display_name if approver else "",
    )


def _portion(question: Question, wanted: HeldFilter, beyond: int | None, limit: int) -> Portion:
    found = dormant.held(question.session, question.site, wanted, beyond or 0, limit + 1)
    people = {each.id: each for each in operators.of_site(question.session, question.site)}
    return counted([_row(each, people) for each in found], beyond, limit)


_HEADINGS = (
    _("Person"), _("Staff number"), _("Room"), _("Valid from"), _("Valid until"), _("Last used"), _("Reason"),
    _("Asked by"), _("Approved by"),
)  # fmt: skip
_COLUMNS = (
    "person", "number", "room", "valid_from", "valid_until", "last_used", "reason", "asked_by", "approved_by",
)  # fmt: skip
_MOMENTS = frozenset({3, 4, 5})

UNUSED = Report(
    key="unused",
    title=_("Unused permissions"),
    told=_("In force for at least so many days, and its holder has not entered the room since."),
    empty=_("Every permission that is in force for so long was used in this time."),
    headings=_HEADINGS,
    columns=_COLUMNS,
    read=lambda question, beyond, limit: _portion(question, _unused(question), beyond, limit),
    count=lambda question: dormant.count(question.session, question.site, _unused(question)),
    fields=_FIELDS,
    days=_UNUSED_DAYS,
    moments=_MOMENTS,
)
EXPIRING = Report(
    key="expiring",
    title=_("Permissions that end soon"),
    told=_("In force now, and at their end within so many days. The first to end comes first."),
    empty=_("No permission ends within this time."),
    headings=_HEADINGS,
    columns=_COLUMNS,
    read=lambda question, beyond, limit: _portion(question, _expiring(question), beyond, limit),
    count=lambda question: dormant.count(question.session, question.site, _expiring(question)),
    fields=_FIELDS,
    days=_EXPIRING_DAYS,
    moments=_MOMENTS,
)
