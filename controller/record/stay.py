"""Stays: who was in which area from when until when, folded from passages one by one, in whatever order they come in.

Every passage begins a stay where it led to, and ends the stay before it. What was not badged is never made up: a stay
whose holder turned up elsewhere ends *inferred*, and a leaving without an entry makes a stay that began nobody knows
when. A passage that comes in late changes its two neighbours only, so the order of reception leaves no trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, Select, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import leaf
from contract.canonical import Object
from controller.database import Base, UtcDateTime
from controller.people import cardholder as cardholders
from controller.people.cardholder import Cardholder
from controller.premises import area as areas
from controller.premises.area import Area
from controller.premises.door import AccessPoint
from controller.premises.site import Site
from controller.record import occupancy
from controller.record.fact import FactRow


class How(StrEnum):
    """How a stay is known. MEASURED: both ends were badged and certain; INFERRED: one of them was not; OPEN: it has no
    end yet."""

    MEASURED = "measured"
    INFERRED = "inferred"
    OPEN = "open"


class Stay(Base):
    """One stay. entered_at: None when the entry was not badged, then `not_before` is the last moment at which the
    holder was known to be elsewhere (or was enrolled); came_from_id: where the entry came from; entry_sequence,
    exit_sequence: ledger rows of the passages that began and ended it, the latter also when it led out of another area
    (then exit_certain is false)."""

    __tablename__ = "stay"

    id: Mapped[int] = mapped_column(primary_key=True)
    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entry_certain: Mapped[bool]
    entry_sequence: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ledger.sequence"))
    came_from_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exit_certain: Mapped[bool | None]
    exit_sequence: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ledger.sequence"))

    # The first finds the neighbours of a passage; the second answers who was inside at a moment; the third says which
    # stays a passage ended, and the last how many began in a time.
    __table_args__ = (
        Index("ix_stay_cardholder_id", "cardholder_id", "entered_at", "entry_sequence"),
        Index("ix_stay_area_id", "area_id", "left_at", "not_before", "cardholder_id"),
        Index("ix_stay_exit_sequence", "exit_sequence"),
        Index("ix_stay_area_id_not_before", "area_id", "not_before", "entered_at", "left_at"),
    )

    @property
    def how(self) -> How:
        if self.left_at is None:
            return How.OPEN
        return How.MEASURED if self.believed else How.INFERRED

    @property
    def believed(self) -> bool:
        """Whether every end that it has so far was badged and certain."""
        return self.entered_at is not None and self.entry_certain and self.exit_certain is not False


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody inside at a moment; `how` is MEASURED or INFERRED as far as is known by now."""

    cardholder: Cardholder
    stay: Stay

    @property
    def how(self) -> How:
        return How.MEASURED if self.stay.believed else How.INFERRED

    def as_object(self) -> Object:
        """What API and commands say; `since` is null when the entry was not badged."""
        entered, left = self.stay.entered_at, self.stay.left_at
        return {
            "cardholder": self.cardholder.id,
            "cardholder_name": self.cardholder.name,
            "since": leaf.written(entered) if entered else None,
            "not_before": leaf.written(self.stay.not_before),
            "left_at": leaf.written(left) if left else None,
            "how": self.how,
            "certain": self.how is How.MEASURED,
        }


@dataclass(frozen=True, slots=True)
class StayFilter:
    """What to list; a field that is None does not narrow. Stays that touch `since` to `until` are listed."""

    area: int | None = None
    cardholder: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def passed(session: Session, row: FactRow, point: AccessPoint) -> None:
    """Fold in one passage through `point`; nothing when nobody is known to have made it."""
    if row.cardholder_id is None:
        return
    at, certain = occupancy.believed(row)
    made = Stay(
        cardholder_id=row.cardholder_id,
        area_id=point.to_area_id,
        not_before=at,
        entered_at=at,
        entry_certain=certain,
        entry_sequence=row.ledger_sequence,
        came_from_id=point.from_area_id,
    )
    before, after = _neighbours(session, row.cardholder_id, at, row.ledger_sequence)
    session.add(made)
    _meet(session, before, made)
    if after is not None:
        _forget_unbadged(session, after)
        _meet(session, made, after)
    session.flush()


def inside_at(
    session: Session, area: Area, at: datetime, after: Stay | None = None, limit: int | None = None
) -> Sequence[Inside]:
    """Who was inside `area` at `at`, past included, in the order of coming; a page of them from beyond `after`."""
    statement = (
        select(Cardholder, Stay)
        .join(Stay, Stay.cardholder_id == Cardholder.id)
        .where(*_at(area, at))
        .order_by(Stay.not_before, Stay.id)
    )
    if after is not None:
        later = and_(Stay.not_before == after.not_before, Stay.id > after.id)
        statement = statement.where(or_(Stay.not_before > after.not_before, later))
    return [Inside(holder, stay) for holder, stay in session.execute(statement.limit(limit))]


