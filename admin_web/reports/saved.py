"""Saved reports as their readers see them: what each asks for now, in words, and by which address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.reports import asking, narrowed
from admin_web.reports.asking import Address, Asked
from admin_web.reports.known import EXPORTED, given, page_of, usual
from admin_web.reports.report import Report
from controller.people.operator import Operator
from controller.record import saved_report
from controller.record.saved_report import SavedReport, Saving


@dataclass(frozen=True, slots=True)
class Shown:
    """row: as it was saved; by: who saved it; filters: in words; endpoint, address: where it is run."""

    row: SavedReport
    report: Report
    by: str
    filters: str
    endpoint: str
    address: Address


def kept(report: Report, asked: Asked, name: str) -> int:
    """Save `report` as the operator of this request has narrowed it; the id. Refused as `saved_report.save` says."""
    filters = {key: [value] if isinstance(value, str) else value for key, value in given(report, asked).items()}
    with centre().write() as session:
        wanted = Saving(report.key, filters, name)
        return saved_report.save(session, guard.operator(), now(), centre().site(session), wanted).id


def asked_by(row: SavedReport) -> Asked:
    """What it asks for when it is run now."""
    return usual(
        EXPORTED[row.report],
        asking.read(MultiDict((name, each) for name, values in row.narrowed().items() for each in values)),
    )


def listed(session: Session) -> Sequence[Shown]:
    """Those of the site whose report the operator of this request may see, by name."""
    rows = [row for row in saved_report.of_site(session, centre().site(session)) if is_visible(row)]
    return shown_each(session, rows)


def is_visible(row: SavedReport) -> bool:
    """Whether the operator of this request may see the report that it is of."""
    return row.report in EXPORTED and guard.permitted(EXPORTED[row.report].permission)


def shown(session: Session, row: SavedReport) -> Shown:
    return shown_each(session, [row])[0]


def shown_each(session: Session, rows: Sequence[SavedReport]) -> list[Shown]:
    """In their order; who saved them is read once."""
    wanted = select(Operator).where(Operator.id.in_({row.saved_by for row in rows}))
    by = {each.id: each.display_name for each in session.scalars(wanted)}
    return [_shown(session, row, by[row.saved_by]) for row in rows]


def _shown(session: Session, row: SavedReport, by: str) -> Shown:
    report, asked = EXPORTED[row.report], asked_by(row)
    endpoint = page_of(report.key)
    place = {"key": report.key} if endpoint == "reports.page" else {}
    filters = narrowed.in_words(session, report, asked)
    return Shown(row, report, by, filters, endpoint, {**place, **given(report, asked)})
