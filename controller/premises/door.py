"""Doors and their access points: an entry and an exit are two access points on one door.

The law: a door is never deleted. One that is retired goes on being named by the record; whatever looks at the doors of
today asks for those in service, and says so where it asks for all that there ever were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, String, UniqueConstraint, case, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.formats import FORMATS
from contract.policy import Direction, ExitMode, Relock
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import format as formats
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.rules import DoorRules, PointRules
from controller.premises.site import Site, require_key
from controller.refusal import Refused

LONGEST_FORMATS = 240
"""Of the names at one access point, as they are kept."""


class Moving(StrEnum):
    """Of a door that goes to another agent. LEAVING: it is in no list until its former agent lets go of it; ARRIVING:
    its new agent has not yet adopted the list that names it, or never said that one of its readers is fitted."""

    LEAVING = "leaving"
    ARRIVING = "arriving"


class Door(Base):
    """One doorway, driven by one agent. retired_at: since when it is in no list and guards nothing; moving:
    a `Moving` while it is on its way to that agent."""

    __tablename__ = "door"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    key: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    release_ms: Mapped[int]
    held_open_s: Mapped[int]
    extended_ms: Mapped[int]
    extended_held_open_s: Mapped[int]
    pre_alarm_s: Mapped[int]
    shunt_ms: Mapped[int]
    relock: Mapped[str] = mapped_column(String(16))
    unlock_schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))
    unlock_first: Mapped[bool] = mapped_column(default=False)
    may_hold: Mapped[bool] = mapped_column(default=False)
    tailgate_s: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moving: Mapped[str | None] = mapped_column(String(8))

    __table_args__ = (UniqueConstraint("site_id", "key"),)

    @property
    def rules(self) -> DoorRules:
        return DoorRules(
            self.release_ms,
            self.held_open_s,
            self.extended_ms,
            self.extended_held_open_s,
            self.pre_alarm_s,
            self.shunt_ms,
            Relock(self.relock),
            self.unlock_schedule_id,
            self.unlock_first,
            self.may_hold,
            self.tailgate_s,
        )

    @rules.setter
    def rules(self, rules: DoorRules) -> None:
        self.release_ms, self.held_open_s = rules.release_ms, rules.held_open_s
        self.extended_ms, self.extended_held_open_s = rules.extended_ms, rules.extended_held_open_s
        self.pre_alarm_s, self.shunt_ms, self.relock = rules.pre_alarm_s, rules.shunt_ms, rules.relock
        self.unlock_schedule_id, self.unlock_first = rules.unlock, rules.unlock_first
        self.may_hold, self.tailgate_s = rules.may_hold, rules.tailgate_s


class AccessPoint(Base):
    """One direction through one door. `formats` are names separated by spaces; `exit_mode` is null on entries."""

    __tablename__ = "access_point"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    door_id: Mapped[int] = mapped_column(ForeignKey("door.id"), index=True)
    key: Mapped[str] = mapped_column(String(32))
    direction: Mapped[str] = mapped_column(String(8))
    from_area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    to_area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    exit_mode: Mapped[str | None] = mapped_column(String(16))
    formats: Mapped[str] = mapped_column(String(LONGEST_FORMATS))
    card_again_s: Mapped[int] = mapped_column(default=0)
    door_again_s: Mapped[int] = mapped_column(default=0)

    __table_args__ = (UniqueConstraint("site_id", "key"),)

    @property
    def rules(self) -> PointRules:
        return PointRules(ExitMode(self.exit_mode) if self.exit_mode else None, self.card_again_s, self.door_again_s)

    @rules.setter
    def rules(self, rules: PointRules) -> None:
        self.exit_mode, self.card_again_s, self.door_again_s = rules.exit_mode, rules.card_again_s, rules.door_again_s

    @property
    def guarded_area_id(self) -> int:
        """The area whose permissions decide here."""
        return self.to_area_id if self.direction == Direction.ENTRY else self.from_area_id


GUARDED_AREA_ID = case(
    (AccessPoint.direction == Direction.ENTRY, AccessPoint.to_area_id), else_=AccessPoint.from_area_id
)
"""`guarded_area_id` as the database finds it."""


@dataclass(frozen=True, slots=True)
class DoorPlan:
    """The times are those of `contract.policy.DoorPolicy`; relock is `opened` or `closed`."""

    key: str
    name: str
    name_ja: str
    release_ms: int = 5000
    held_open_s: int = 30
    extended_ms: int = 15_000
    extended_held_open_s: int = 60
    pre_alarm_s: int = 0
    shunt_ms: int = 500
    relock: str = Relock.CLOSED


@dataclass(frozen=True, slots=True)
class AccessPointPlan:
    key: str
    direction: Direction
    from_area: Area
    to_area: Area
    formats: tuple[str, ...]
    exit_mode: ExitMode | None = None


def make(
    session: Session, actor: str, now: datetime, site: Site, agent: Agent, plan: DoorPlan, reason: str = ""
) -> Door:
    """A new door at `agent`; reason: empty where the installer's description makes it. Refused key-wrong, key-taken,
    building-wrong."""
    if by_key(session, site, require_key(plan.key)) is not None:
        raise Refused("key-taken", key=plan.key)
    door = Door(
        site_id=site.id,
        agent_id=agent.id,
        key=plan.key,
        name=plan.name,
        name_ja=plan.name_ja,
        rules=_planned(plan),
    )
    session.add(door)
    session.flush()
    subjects = {"door": door.id, "agent": agent.id}
    append(session, Kind.DOOR_MADE, actor, now, subjects, {"key": plan.key}, line.opening(reason))
    return door


def add_access_point(
    session: Session, actor: str, now: datetime, door: Door, plan: AccessPointPlan, reason: str = ""
) -> AccessPoint:
    """A new access point on `door`; Refused key-wrong, key-taken, exit-mode-missing, format-unknown."""
    require_key(plan.key)
    taken = select(AccessPoint.id).where(AccessPoint.site_id == door.site_id, AccessPoint.key == plan.key)
    if session.scalar(taken) is not None:
        raise Refused("key-taken", key=plan.key)
    if (plan.direction is Direction.EXIT) != (plan.exit_mode is not None):
        raise Refused("exit-mode-missing", access_point=plan.key)
    point = AccessPoint(
        site_id=door.site_id,
        door_id=door.id,
        key=plan.key,
        direction=plan.direction,
        from_area_id=plan.from_area.id,
        to_area_id=plan.to_area.id,
        exit_mode=plan.exit_mode,
        formats=_named(session, door.site_id, plan.formats),
    )
    session.add(point)
    session.flush()
    subjects = {"door": door.id, "areas": [plan.from_area.id, plan.to_area.id]}
    plain = {"key": plan.key, "direction": plan.direction, "exit_mode": plan.exit_mode, "formats": point.formats}
    append(session, Kind.ACCESS_POINT_MADE, actor, now, subjects, plain, line.opening(reason))
    return point


def change_formats(
    session: Session, actor: str, now: datetime, point: AccessPoint, names: Sequence[str], reason: str
) -> None:
    """Let an access point read cards of these formats and of no others; Refused reason-missing, format-unknown,
    door-retired. Nothing is recorded when it does already."""
    why, wanted = line.reason(reason), _named(session, point.site_id, names)
    require_service(session.get_one(Door, point.door_id))
    session.refresh(point, with_for_update=True)
    before, point.formats = point.formats, wanted
    if wanted == before:
        return
    subjects = {"access_point": point.id, "door": point.door_id, "areas": [point.guarded_area_id]}
    plain = {"changed": {"formats": [before, wanted]}}
    append(session, Kind.READER_CHANGED, actor, now, subjects, plain, line.opening(why))


def _named(session: Session, site_id: int, names: Sequence[str]) -> str:
    """The names as a row keeps them; Refused format-unknown for none, and for one that nobody knows."""
    own = formats.named(session, site_id, names)
    unknown = sorted(set(names) - FORMATS.keys() - own.keys())
    if not names or unknown or len(" ".join(names)) > LONGEST_FORMATS:
        raise Refused("format-unknown", format=", ".join(unknown)[:80])
    return " ".join(dict.fromkeys(names))


def _planned(plan: DoorPlan) -> DoorRules:
    """Within the bounds of a list; Refused building-wrong."""
    try:
        wished = DoorRules(
            plan.release_ms,
            plan.held_open_s,
            plan.extended_ms,
            plan.extended_held_open_s,
            plan.pre_alarm_s,
            plan.shunt_ms,
            Relock(plan.relock),
        )
        return DoorRules.from_object(wished.as_object())
    except ValueError as flaw:
        raise Refused("building-wrong", door=plan.key) from flaw


def require_service(door: Door) -> None:
    """Refused door-retired."""
    if door.retired_at is not None:
        raise Refused("door-retired", door=door.key)


def require_formats(session: Session, door: Door) -> None:
    """Refused format-unknown when one of its readers reads what the site no longer knows."""
    for point in access_points(session, door):
        _named(session, door.site_id, point.formats.split())


def serving() -> ColumnElement[bool]:
    """Of access points: that their door is in service."""
    return AccessPoint.door_id.in_(select(Door.id).where(Door.retired_at.is_(None)))


def by_key(session: Session, site: Site, key: str) -> Door | None:
    return session.scalar(select(Door).where(Door.site_id == site.id, Door.key == key))


def access_point_by_key(session: Session, site: Site, key: str) -> AccessPoint | None:
    return session.scalar(select(AccessPoint).where(AccessPoint.site_id == site.id, AccessPoint.key == key))


def points_of_site(session: Session, site: Site) -> Sequence[AccessPoint]:
    """Those of doors in service, by key."""
    mine = select(AccessPoint).where(AccessPoint.site_id == site.id, serving())
    return session.scalars(mine.order_by(AccessPoint.key)).all()


def entries_into(session: Session, area: Area) -> Sequence[AccessPoint]:
    """The entries of doors in service that lead into `area`, by key."""
    coming = (AccessPoint.direction == Direction.ENTRY, AccessPoint.to_area_id == area.id, serving())
    return session.scalars(select(AccessPoint).where(*coming).order_by(AccessPoint.key)).all()


def exits_from(session: Session, area: Area) -> Sequence[AccessPoint]:
    """The exits of doors in service that lead out of `area`, by key."""
    leaving = (AccessPoint.direction == Direction.EXIT, AccessPoint.from_area_id == area.id, serving())
    return session.scalars(select(AccessPoint).where(*leaving).order_by(AccessPoint.key)).all()


def reading(session: Session, site: Site) -> dict[str, list[AccessPoint]]:
    """By name of a card format: the access points that read it, by their keys."""
    found: dict[str, list[AccessPoint]] = {}
    for point in points_of_site(session, site):
        for name in point.formats.split():
            found.setdefault(name, []).append(point)
    return found


def of_site(session: Session, site: Site) -> Sequence[Door]:
    """The doors in service, by name."""
    return [door for door in ever_of_site(session, site) if door.retired_at is None]


def ever_of_site(session: Session, site: Site) -> Sequence[Door]:
    """The same, and those that are retired: what the record may name."""
    return session.scalars(select(Door).where(Door.site_id == site.id).order_by(Door.name, Door.id)).all()


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Door]:
    """Those of these doors that are there, by id."""
    return {each.id: each for each in session.scalars(select(Door).where(Door.id.in_(set(ids))))}


def of_agent(session: Session, agent: Agent) -> Sequence[Door]:
    """The doors in service that `agent` drives, by key."""
    return [door for door in ever_of_agent(session, agent) if door.retired_at is None]


def listed_of_agent(session: Session, agent: Agent) -> Sequence[Door]:
    """Those of them that its list names: without the ones that another agent has not let go of yet."""
    return [door for door in of_agent(session, agent) if door.moving != Moving.LEAVING]


def ever_of_agent(session: Session, agent: Agent) -> Sequence[Door]:
    """The same, and those that are retired: what its facts may speak of."""
    return session.scalars(select(Door).where(Door.agent_id == agent.id).order_by(Door.key)).all()


def of_area(session: Session, area: Area) -> Sequence[Door]:
    """The doors in service that guard `area`: those with an access point whose permissions are the area's."""
    return of_areas(session, [area.id]).get(area.id, [])