def count_inside_at(session: Session, area: Area, at: datetime) -> int:
    """How many `inside_at` would name in all."""
    return session.scalar(select(func.count()).select_from(Stay).where(*_at(area, at))) or 0


def _at(area: Area, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return Stay.area_id == area.id, Stay.not_before <= at, or_(Stay.left_at.is_(None), Stay.left_at > at)


def listed(session: Session, site: Site, wanted: StayFilter, after: int, limit: int) -> Sequence[Stay]:
    """Stays in areas that need permission, by id from beyond `after`."""
    narrowed = _narrowed(site, wanted).where(Stay.id > after).order_by(Stay.id).limit(limit)
    return _in_full(session, session.scalars(narrowed).all())


def newest(
    session: Session, site: Site, wanted: StayFilter, before: int | None, limit: int
) -> Sequence[tuple[Stay, Cardholder, Area]]:
    """The same with whose and where, the one that was recorded last first, by id from below `before`."""
    narrowed = _narrowed(site, wanted)
    if before is not None:
        narrowed = narrowed.where(Stay.id < before)
    stays = _in_full(session, session.scalars(narrowed.order_by(Stay.id.desc()).limit(limit)).all())
    holders = cardholders.by_ids(session, (each.cardholder_id for each in stays))
    rooms = areas.by_ids(session, (each.area_id for each in stays))
    return [(each, holders[each.cardholder_id], rooms[each.area_id]) for each in stays]


def _narrowed(site: Site, wanted: StayFilter) -> Select[int]:
    """The ids of these stays: asked of one index, which holds all that is asked."""
    closed = select(Area.id).where(Area.site_id == site.id, Area.open.is_(False))
    statement = select(Stay.id).where(Stay.area_id.in_(closed))
    if wanted.area is not None:
        statement = statement.where(Stay.area_id == wanted.area)
    if wanted.cardholder is not None:
        statement = statement.where(Stay.cardholder_id == wanted.cardholder)
    if wanted.until is not None:
        statement = statement.where(Stay.not_before < wanted.until)
    if wanted.since is not None:
        statement = statement.where(or_(Stay.left_at.is_(None), Stay.left_at >= wanted.since))
    return statement


def _in_full(session: Session, ids: Sequence[int]) -> Sequence[Stay]:
    """In the order of the ids."""
    found = {each.id: each for each in session.scalars(select(Stay).where(Stay.id.in_(ids)))}
    return [found[each] for each in ids]


def _neighbours(session: Session, holder: int, at: datetime, place: int) -> tuple[Stay | None, Stay | None]:
    """The stays that began last before and first after (at, place), by entries that were badged."""
    mine = select(Stay).where(Stay.cardholder_id == holder)
    same = Stay.entered_at == at
    earlier = mine.where(or_(Stay.entered_at < at, and_(same, Stay.entry_sequence < place)))
    later = mine.where(or_(Stay.entered_at > at, and_(same, Stay.entry_sequence > place)))
    before = session.scalar(earlier.order_by(Stay.entered_at.desc(), Stay.entry_sequence.desc()).limit(1))
    return before, session.scalar(later.order_by(Stay.entered_at, Stay.entry_sequence).limit(1))


def _meet(session: Session, earlier: Stay | None, later: Stay) -> None:
    """`later` is the first passage after the one that began `earlier`: it ends that stay, badged or inferred."""
    badged = earlier is not None and earlier.area_id == later.came_from_id
    if earlier is not None:
        earlier.left_at, earlier.exit_sequence = later.entered_at, later.entry_sequence
        earlier.exit_certain = badged and later.entry_certain
    if not badged and not session.get_one(Area, later.came_from_id).open:
        session.add(_unbadged(session, earlier, later))


def _unbadged(session: Session, earlier: Stay | None, later: Stay) -> Stay:
    """The stay that `later` ended and that nobody saw begin."""
    born = session.get_one(Cardholder, later.cardholder_id).created_at
    return Stay(
        cardholder_id=later.cardholder_id,
        area_id=later.came_from_id,
        not_before=min(born, later.not_before) if earlier is None else earlier.not_before,
        entry_certain=False,
        left_at=later.entered_at,
        exit_certain=later.entry_certain,
        exit_sequence=later.entry_sequence,
    )


def _forget_unbadged(session: Session, later: Stay) -> None:
    """Take back the stay that was inferred from `later`: what is known before it has changed."""
    of_holder = select(Stay).where(Stay.cardholder_id == later.cardholder_id, Stay.entered_at.is_(None))
    for each in session.scalars(of_holder.where(Stay.exit_sequence == later.entry_sequence)):
        session.delete(each)
