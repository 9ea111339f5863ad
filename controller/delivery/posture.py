"""The posture of the site: lockdown, evacuation and threat level of areas, lockdown of doors, and forgiven presence.

Every change is a row with a number that counts up, by whom, when and why, and is never altered: what stands now is the
newest change of each kind and place. An area's posture is what was ordered for it or for the whole site, whichever is
stricter, so that ending the one does not end the other. Lists carry it (`Policy.posture` is the number), so it survives
every restart, and it goes out ahead of everything else (`controller.delivery.distribution.overtake`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.policy import DoorMode
from contract.room_rules import HIGHEST_THREAT, Posture
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.operator import SCHEDULE
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import occupancy
from controller.refusal import Refused


class Act(StrEnum):
    LOCKDOWN = "lockdown"
    EVACUATION = "evacuation"
    THREAT = "threat"
    FORGIVE = "forgive"


class PostureChange(Base):
    """One change. area_id, door_id: where (both null: the whole site); value: 0 or 1, or the level of a threat."""

    __tablename__ = "posture_change"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    act: Mapped[str] = mapped_column(String(16))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    door_id: Mapped[int | None] = mapped_column(ForeignKey("door.id"))
    value: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(400))
    ledger_sequence: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_posture_change_place", "site_id", "act", "area_id", "door_id", "number"),
        Index("ix_posture_change_actor", "site_id", "actor", "area_id", "number"),
    )


@dataclass(frozen=True, slots=True)
class Order:
    """What is ordered: of an area, of a door (lockdown only), or, with neither, of the whole site."""

    act: Act
    value: int = 1
    area: Area | None = None
    door: Door | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest change of each kind at each place, and the number of the newest of all."""

    number: int
    orders: Mapping[tuple[str, int | None, int | None], PostureChange]

    def order(self, act: Act, area_id: int | None = None, door_id: int | None = None) -> PostureChange | None:
        return self.orders.get((act, area_id, door_id))

    def of_area(self, area: Area) -> Posture:
        """What the list of a door into `area` says."""
        return Posture(
            self._highest(Act.LOCKDOWN, area) > 0,
            self._highest(Act.EVACUATION, area) > 0,
            self._highest(Act.THREAT, area),
            max((each.number for each in self._of(Act.FORGIVE, area)), default=0),
        )

    def ordered(self, area: Area | None = None) -> Posture:
        """What was ordered for this area alone, or for the whole site: what can be ended there."""
        place = None if area is None else area.id
        lockdown, evacuation, threat, forgiven = (self.order(act, place) for act in Act)
        return Posture(
            bool(lockdown and lockdown.value),
            bool(evacuation and evacuation.value),
            threat.value if threat else 0,
            forgiven.number if forgiven else 0,
        )

    def of_door(self, door_id: int) -> DoorMode:
        found = self.order(Act.LOCKDOWN, door_id=door_id)
        return DoorMode.LOCKDOWN if found is not None and found.value else DoorMode.NORMAL

    def _highest(self, act: Act, area: Area) -> int:
        return max((each.value for each in self._of(act, area)), default=0)

    def _of(self, act: Act, area: Area) -> list[PostureChange]:
        found = (self.order(act), self.order(act, area.id))
        return [each for each in found if each is not None]


def standing(session: Session, site: Site) -> Standing:
    """What stands now."""
    of_site = PostureChange.site_id == site.id
    place = (PostureChange.act, PostureChange.area_id, PostureChange.door_id)
    newest = select(func.max(PostureChange.number)).where(of_site).group_by(*place)
    rows = session.scalars(select(PostureChange).where(of_site, PostureChange.number.in_(newest))).all()
    orders = {(row.act, row.area_id, row.door_id): row for row in rows}
    return Standing(max((row.number for row in rows), default=0), orders)


def number(session: Session, site: Site) -> int:
    """The number of the newest change, 0 when there never was one."""
    return session.scalar(select(func.max(PostureChange.number)).where(PostureChange.site_id == site.id)) or 0


def change(session: Session, actor: str, now: datetime, site: Site, wanted: Order, reason: str) -> PostureChange:
    """Order or end it; Refused reason-missing, posture-wrong, posture-unchanged, area-retired, door-retired."""
    why = reason.strip()[:400]
    if not why:
        raise Refused("reason-missing")
    _must_make_sense(wanted)
    _must_serve(wanted)
    session.refresh(site, with_for_update=True)
    now_standing = standing(session, site)
    area_id, door_id = _place(wanted)
    if unchanged(now_standing, wanted):
        raise Refused("posture-unchanged")
    made = PostureChange(
        site_id=site.id,
        number=now_standing.number + 1,
        act=wanted.act,
        area_id=area_id,
        door_id=door_id,
        value=wanted.value,
        actor=actor,
        at=now,
        reason=why,
        ledger_sequence=0,
    )
    plain = {"posture": made.number, "act": wanted.act, "value": wanted.value}
    subjects = {"areas": [] if area_id is None else [area_id], "door": door_id, "site": site.id}
    made.ledger_sequence = append(session, Kind.POSTURE_CHANGED, actor, now, subjects, plain, {"reason": why})
    session.add(made)
    if wanted.act is Act.FORGIVE:
        of_site = session.scalars(select(Area.id).where(Area.site_id == site.id))
        occupancy.reconciled(session, of_site if area_id is None else [area_id], now)
    session.flush()
    return made


