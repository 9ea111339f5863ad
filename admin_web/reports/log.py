"""The access log as a file: every row that the filters of its page leave, and more columns than it has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

from flask_babel import lazy_gettext as _

from admin_web import shown, words
from admin_web.reports.asking import LOG_FIELDS
from admin_web.reports.report import Cell, Portion, Question, Report
from admin_web.table import Table
from contract.fact import FactKind
from controller.premises import area as areas
from controller.premises import door as doors
from controller.record import extract
from controller.record.extract import Lines


class _Told:
    """What a portion's ids and codes are called in the language of the reader; each is asked for once."""

    def __init__(self, question: Question) -> None:
        session, site = question.session, question.site
        self._rooms: dict[int | None, str] = {each.id: shown.named(each) for each in areas.ever_of_site(session, site)}
        self._doors: dict[int | None, str] = {each.id: shown.named(each) for each in doors.ever_of_site(session, site)}
        self._direction, self._outcome = _phrases(words.DIRECTIONS), _phrases(words.OUTCOMES)
        self._kind, self._overruled = cache(words.kind), cache(_overruled)
        self._reason = cache(partial(words.phrase, words.REASONS))
        self._clock: dict[int, str] = {True: "", False: str(_("not believed"))}
        self._nobody = {str(FactKind.DECISION): words.unknown_card()}.get

    def rows(self, lines: Lines) -> Table[Cell]:
        """By columns: a table of a million rows is told in words at the price of a look-up a cell."""
        details = map(self._detail, lines.kind, lines.reason, lines.encoded, lines.inferred)
        columns: tuple[Iterable[Cell], ...] = (
            lines.place,
            lines.at,
            lines.at,
            map(self._clock.__getitem__, lines.trusted),
            [person or self._nobody(kind, "") for person, kind in zip(lines.person, lines.kind, strict=True)],
            lines.number,
            map(self._rooms.get, lines.area),
            map(self._doors.get, lines.door),
            map(self._direction, lines.direction),
            map(self._kind, lines.kind),
            map(self._outcome, lines.outcome),
            details,
            map(self._overruled, lines.overruled, lines.overruled_certain),
        )
        return Table([*column] for column in columns)

    def _detail(self, kind: str, reason: str | None, encoded: bytes | None, inferred: int | None) -> str:
        return self._reason(reason) if reason else words.detail(kind, None, encoded, inferred=bool(inferred))


def _phrases(table: dict[str, Any]) -> Callable[[str | None], str]:
    """What a code of the table is called; each is asked for once."""
    return cache(lambda code: words.phrase(table, code) if code else "")


def _overruled(reason: str | None, certain: int | None) -> str:
    return words.overruled(reason, certain=bool(certain)) if reason else ""


def _read(question: Question, before: int | None, limit: int) -> Portion:
    found = extract.lines(question.session, question.asked.log, before or question.head + 1, limit + 1)
    rows = _Told(question).rows(found)
    return Portion(rows[:limit], found.place[limit - 1] if len(rows) > limit else None)


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
    stamps=frozenset({2}),
)  # fmt: skip
