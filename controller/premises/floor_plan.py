"""Floor plans: a picture of each floor, and where on it the doors and rooms are.

The law: a door or a room stands on one plan at most. A change is recorded with what was before, so that it can be
undone; a plan that was removed is kept and shown nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.canonical import Object, Value
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.line import told_twice
from controller.picture import Picture
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site
from controller.refusal import Refused

SIDE: Final = 2400
"""The longer side of a plan's picture, in points."""
FAR: Final = 1000
"""A place on a plan counts thousandths of its width from the left and of its height from the top."""
MOST: Final = 100


class FloorPlan(Base):
    """picture: WebP of width by height points, read only where it is asked for; digest: its SHA-256 as hex."""

    __tablename__ = "floor_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    picture: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    width: Mapped[int]
    height: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PlanMark(Base):
    """Where a door or a room stands: one of the two is set. x, y: 0 to FAR."""

    __tablename__ = "plan_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("floor_plan.id"), index=True)
    door_id: Mapped[int | None] = mapped_column(ForeignKey("door.id"), unique=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), unique=True)
    x: Mapped[int]
    y: Mapped[int]

    __table_args__ = (CheckConstraint("(door_id IS NULL) <> (area_id IS NULL)", "one_thing"),)

    @property
    def thing(self) -> Thing:
        return Thing(Of.AREA, self.area_id or 0) if self.door_id is None else Thing(Of.DOOR, self.door_id)

    @property
    def spot(self) -> Spot:
        return Spot(self.plan_id, self.x, self.y)


class Of(StrEnum):
    DOOR = "door"
    AREA = "area"


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """What a mark is of; id: of the door or area."""

    of: Of
    id: int


@dataclass(frozen=True, slots=True)
class Spot:
    plan: int
    x: int
    y: int


def make(
    session: Session, actor: str, now: datetime, site: Site, names: tuple[str, str], picture: Picture
) -> FloorPlan:
    """A new plan; names: in English and Japanese. Refused name-missing, text-wrong, plans-full."""
    name, name_ja = told_twice(*names)
    if len(of_site(session, site)) >= MOST:
        raise Refused("plans-full")
    plan = FloorPlan(site_id=site.id, name=name, name_ja=name_ja)
    _draw(plan, picture)
    session.add(plan)
    session.flush()
    append(session, Kind.FLOOR_PLAN_MADE, actor, now, {"plan": plan.id}, _described(plan))
    return plan


def change(
    session: Session,
    actor: str,
    now: datetime,
    plan: FloorPlan,
    names: tuple[str, str] | None = None,
    picture: Picture | None = None,
) -> None:
    """Another name, another picture, or both: the marks stay where they are. Nothing is recorded where nothing changes.
    Refused name-missing, text-wrong, not-found (it was removed)."""
    _must_stand(plan)
    before = _described(plan)
    if names is not None:
        plan.name, plan.name_ja = told_twice(*names)
    if picture is not None:
        _draw(plan, picture)
    after = _described(plan)
    if after != before:
        plain: Object = {"before": before, "after": after}
        append(session, Kind.FLOOR_PLAN_CHANGED, actor, now, {"plan": plan.id}, plain)


def remove(session: Session, actor: str, now: datetime, plan: FloorPlan) -> None:
    """Show it nowhere any more; Refused not-found (it was removed)."""
    _must_stand(plan)
    plan.removed_at = now
    append(session, Kind.FLOOR_PLAN_REMOVED, actor, now, {"plan": plan.id}, _described(plan))


def restore(session: Session, actor: str, now: datetime, plan: FloorPlan) -> None:
    """Undo a removal: with every mark that was not put on another plan since. Refused plan-changed (it is
    not removed)."""
    if plan.removed_at is None:
        raise Refused("plan-changed")
    plan.removed_at = None
    append(session, Kind.FLOOR_PLAN_RESTORED, actor, now, {"plan": plan.id}, _described(plan))


def place(
    session: Session, actor: str, now: datetime, plan: FloorPlan, wanted: Mapping[Thing, tuple[int, int] | None]
) -> int | None:
    """Put doors and rooms on the plan, or take them off it (None); the place in the ledger, None where nothing changes.

    Refused plan-place-wrong (no such door or room in service, or beyond the plan), not-found (the plan was removed).
    """
    _must_stand(plan)
    spots = {thing: None if at is None else Spot(plan.id, *at) for thing, at in wanted.items()}
    marks = _marks(session, spots)
    changed = {
        thing: spot
        for thing, spot in spots.items()
        if _spot(marks, thing) != spot and (spot is not None or _spot_on(plan, marks, thing))
    }
    return _move(session, actor, now, plan, marks, changed)


def undo(session: Session, actor: str, now: datetime, plan: FloorPlan, moves: Mapping[Thing, Move]) -> int | None:
    """Put everything that a change moved back to where it was; Refused plan-changed when it was moved again since."""
    _must_stand(plan)
    marks = _marks(session, moves)
    if any(_spot(marks, thing) != move.after for thing, move in moves.items()):
        raise Refused("plan-changed")
    return _move(session, actor, now, plan, marks, {thing: move.before for thing, move in moves.items()})


