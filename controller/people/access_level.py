"""Access levels: named sets of rooms, each at hours of its own, that a cardholder is given as one.

Who may change one, and by how many people: `level_change`. A level is never deleted: a retired one opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.canonical import Object, Value
from controller.database import Base, UtcDateTime
from controller.premises.area import Area
from controller.premises.site import Site


class AccessLevel(Base):
    """ledger_sequence: the row of the last change of what it opens; 0 for a level older than that column."""

    __tablename__ = "access_level"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120), default="")
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ledger_sequence: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (UniqueConstraint("site_id", "name"),)


class AccessLevelArea(Base):
    """One room of a level, and at which hours; no schedule means always."""

    __tablename__ = "access_level_area"

    access_level_id: Mapped[int] = mapped_column(ForeignKey("access_level.id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))


class AccessLevelAreaLeft(Base):
    """A room that a level opened until `left_at`: cards that it let in still let their holders out for some days."""

    __tablename__ = "access_level_area_left"

    access_level_id: Mapped[int] = mapped_column(ForeignKey("access_level.id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    left_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a level opens at one moment."""

    level: AccessLevel
    areas: tuple[Area, ...]

    @property
    def name(self) -> str:
        return self.level.name

    @property
    def name_ja(self) -> str:
        return self.level.name_ja

    @property
    def private(self) -> bool:
        return any(area.private for area in self.areas)


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """What a level says. rooms: the id of the schedule (None: always) by the id of the area. An empty name_ja is the
    name."""

    name: str
    name_ja: str
    rooms: Mapping[int, int | None]

    def widens(self, before: LevelPlan) -> bool:
        """Whether it opens a room, or a room at an hour, that `before` does not surely open."""
        return any(
            area not in before.rooms or before.rooms[area] not in (None, schedule)
            for area, schedule in self.rooms.items()
        )

    def as_object(self) -> Object:
        """As the ledger tells it."""
        rooms: list[Value] = [[area, self.rooms[area]] for area in sorted(self.rooms)]
        return {"name": self.name, "name_ja": self.name_ja, "rooms": rooms}


def of_site(session: Session, site: Site) -> Sequence[AccessLevel]:
    """All of them by name, retired ones too."""
    return session.scalars(
        select(AccessLevel).where(AccessLevel.site_id == site.id).order_by(AccessLevel.name, AccessLevel.id)
    ).all()


def offered(session: Session, site: Site) -> list[AccessLevel]:
    """Those that a cardholder may be given."""
    return [each for each in of_site(session, site) if each.retired_at is None]


def plan_of(session: Session, level: AccessLevel) -> LevelPlan:
    """What it says now."""
    return plans(session, [level.id])[level.id]


def plans(session: Session, ids: Iterable[int | None]) -> dict[int, LevelPlan]:
    """What each of these levels says now, in two statements; None is none of them."""
    wanted = {each for each in ids if each is not None}
    rooms: dict[int, dict[int, int | None]] = {each: {} for each in wanted}
    for row in session.scalars(select(AccessLevelArea).where(AccessLevelArea.access_level_id.in_(wanted))):
        rooms[row.access_level_id][row.area_id] = row.schedule_id
    found = session.scalars(select(AccessLevel).where(AccessLevel.id.in_(wanted)))
    return {level.id: LevelPlan(level.name, level.name_ja, rooms[level.id]) for level in found}


def areas_of_each(session: Session, ids: Iterable[int]) -> dict[int, list[int]]:
    """The ids of the rooms that each of these levels opens now, in one statement."""
    found: dict[int, list[int]] = {each: [] for each in ids}
    for row in session.scalars(select(AccessLevelArea).where(AccessLevelArea.access_level_id.in_(found))):
        found[row.access_level_id].append(row.area_id)
    return found


def that_open(session: Session, area: Area) -> Sequence[AccessLevel]:
    """The levels that are offered and open `area`, by name."""
    mine = select(AccessLevel).join(AccessLevelArea, AccessLevelArea.access_level_id == AccessLevel.id)
    offered = mine.where(AccessLevelArea.area_id == area.id, AccessLevel.retired_at.is_(None))
    return session.scalars(offered.order_by(AccessLevel.name)).all()


def opening(session: Session, level: AccessLevel) -> Opening:
    """The rooms that it opens now, by name."""
    rooms = select(AccessLevelArea.area_id).where(AccessLevelArea.access_level_id == level.id)
    return Opening(level, tuple(session.scalars(select(Area).where(Area.id.in_(rooms)).order_by(Area.name))))
