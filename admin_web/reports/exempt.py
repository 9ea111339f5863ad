"""Exemptions and overrides: for whom a rule is lifted, since when, by whom and why."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from admin_web import words
from admin_web.reports.report import Portion, Question, Report, Row, person, sliced
from controller.people import attribute
from controller.people import operator as operators


def _rows(question: Question) -> list[Row]:
    people = {each.id: each for each in operators.of_site(question.session, question.site)}
    return [
        (
            person(each.holder),
            each.holder.number,
            words.phrase(words.ATTRIBUTES, lifted.name),
            lifted.since,
            words.actor(lifted.given_by, people),
            lifted.reason,
        )
        for each in attribute.exemptions(question.session, question.site)
        for lifted in each.lifted
        if question.asked.log.cardholder in (None, each.holder.id)
    ]


def _read(question: Question, beyond: int | None, limit: int) -> Portion:
    return sliced(_rows(question), beyond, limit)


EXEMPT = Report(
    key="exemptions",
    title=_("Exemptions and overrides"),
    told=_("For whom a rule is lifted now: which one, since when, by whom and why."),
    empty=_("No rule is lifted for anybody."),
    headings=(_("Person"), _("Staff number"), _("What"), _("Since"), _("By"), _("Reason")),
    columns=("person", "number", "what", "since", "by", "reason"),
    read=_read,
    count=lambda question: len(_rows(question)),
    fields=("cardholder",),
    moments=frozenset({3}),
)