@dataclass(frozen=True, slots=True)
class Move:
    """None: on no plan."""

    before: Spot | None
    after: Spot | None


def of_site(session: Session, site: Site) -> Sequence[FloorPlan]:
    """The plans that are shown, by name."""
    mine = select(FloorPlan).where(FloorPlan.site_id == site.id, FloorPlan.removed_at.is_(None))
    return session.scalars(mine.order_by(FloorPlan.name, FloorPlan.id)).all()


def removed(session: Session, site: Site) -> Sequence[FloorPlan]:
    """The plans that were removed, the latest first."""
    gone = select(FloorPlan).where(FloorPlan.site_id == site.id, FloorPlan.removed_at.is_not(None))
    return session.scalars(gone.order_by(FloorPlan.removed_at.desc(), FloorPlan.id)).all()


def marks(session: Session, site: Site) -> Sequence[PlanMark]:
    """Every mark on a plan that is shown."""
    shown = select(PlanMark).join(FloorPlan, FloorPlan.id == PlanMark.plan_id)
    mine = shown.where(FloorPlan.site_id == site.id, FloorPlan.removed_at.is_(None))
    return session.scalars(mine.order_by(PlanMark.y, PlanMark.x, PlanMark.id)).all()


def marks_of(session: Session, plan: FloorPlan) -> Sequence[PlanMark]:
    """What stands on one plan, the first placed first."""
    return marks_of_each(session, [plan.id]).get(plan.id, [])


def marks_of_each(session: Session, plan_ids: Iterable[int]) -> dict[int, list[PlanMark]]:
    """The same of many plans by their ids, in one statement; a plan with nothing on it is missing."""
    found: dict[int, list[PlanMark]] = {}
    wanted = select(PlanMark).where(PlanMark.plan_id.in_(set(plan_ids))).order_by(PlanMark.id)
    for mark in session.scalars(wanted):
        found.setdefault(mark.plan_id, []).append(mark)
    return found


def _must_stand(plan: FloorPlan) -> None:
    if plan.removed_at is not None:
        raise Refused("not-found")


def _draw(plan: FloorPlan, picture: Picture) -> None:
    plan.picture, plan.width, plan.height, plan.digest = picture.data, picture.width, picture.height, picture.digest


def _described(plan: FloorPlan) -> Object:
    return {"name": plan.name, "name_ja": plan.name_ja, "picture": plan.digest}


def _marks(session: Session, things: Mapping[Thing, object]) -> dict[Thing, PlanMark]:
    doors = [thing.id for thing in things if thing.of is Of.DOOR]
    areas = [thing.id for thing in things if thing.of is Of.AREA]
    mine = select(PlanMark).where(PlanMark.door_id.in_(doors) | PlanMark.area_id.in_(areas)).with_for_update()
    return {mark.thing: mark for mark in session.scalars(mine)}


def _spot(marks: Mapping[Thing, PlanMark], thing: Thing) -> Spot | None:
    return marks[thing].spot if thing in marks else None


def _spot_on(plan: FloorPlan, marks: Mapping[Thing, PlanMark], thing: Thing) -> bool:
    return thing in marks and marks[thing].plan_id == plan.id


def _move(
    session: Session,
    actor: str,
    now: datetime,
    plan: FloorPlan,
    marks: Mapping[Thing, PlanMark],
    spots: Mapping[Thing, Spot | None],
) -> int | None:
    if not spots:
        return None
    moved: list[Value] = []
    for thing, spot in sorted(spots.items(), key=lambda each: each[0]):
        _must_fit(session, plan, thing, spot)
        moved.append({thing.of: thing.id, "before": _written(_spot(marks, thing)), "after": _written(spot)})
        _put(session, marks.get(thing), thing, spot)
    return append(session, Kind.FLOOR_PLAN_PLACED, actor, now, {"plan": plan.id}, {"moved": moved})


def _must_fit(session: Session, plan: FloorPlan, thing: Thing, spot: Spot | None) -> None:
    found = session.get(Door, thing.id) if thing.of is Of.DOOR else session.get(Area, thing.id)
    inside = spot is None or (0 <= spot.x <= FAR and 0 <= spot.y <= FAR)
    gone = found is not None and spot is not None and found.retired_at is not None
    if found is None or gone or found.site_id != plan.site_id or not inside:
        raise Refused("plan-place-wrong")


def _put(session: Session, mark: PlanMark | None, thing: Thing, spot: Spot | None) -> None:
    if spot is None:
        if mark is not None:
            session.delete(mark)
        return
    if mark is None:
        mark = PlanMark(door_id=thing.id) if thing.of is Of.DOOR else PlanMark(area_id=thing.id)
        session.add(mark)
    mark.plan_id, mark.x, mark.y = spot.plan, spot.x, spot.y


def _written(spot: Spot | None) -> Value:
    return None if spot is None else {"plan": spot.plan, "x": spot.x, "y": spot.y}
