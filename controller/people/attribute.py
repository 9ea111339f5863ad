"""What cardholders are and may beyond their permissions: supervisor, visitor, exempt from a rule …

Each is given by somebody for a reason (`attribution`), and stays until it is taken away; what was is in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.record import Flag
from controller.database import Base, UtcDateTime
from controller.people.cardholder import Cardholder
from controller.premises.site import Site


class Attribute(StrEnum):
    """supervisor: makes up for a supervisor; host: brings visitors; visitor: comes in only after a host; override:
    enters in lockdown, evacuation and at any threat level; hold: may hold a door open; the exempt: those rules are not
    applied; clearance: the highest threat level at which this holder enters."""

    SUPERVISOR = "supervisor"
    HOST = "host"
    VISITOR = "visitor"
    OVERRIDE = "override"
    HOLD = "hold"
    PASSBACK_EXEMPT = "passback-exempt"
    OCCUPANCY_EXEMPT = "occupancy-exempt"
    CLEARANCE = "clearance"


EXEMPTIONS = (Attribute.OVERRIDE, Attribute.HOLD, Attribute.PASSBACK_EXEMPT, Attribute.OCCUPANCY_EXEMPT)
"""What lifts a rule for one person, and must stand on a report."""

_FLAGS = {
    Attribute.SUPERVISOR: Flag.SUPERVISOR,
    Attribute.HOST: Flag.HOST,
    Attribute.VISITOR: Flag.VISITOR,
    Attribute.OVERRIDE: Flag.OVERRIDE,
    Attribute.HOLD: Flag.HOLD,
    Attribute.PASSBACK_EXEMPT: Flag.PASSBACK_EXEMPT,
    Attribute.OCCUPANCY_EXEMPT: Flag.OCCUPANCY_EXEMPT,
}


class AttributeRow(Base):
    """One attribute of one cardholder: `value` is 1, or the level of a clearance; since when, by whom, and why."""

    __tablename__ = "cardholder_attribute"

    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    value: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    given_by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(400))


def of_cardholder(session: Session, holder: Cardholder) -> Sequence[AttributeRow]:
    return of_each(session, [holder.id]).get(holder.id, [])


def of_each(session: Session, holder_ids: Iterable[int]) -> dict[int, list[AttributeRow]]:
    """The attributes of many cardholders by their ids, in one statement; who has none is missing."""
    statement = select(AttributeRow).where(AttributeRow.cardholder_id.in_(set(holder_ids)))
    found: dict[int, list[AttributeRow]] = {}
    for row in session.scalars(statement.order_by(AttributeRow.name)):
        found.setdefault(row.cardholder_id, []).append(row)
    return found


def holds(session: Session, holder: Cardholder, attribute: Attribute) -> bool:
    return session.get(AttributeRow, (holder.id, attribute)) is not None


@dataclass(frozen=True, slots=True)
class Exempt:
    """A cardholder, and the rules that are lifted for them: since when, by whom and why."""

    holder: Cardholder
    lifted: Sequence[AttributeRow]

    @property
    def id(self) -> int:
        return self.holder.id


def exemptions(session: Session, site: Site) -> Sequence[Exempt]:
    """Every active cardholder for whom a rule is lifted, in the order of their ids."""
    statement = (
        select(Cardholder, AttributeRow)
        .join(AttributeRow, AttributeRow.cardholder_id == Cardholder.id)
        .where(Cardholder.site_id == site.id, Cardholder.ended_at.is_(None), AttributeRow.name.in_(EXEMPTIONS))
        .order_by(Cardholder.id, AttributeRow.name)
    )
    found: dict[Cardholder, list[AttributeRow]] = {}
    for holder, row in session.execute(statement):
        found.setdefault(holder, []).append(row)
    return [Exempt(holder, lifted) for holder, lifted in found.items()]


def flags_and_clearance(rows: Iterable[AttributeRow]) -> tuple[int, int]:
    """As a record holds them."""
    flags, clearance = 0, 0
    for row in rows:
        if row.name == Attribute.CLEARANCE:
            clearance = row.value
        else:
            flags |= _FLAGS[Attribute(row.name)]
    return flags, clearance


def levels(rows: Iterable[AttributeRow]) -> Mapping[str, int]:
    """Every attribute by name, 0 for what the holder has not."""
    found = {row.name: row.value for row in rows}
    return {str(each): found.get(each, 0) for each in Attribute}