def of_areas(session: Session, area_ids: Iterable[int]) -> dict[int, list[Door]]:
    """The same of many areas by their ids, in one statement; an area that no door guards is missing."""
    return _guarding(session, GUARDED_AREA_ID.in_(set(area_ids)), Door.retired_at.is_(None))


def ever_of_area(session: Session, area: Area) -> Sequence[Door]:
    """The same, and those that are retired: where something may have happened."""
    return _guarding(session, GUARDED_AREA_ID.in_([area.id])).get(area.id, [])


def touching(session: Session, area: Area) -> Sequence[Door]:
    """The doors in service that lead into `area` or out of it, whether they guard it or not."""
    at = select(AccessPoint.door_id).where(or_(AccessPoint.from_area_id == area.id, AccessPoint.to_area_id == area.id))
    here = select(Door).where(Door.id.in_(at), Door.retired_at.is_(None))
    return session.scalars(here.order_by(Door.key)).all()


def guarding(session: Session, site: Site) -> dict[int, list[Door]]:
    """The doors of every area of the site as `of_area` gives them, by area id, in one statement."""
    return _guarding(session, Door.site_id == site.id, Door.retired_at.is_(None))


def _guarding(session: Session, *among: ColumnElement[bool]) -> dict[int, list[Door]]:
    statement = select(Door, GUARDED_AREA_ID).join(AccessPoint, AccessPoint.door_id == Door.id).where(*among)
    found: dict[int, dict[int, Door]] = {}
    for door, area_id in session.execute(statement.order_by(Door.key)):
        found.setdefault(area_id, {})[door.id] = door
    return {area_id: list(guarded.values()) for area_id, guarded in found.items()}


def access_points(session: Session, door: Door) -> Sequence[AccessPoint]:
    """The access points of `door`, the entry first."""
    return access_points_of_each(session, [door.id]).get(door.id, [])


def access_points_of_each(session: Session, door_ids: Iterable[int]) -> dict[int, list[AccessPoint]]:
    """The same of many doors by their ids, in one statement; a door without any is missing."""
    statement = select(AccessPoint).where(AccessPoint.door_id.in_(set(door_ids)))
    found: dict[int, list[AccessPoint]] = {}
    for point in session.scalars(statement.order_by(AccessPoint.direction, AccessPoint.key)):
        found.setdefault(point.door_id, []).append(point)
    return found
