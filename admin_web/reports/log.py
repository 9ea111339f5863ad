"""The access log as a file: every row that the filters of its page leave, and more columns than it has room for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from admin_web import shown, words
from admin_web.reports.asking import LOG_FIELDS
from admin_web.reports.report import Portion, Question, Report, Row
from contract.fact import FactKind
from controller.premises import area as areas
from controller.premises import door as doors
from controller.record import extract
from controller.record.extract import Line


@dataclass(frozen=True, slots=True)
class _Told:
    """What a portion's ids and codes are called; each is looked up once."""

    rooms: Mapping[int, str]
    doors: Mapping[int, str]

    def row(self, line: Line) -> Row:
        return (
            line.place,
            line.at,
            shown.utc(line.at),
            "" if line.trusted else str(_("not believed")),
            line.person or (words.unknown_card() if line.kind == FactKind.DECISION else ""),
            line.number,
            self.rooms.get(line.area or 0),
            self.doors.get(line.door or 0),
            words.phrase(words.DIRECTIONS, line.direction) if line.direction else "",
            words.kind(line.kind),
            words.phrase(words.OUTCOMES, line.outcome) if line.outcome else "",
            words.detail(line.kind, line.reason, line.encoded, inferred=line.inferred is True),
            words.overruled(line.overruled, certain=line.overruled_certain is True) if line.overruled else "",
        )


def _read(question: Question, before: int | None, limit: int) -> Portion:
    session, site = question.session, question.site
    found = extract.lines(session, question.asked.log, before or question.head + 1, limit + 1)
    told = _Told(
        {each.id: shown.named(each) for each in areas.of_site(session, site)},
        {each.id: shown.named(each) for each in doors.of_site(session, site)},
    )
    return Portion([told.row(line) for line in found[:limit]], found[limit - 1].place if len(found) > limit else None)


def _count(question: Question) -> int:
    return extract.count(question.session, question.asked.log, question.head + 1)


LOG = Report(
    key="log",
    title=_("Access log"),
    told=_("What happened at the doors, the newest first."),
    empty=_("Nothing matches. Widen the dates or clear the filters."),
    headings=(
        _("Place in the ledger"), _("Time"), _("Time in UTC"), _("Clock"), _("Person"), _("Staff number"), _("Room"),
        _("Door"), _("Way"), _("What"), _("Result"), _("Reason"), _("Rules in force"),
    ),
    read=_read,
    count=_count,
    fields=LOG_FIELDS,
    moments=frozenset({1}),
)  # fmt: skip
