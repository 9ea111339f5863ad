"""What a report was narrowed by, in the words of its reader: for the head of a printed one and the saved ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask_babel import gettext
from sqlalchemy.orm import Session

from admin_web import shown, words
from admin_web.act_words import ACTS
from admin_web.reports import asking
from admin_web.reports.asking import Asked
from admin_web.reports.report import Report
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.premises.area import Area
from controller.premises.door import Door
from controller.record.enquiry import LogFilter


def in_words(session: Session, report: Report, asked: Asked) -> str:
    """Every filter that the report knows and that narrows it, in one line."""
    found = [f"{label}: {text}" for name, label, text in _said(session, report, asked) if name in report.fields]
    return " · ".join(found) or gettext("none: everything")


def _said(session: Session, report: Report, asked: Asked) -> Iterator[tuple[str, str, str]]:
    yield from _whose(session, asked)
    yield from _what(asked)
    if report.days:
        yield "days", gettext("Days"), str(asked.days or report.days)
    days = asking.dates(asked.log)
    if asked.period is not None:
        yield "period", gettext("Period"), words.phrase(words.PERIODS, asked.period)
    if "since" in days:
        yield "since", gettext("From"), days["since"]
    if "until" in days:
        yield "until", gettext("Until"), days["until"]


def _whose(session: Session, asked: Asked) -> Iterator[tuple[str, str, str]]:
    log = asked.log
    if log.area is not None:
        yield "area", gettext("Room"), shown.named(session.get(Area, log.area)) or str(log.area)
    if log.door is not None:
        yield "door", gettext("Door"), shown.named(session.get(Door, log.door)) or str(log.door)
    if log.cardholder is not None:
        holder = session.get(Cardholder, log.cardholder)
        yield "cardholder", gettext("Person"), holder.name if holder else str(log.cardholder)
    if asked.operator is not None:
        who = session.get(Operator, asked.operator)
        yield "operator", gettext("Operator"), who.display_name if who else str(asked.operator)


def _what(asked: Asked) -> Iterator[tuple[str, str, str]]:
    log = asked.log
    if log.outcome is not None:
        yield "outcome", gettext("Result"), words.phrase(words.OUTCOMES, log.outcome)
    if log.kinds:
        yield "kind", gettext("What"), ", ".join(_kinds(log))
    if asked.act is not None:
        yield "act", gettext("What"), words.phrase(ACTS, asked.act)
    if asked.alarm is not None:
        yield "alarm", gettext("What"), words.kind(asked.alarm)
    if asked.disposition is not None:
        yield "disposition", gettext("Disposition"), words.phrase(words.DISPOSITIONS, asked.disposition)
    if asked.ended is not None:
        yield "ended", gettext("Why it ended"), words.phrase(words.ENDS, asked.ended)
    if asked.missing:
        yield "receipts", gettext("Receipts"), gettext("only what a door has not confirmed")


def _kinds(log: LogFilter) -> Sequence[str]:
    return [words.kind(each) for each in log.kinds]