def _must_serve(wanted: Order) -> None:
    """Nothing is ordered of what is retired; what was ordered before can be ended."""
    if wanted.value and wanted.area is not None:
        areas.require_service(wanted.area)
    if wanted.value and wanted.door is not None:
        doors.require_service(wanted.door)


def unchanged(stands: Standing, wanted: Order) -> bool:
    """Whether what is wanted was ordered there already; presence may be forgiven again and again."""
    before = stands.order(wanted.act, *_place(wanted))
    return wanted.act is not Act.FORGIVE and (before.value if before else 0) == wanted.value


def changes(session: Session, site: Site, before: int | None, limit: int) -> Sequence[PostureChange]:
    """The changes before number `before` (None: all), the newest first."""
    statement = select(PostureChange).where(PostureChange.site_id == site.id)
    if before is not None:
        statement = statement.where(PostureChange.number < before)
    return session.scalars(statement.order_by(PostureChange.number.desc()).limit(limit)).all()


def between(session: Session, site: Site, area: Area, since: datetime, until: datetime) -> Sequence[PostureChange]:
    """The changes of a time that concern `area`, one of its doors or the whole site, in order."""
    guarding = [each.id for each in doors.ever_of_area(session, area)]
    here = or_(
        PostureChange.area_id == area.id,
        PostureChange.door_id.in_(guarding),
        PostureChange.area_id.is_(None) & PostureChange.door_id.is_(None),
    )
    within = (PostureChange.site_id == site.id, PostureChange.at >= since, PostureChange.at < until)
    return session.scalars(select(PostureChange).where(*within, here).order_by(PostureChange.number)).all()


def concerned(session: Session, site: Site, after: int) -> set[int]:
    """The agents whose lists the changes after number `after` may alter."""
    newer = (PostureChange.site_id == site.id) & (PostureChange.number > after)
    rows = session.scalars(select(PostureChange).where(newer)).all()
    return {door.agent_id for each in doors_of_each(session, site, rows).values() for door in each}


def doors_of(session: Session, site: Site, row: PostureChange) -> Sequence[Door]:
    """The doors at which this change is to be in force."""
    return doors_of_each(session, site, [row])[row.number]


def doors_of_each(session: Session, site: Site, rows: Collection[PostureChange]) -> dict[int, Sequence[Door]]:
    """The same of many changes by their numbers, in as many statements as for one."""
    named = doors.by_ids(session, (row.door_id for row in rows if row.door_id is not None))
    guarded = doors.of_areas(session, (row.area_id for row in rows if row.area_id is not None))
    whole = any(row.door_id is None and row.area_id is None for row in rows)
    everywhere = {door.id: door for found in doors.guarding(session, site).values() for door in found} if whole else {}
    return {
        row.number: [named[row.door_id]]
        if row.door_id is not None
        else guarded.get(row.area_id, [])
        if row.area_id is not None
        else list(everywhere.values())
        for row in rows
    }


def forgive_due(session: Session, site: Site, now: datetime) -> list[PostureChange]:
    """Forgive where the time of day for it has come since it was last done; one that was missed is made up for once."""
    made: list[PostureChange] = []
    with_time = select(Area).where(Area.site_id == site.id, Area.forgive_since.is_not(None), Area.retired_at.is_(None))
    for area in session.scalars(with_time.order_by(Area.id)):
        minute, since = area.rules.forgive_at, area.forgive_since
        if minute is None or since is None:
            continue
        last = _last_scheduled(session, site, area)
        if latest(site, minute, now) > max(since, last or since):
            why = f"every day at {minute // 60:02}:{minute % 60:02}"
            made.append(change(session, SCHEDULE, now, site, Order(Act.FORGIVE, area=area), why))
    return made


def latest(site: Site, minute: int, now: datetime) -> datetime:
    """When the site's clock last showed this minute of the day: once a day, also where the clock is changed."""
    zone = site.clock
    today = now.astimezone(zone).date()
    hour, rest = divmod(minute, 60)
    shown = datetime(today.year, today.month, today.day, hour, rest, tzinfo=zone)
    if shown.timestamp() > now.timestamp():
        day = today - timedelta(days=1)
        shown = datetime(day.year, day.month, day.day, hour, rest, tzinfo=zone)
    return shown


def _place(wanted: Order) -> tuple[int | None, int | None]:
    return wanted.area.id if wanted.area else None, wanted.door.id if wanted.door else None


def _must_make_sense(wanted: Order) -> None:
    highest = HIGHEST_THREAT if wanted.act is Act.THREAT else 1
    lowest = 1 if wanted.act is Act.FORGIVE else 0
    of_door = wanted.door is not None and (wanted.act is not Act.LOCKDOWN or wanted.area is not None)
    if of_door or not lowest <= wanted.value <= highest or (wanted.area is not None and wanted.area.open):
        raise Refused("posture-wrong")


def _last_scheduled(session: Session, site: Site, area: Area) -> datetime | None:
    mine = select(PostureChange.at).where(
        PostureChange.site_id == site.id, PostureChange.actor == SCHEDULE, PostureChange.area_id == area.id
    )
    return session.scalar(mine.order_by(PostureChange.number.desc()).limit(1))
