"""Coverage of the doors: how long each was connected, how much of the record it made alone, and what of it is lost."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _

from admin_web import shown
from admin_web.reports.asking import PERIOD_DAYS
from admin_web.reports.report import Linked, Portion, Question, Report, Row, sliced
from controller.record import coverage
from controller.record.coverage import Covered


def _row(each: Covered) -> Row:
    return (
        Linked(shown.named(each.door), "log.listed", {"door": each.door.id}),
        each.agent.key,
        _percent(each.heard),
        each.decisions,
        each.late,
        each.unclocked,
        each.overruled,
        each.gaps,
        each.agent.last_heard_at,
    )


def _percent(part: float | None) -> str:
    """Rounded down: 100.0 % is all of the time."""
    return str(_("never heard")) if part is None else f"{math.floor(min(part, 1.0) * 1000) / 10:.1f} %"


def _rows(question: Question) -> list[Row]:
    log, since = question.asked.log, _since(question)
    found = coverage.of_doors(question.session, question.site, question.asked.now, since, log.until, log.door)
    return [_row(each) for each in found]


def _read(question: Question, beyond: int | None, limit: int) -> Portion:
    return sliced(_rows(question), beyond, limit)


def _count(question: Question) -> int:
    return coverage.count(question.session, question.site, _since(question), question.asked.log.door)


def _since(question: Question) -> datetime:
    return question.asked.log.since or question.asked.now - timedelta(days=PERIOD_DAYS)


COVERED = Report(
    key="doors",
    title=_("Coverage of the doors"),
    told=_("How long each agent proved itself, and how many cards its doors judged that were heard of late."),
    empty=_("There are no doors yet. They are set up under Equipment."),
    headings=(
        _("Door"), _("Agent"), _("Heard, of the time"), _("Cards presented"), _("Heard of late"),
        _("Clock not believed"), _("Refused by the rules in force"), _("Parts of the record lost"), _("Last heard"),
    ),
    columns=("door", "agent", "heard", "cards", "late", "unclocked", "overruled", "gaps", "last_heard_at"),
    read=_read,
    count=_count,
    fields=("door", "period", "since", "until"),
    period=True,
    moments=frozenset({8}),
)  # fmt: skip
