"""Coverage of the doors: how much of the period's record each door made alone, and what of it is lost."""

from __future__ import annotations

from datetime import timedelta

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
        each.decisions,
        each.late,
        each.unclocked,
        each.overruled,
        each.gaps,
        each.agent.last_heard_at,
    )


def _rows(question: Question) -> list[Row]:
    log = question.asked.log
    since = log.since or question.asked.now - timedelta(days=PERIOD_DAYS)
    found = coverage.of_doors(question.session, question.site, since, log.until, log.door)
    return [_row(each) for each in found]


def _read(question: Question, beyond: int | None, limit: int) -> Portion:
    return sliced(_rows(question), beyond, limit)


def _count(question: Question) -> int:
    return len(_rows(question))


COVERED = Report(
    key="doors",
    title=_("Coverage of the doors"),
    told=_("How many cards each door judged, and how many of them the centre heard of more than a minute later."),
    empty=_("There are no doors yet: the installer sets them up on the controller."),
    headings=(
        _("Door"), _("Agent"), _("Cards presented"), _("Heard of late"), _("Clock not believed"),
        _("Refused by the rules in force"), _("Parts of the record lost"), _("Last heard"),
    ),
    columns=("door", "agent", "cards", "late", "unclocked", "overruled", "gaps", "last_heard_at"),
    read=_read,
    count=_count,
    fields=("door", "period", "since", "until"),
    period=True,
    moments=frozenset({7}),
)  # fmt: skip
