"""Saved reports: which list, by which filters, under a name, for everybody who may see that list.

The law: filters are ids, codes, days and periods, never names; what they mean is asked anew whenever the report is run.
The name is an operator's own words: in the ledger it stands as an opening, which can be erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.operator import Operator
from controller.premises.site import Site
from controller.refusal import Refused

MOST = 200


class SavedReport(Base):
    """report: the key of a list; filters: canonical JSON, each name with its values."""

    __tablename__ = "saved_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(120))
    report: Mapped[str] = mapped_column(String(32))
    filters: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[int] = mapped_column(ForeignKey("operator.id"))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("site_id", "name"),)

    def narrowed(self) -> Mapping[str, Sequence[str]]:
        """The filters, each with its values."""
        found = canonical.decode(self.filters.encode())
        kept = found if isinstance(found, dict) else {}
        return {name: [str(each) for each in values] for name, values in kept.items() if isinstance(values, list)}


@dataclass(frozen=True, slots=True)
class Saving:
    """What is to be saved: the list, its filters, and what to call it."""

    report: str
    narrowed: Mapping[str, Sequence[str]]
    name: str


def save(session: Session, by: Operator, now: datetime, site: Site, wanted: Saving) -> SavedReport:
    """A new saved report; Refused name-missing, text-wrong, saved-name-taken, saved-full."""
    name = line.told(wanted.name)
    if session.scalar(select(SavedReport.id).where(SavedReport.site_id == site.id, SavedReport.name == name)):
        raise Refused("saved-name-taken")
    if (session.scalar(select(func.count(SavedReport.id)).where(SavedReport.site_id == site.id)) or 0) >= MOST:
        raise Refused("saved-full")
    filters = canonical.encode({key: list(values) for key, values in wanted.narrowed.items()}).decode()
    row = SavedReport(site_id=site.id, name=name, report=wanted.report, filters=filters, saved_by=by.id, saved_at=now)
    session.add(row)
    session.flush()
    _record(session, Kind.REPORT_SAVED, by, now, row)
    return row


def remove(session: Session, by: Operator, now: datetime, row: SavedReport) -> None:
    """No longer offer it; what was taken out by it stays recorded."""
    _record(session, Kind.REPORT_REMOVED, by, now, row)
    session.delete(row)
    session.flush()


def of_site(session: Session, site: Site) -> Sequence[SavedReport]:
    """Every saved report, by name."""
    rows = select(SavedReport).where(SavedReport.site_id == site.id).order_by(SavedReport.name, SavedReport.id)
    return session.scalars(rows).all()


def _record(session: Session, kind: Kind, by: Operator, now: datetime, row: SavedReport) -> None:
    plain = {"report": row.report, "narrowed": {name: list(values) for name, values in row.narrowed().items()}}
    append(session, kind, by.actor, now, {"operator": by.id, "saved": row.id}, plain, {"name": row.name})
