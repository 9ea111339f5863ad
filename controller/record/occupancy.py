"""Who is where: folded from passages, never set by hand. What is not certain is said to be so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, delete, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.people.cardholder import Cardholder
from controller.premises.area import Area
from controller.record.fact import FactRow


class Presence(Base):
    """The area a cardholder last passed into; `certain` is false after an inferred passage."""

    __tablename__ = "presence"

    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    certain: Mapped[bool]


class AreaUncertainty(Base):
    """From when until when, and through what (a kind of fact, or FACTS_MISSING), it was not certain who is in an area;
    until: None while it is not. At most one row of an area goes on."""

    __tablename__ = "area_uncertainty"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[str] = mapped_column(String(24))

    __table_args__ = (Index("ix_area_uncertainty_area_id_until", "area_id", "until"),)


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody believed inside."""

    cardholder: Cardholder
    since: datetime
    certain: bool


def passed(session: Session, row: FactRow, to_area_id: int) -> None:
    """Move the holder of a passage, unless a later passage has already moved them."""
    if row.cardholder_id is None:
        return
    at, certain = believed(row)
    known = session.get(Presence, row.cardholder_id)
    if known is None:
        session.add(Presence(cardholder_id=row.cardholder_id, area_id=to_area_id, since=at, certain=certain))
    elif known.since <= at:
        known.area_id, known.since, known.certain = to_area_id, at, certain


def believed(row: FactRow) -> tuple[datetime, bool]:
    """When a passage counts, and whether it is certain.

    A clock that cannot be believed orders nothing: such passages count in the order of reception, and as uncertain.
    """
    at = min(row.at, row.received_at) if row.trusted else row.received_at
    return at, row.trusted and not row.inferred


def became_uncertain(session: Session, area_id: int, since: datetime, cause: str) -> None:
    """Somebody may have come or gone unseen; a cause that comes in late may be an earlier one, and one from before the
    area was reconciled ended with that."""
    mine = select(AreaUncertainty).where(AreaUncertainty.area_id == area_id)
    ended = mine.where(AreaUncertainty.until > since).order_by(AreaUncertainty.until).limit(1)
    known = session.scalar(ended) or session.scalar(mine.where(AreaUncertainty.until.is_(None)))
    if known is None:
        session.add(AreaUncertainty(area_id=area_id, since=since, cause=cause))
    elif since < known.since:
        known.since, known.cause = since, cause


def reconciled(session: Session, area_ids: Iterable[int], at: datetime) -> None:
    """Somebody looked who is in these areas: it is certain again, and that it was not until now stays known."""
    goes_on = AreaUncertainty.area_id.in_(list(area_ids)) & AreaUncertainty.until.is_(None)
    for row in session.scalars(select(AreaUncertainty).where(goes_on)):
        row.until = max(at, row.since)


def certain_at(session: Session, area_id: int, at: datetime) -> bool:
    """Whether nobody can have come or gone unseen in an area up to `at`, as far as is known by now."""
    over = or_(AreaUncertainty.until.is_(None), AreaUncertainty.until > at)
    unsure = select(AreaUncertainty.id).where(AreaUncertainty.area_id == area_id, AreaUncertainty.since <= at, over)
    return session.scalar(unsure.limit(1)) is None


def inside(session: Session, area: Area) -> Sequence[Inside]:
    """Who is believed inside `area`, in the order of coming."""
    return inside_each(session, [area.id]).get(area.id, [])


def inside_each(session: Session, area_ids: Iterable[int]) -> dict[int, list[Inside]]:
    """The same of many areas by their ids, in one statement; those with nobody inside are missing."""
    statement = (
        select(Presence.area_id, Cardholder, Presence.since, Presence.certain)
        .join(Cardholder, Cardholder.id == Presence.cardholder_id)
        .where(Presence.area_id.in_(list(area_ids)))
        .order_by(Presence.since, Cardholder.id)
    )
    found: dict[int, list[Inside]] = {}
    for area_id, holder, since, certain in session.execute(statement):
        found.setdefault(area_id, []).append(Inside(holder, since, certain))
    return found


def counts(session: Session) -> dict[int, int]:
    """How many are believed inside, by area id."""
    counted = select(Presence.area_id, func.count()).group_by(Presence.area_id)
    return {row[0]: row[1] for row in session.execute(counted)}


def uncertain(session: Session) -> dict[int, AreaUncertainty]:
    """The areas whose presence is not certain now, by area id."""
    goes_on = select(AreaUncertainty).where(AreaUncertainty.until.is_(None))
    return {row.area_id: row for row in session.scalars(goes_on)}


def recompute(session: Session, passages: Sequence[tuple[FactRow, int]]) -> None:
    """Fold presence again from all passages (with the area each led into), in the order of reception."""
    session.execute(delete(Presence))
    for row, to_area_id in passages:
        passed(session, row, to_area_id)
        session.flush()
