"""The access log as a file: every row that the filters of its page leave, and more columns than it has room for."""

from __future__ import annotations

from functools import cache

from flask_babel import lazy_gettext as _

from admin_web import shown, words
from admin_web.reports.asking import LOG_FIELDS
from admin_web.reports.report import Portion, Question, Report, Row
from contract import leaf
from contract.fact import FactKind
from controller.premises import area as areas
from controller.premises import door as doors
from controller.record import extract
from controller.record.extract import Line

_TABLES = {"direction": words.DIRECTIONS, "outcome": words.OUTCOMES, "reason": words.REASONS}


class _Told:
    """What a portion's ids and codes are called in the language of the reader; each is asked for once."""

    def __init__(self, question: Question) -> None:
        session, site = question.session, question.site
        self._rooms = {each.id: shown.named(each) for each in areas.of_site(session, site)}
        self._doors = {each.id: shown.named(each) for each in doors.of_site(session, site)}
        self._phrase = cache(lambda table, code: words.phrase(_TABLES[table], code))
        self._kind = cache(words.kind)
        self._unknown, self._not_believed = words.unknown_card(), str(_("not believed"))

    def row(self, line: Line) -> Row:
        return (
            line.place,
            line.at,
            leaf.written(line.at),
            "" if line.trusted else self._not_believed,
            line.person or (self._unknown if line.kind == FactKind.DECISION else ""),
            line.number,
            self._rooms.get(line.area or 0),
            self._doors.get(line.door or 0),
            self._phrase("direction", line.direction) if line.direction else "",
            self._kind(line.kind),
            self._phrase("outcome", line.outcome) if line.outcome else "",
            self._detail(line),
            words.overruled(line.overruled, certain=line.overruled_certain is True) if line.overruled else "",
        )

    def _detail(self, line: Line) -> str:
        if line.reason is not None:
            return self._phrase("reason", line.reason)
        return words.detail(line.kind, None, line.encoded, inferred=line.inferred is True)


def _read(question: Question, before: int | None, limit: int) -> Portion:
    found = extract.lines(question.session, question.asked.log, before or question.head + 1, limit + 1)
    told = _Told(question)
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
    columns=(
        "place", "at", "at_exact", "clock", "person", "number", "room", "door", "way", "what", "result", "reason",
        "overruled",
    ),
    read=_read,
    count=_count,
    fields=LOG_FIELDS,
    moments=frozenset({1}),
)  # fmt: skip
