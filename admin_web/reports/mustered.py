"""The muster as a file: who is inside now, room by room, and of whom that is certain."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _

from admin_web import shown
from admin_web.reports.report import Cell, Linked, Marked, Portion, Question, Report, Row, person, sliced
from controller.people.access import Permission
from controller.record import muster
from controller.record.muster import Mustered


def _rows(question: Question) -> list[Row]:
    every = muster.of_rooms(question.session, question.site, question.asked.log.area)
    return [row for room in every for row in _room(room)]


def _room(room: Mustered) -> Iterator[Row]:
    """Its people, or one row that says that there is nobody: a room that is left out might have been forgotten."""
    name = Linked(shown.named(room.area), "rooms.page", {"key": room.area.key})
    for each in room.people:
        holder = each.cardholder
        yield name, person(holder), holder.name_kana, holder.number, each.since, _certain(room.is_certain(each))
    if not room.people:
        yield name, str(_("Nobody.")), "", "", None, _certain(room.uncertain is None)


def _certain(certain: bool) -> Cell:
    return Marked(str(_("certain")), "sure") if certain else Marked(str(_("not certain")), "unsure")


def _read(question: Question, beyond: int | None, limit: int) -> Portion:
    return sliced(_rows(question), beyond, limit)


MUSTER = Report(
    key="muster",
    title=_("Muster"),
    told=_("Who is inside now, room by room, and of whom that is certain."),
    empty=_("No rooms yet: the installer sets them up on the controller."),
    headings=(_("Room"), _("Person"), _("Reading"), _("Staff number"), _("Since"), _("Certain?")),
    columns=("room", "person", "reading", "number", "since", "certain"),
    read=_read,
    count=lambda question: len(_rows(question)),
    fields=("area",),
    moments=frozenset({4}),
    permission=Permission.SEE_PEOPLE,
)
