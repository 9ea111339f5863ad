"""Permissions: a cardholder is given an area or an access level. One person asks, another decides, anyone revokes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, and_, func, or_, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import access_level as levels
from controller.people.access_level import AccessLevel, AccessLevelArea, Opening
from controller.people.attribute import Attribute, holds
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.people.two_people import require_second_person
from controller.people.validity import require_validity
from controller.premises import area as areas
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.refusal import Refused

Fits = Callable[[Session, "Grant"], None]
LONGEST_PRIVATE = timedelta(days=366)
"""A permission for a private area is looked at again once a year, or it ends."""


class GrantState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    REVOKED = "revoked"


class Grant(Base):
    """An area (or an access level) for a cardholder: asked for by one operator, decided by another.

    Valid while valid_from <= now < valid_until (null: no end). ledger_sequence: the row of the last change.
    """

    __tablename__ = "access_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    access_level_id: Mapped[int | None] = mapped_column(ForeignKey("access_level.id"))
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))
    essential: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(16))
    requested_by: Mapped[int] = mapped_column(ForeignKey("operator.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_note: Mapped[str] = mapped_column(String(400), default="")
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoke_reason: Mapped[str] = mapped_column(String(400), default="")
    ledger_sequence: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_access_grant_area_id_state", "area_id", "state"),)

    def in_force(self, now: datetime) -> bool:
        begun = self.valid_from <= now
        return self.state == GrantState.APPROVED and begun and (self.valid_until is None or now < self.valid_until)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: an area, or what an access level opens, for a cardholder, from when until when (None: as long
    as may be), at which hours (a level has its own), and why."""

    cardholder: Cardholder
    opens: Area | Opening
    valid_from: datetime
    valid_until: datetime | None
    reason: str
    schedule: Schedule | None = None
    essential: bool = False

    @property
    def ends(self) -> datetime | None:
        """When the permission ends by itself; one for a private area always does."""
        if self.valid_until is None and self.opens.private:
            return self.valid_from + LONGEST_PRIVATE
        return self.valid_until

    @property
    def area_id(self) -> int | None:
        return self.opens.id if isinstance(self.opens, Area) else None

    @property
    def access_level_id(self) -> int | None:
        return self.opens.level.id if isinstance(self.opens, Opening) else None


def request(session: Session, by: Operator, now: datetime, wish: Wish) -> Grant:
    """Ask for access; Refused reason-missing, validity-wrong, validity-past, validity-absurd, cardholder-inactive,
    area-open, area-retired, level-retired, level-hours, schedule-retired, validity-too-long, visitor-endless,
    already-requested."""
    if isinstance(wish.opens, Opening):
        # Nobody changes the level between this look at it and the request that rests on it.
        session.refresh(wish.opens.level, with_for_update=True)
        wish = replace(wish, opens=levels.opening(session, wish.opens.level))
    check(session, now, wish)
    asked = Grant(
        cardholder_id=wish.cardholder.id,
        area_id=wish.area_id,
        access_level_id=wish.access_level_id,
        schedule_id=wish.schedule.id if wish.schedule else None,
        essential=wish.essential,
        valid_from=wish.valid_from,
        valid_until=wish.ends,
        reason=wish.reason.strip()[:400],
        state=GrantState.REQUESTED,
        requested_by=by.id,
        requested_at=now,
        ledger_sequence=0,
    )
    session.add(asked)
    session.flush()
    _record(session, Kind.GRANT_REQUESTED, by, now, asked, asked.reason)
    return asked


def approve(session: Session, by: Operator, now: datetime, asked: Grant, fits: Fits, note: str = "") -> None:
    """Put a request in force. Refused same-person, not-independent, already-decided, cardholder-inactive,
    area-retired, validity-past, visitor-endless, and whatever `fits` refuses (a list that would no longer fit one
    message)."""
    _decide(session, by, now, asked, GrantState.APPROVED, note)
    require_second_person(session, asked.requested_by, by)
    if asked.valid_until is not None and asked.valid_until <= now:
        raise Refused("validity-past")
    holder = session.get_one(Cardholder, asked.cardholder_id)
    if not holder.active:
        raise Refused("cardholder-inactive")
    if asked.valid_until is None and holds(session, holder, Attribute.VISITOR):
        raise Refused("visitor-endless")
    if asked.area_id is not None:
        areas.require_service(session.get_one(Area, asked.area_id))
    session.flush()
    fits(session, asked)
    _record(session, Kind.GRANT_APPROVED, by, now, asked, note)


def decline(session: Session, by: Operator, now: datetime, asked: Grant, note: str) -> None:
    """Refuse a request, with a reason; Refused same-person, already-decided, reason-missing."""
    if not note.strip():
        raise Refused("reason-missing")
    _decide(session, by, now, asked, GrantState.DECLINED, note)
    _record(session, Kind.GRANT_DECLINED, by, now, asked, note)


def revoke(session: Session, by: Operator, now: datetime, given: Grant, reason: str) -> None:
    """End a permission or withdraw a request, at once and by one person; Refused reason-missing, not-in-force."""
    if not reason.strip():
        raise Refused("reason-missing")
    session.refresh(given, with_for_update=True)
    if given.state not in (GrantState.APPROVED, GrantState.REQUESTED):
        raise Refused("not-in-force")
    given.state, given.revoked_by, given.revoked_at = GrantState.REVOKED, by.id, now
    given.revoke_reason = reason.strip()[:400]
    _record(session, Kind.GRANT_REVOKED, by, now, given, given.revoke_reason)


def withdraw(session: Session, by: Operator, now: datetime, asked: Grant, reason: str) -> None:
    """End a request, unless somebody has decided it; Refused reason-missing, already-decided."""
    session.refresh(asked, with_for_update=True)
    if asked.state != GrantState.REQUESTED:
        raise Refused("already-decided")
    revoke(session, by, now, asked, reason)


def waiting(session: Session) -> Sequence[Grant]:
    """Requests that nobody has decided, the oldest first."""
    statement = select(Grant).where(Grant.state == GrantState.REQUESTED)
    return session.scalars(statement.order_by(Grant.requested_at, Grant.id)).all()


def in_force(session: Session, area: Area, now: datetime) -> Sequence[Grant]:
    """The grants by which somebody may enter `area` now (active cardholders only), by id."""
    opening = select(AccessLevelArea.access_level_id).where(AccessLevelArea.area_id == area.id)
    statement = select(Grant).join(Cardholder, Cardholder.id == Grant.cardholder_id).where(_current(now))
    statement = statement.where(or_(Grant.area_id == area.id, Grant.access_level_id.in_(opening)))
    return session.scalars(statement.order_by(Grant.id)).all()


def counts_in_force(session: Session, now: datetime) -> dict[int, int]:
    """How many `in_force` would name for each area, by its id; those of which it would name none are missing."""
    current = _current(now)
    direct = select(Grant.area_id).join(Cardholder, Cardholder.id == Grant.cardholder_id)
    by_level = (
        select(AccessLevelArea.area_id)
        .join(Grant, Grant.access_level_id == AccessLevelArea.access_level_id)
        .join(Cardholder, Cardholder.id == Grant.cardholder_id)
    )
    every = union_all(direct.where(current, Grant.area_id.is_not(None)), by_level.where(current)).subquery()
    counted = select(every.c.area_id, func.count()).group_by(every.c.area_id)
    return {row[0]: row[1] for row in session.execute(counted)}


def _current(now: datetime) -> ColumnElement[bool]:
    """Of permissions and their cardholders: in force now."""
    return and_(
        Grant.state == GrantState.APPROVED,
        Grant.valid_from <= now,
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
        Cardholder.present_at(now),
    )


def areas_of(session: Session, grant: Grant) -> Sequence[Area]:
    """What a permission opens: its area, or those of its access level as it is now."""
    found = opens(session, grant)
    return found.areas if isinstance(found, Opening) else (found,)


def opens(session: Session, grant: Grant) -> Area | Opening:
    """The same as somebody would ask for it anew."""
    if grant.access_level_id is None:
        return session.get_one(Area, grant.area_id)
    return levels.opening(session, session.get_one(AccessLevel, grant.access_level_id))


def of_level(session: Session, level: AccessLevel, now: datetime) -> Sequence[Grant]:
    """Requests for it that wait and permissions by it that have not ended, by id."""
    mine = select(Grant).where(Grant.access_level_id == level.id, living(now))
    return session.scalars(mine.order_by(Grant.id)).all()


def counts_by_level(session: Session, now: datetime) -> dict[int, int]:
    """How many `of_level` would name for each level, by its id; those of which it would name none are missing."""
    counted = select(Grant.access_level_id, func.count()).where(Grant.access_level_id.is_not(None), living(now))
    rows = session.execute(counted.group_by(Grant.access_level_id))
    return {level_id: count for level_id, count in rows if level_id is not None}


def living(now: datetime) -> ColumnElement[bool]:
    """Of permissions: waiting, or given and not at their end."""
    return and_(
        Grant.state.in_((GrantState.REQUESTED, GrantState.APPROVED)),
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
    )


def of_cardholder(session: Session, holder: Cardholder) -> Sequence[Grant]:
    """Everything that was ever asked for `holder`, the newest first."""
    statement = select(Grant).where(Grant.cardholder_id == holder.id)
    return session.scalars(statement.order_by(Grant.requested_at.desc(), Grant.id.desc())).all()


def check(session: Session, now: datetime, wish: Wish) -> None:
    """Whether `wish` may be asked for at all; Refused as `request`."""
    if not wish.reason.strip():
        raise Refused("reason-missing")
    if not wish.cardholder.active:
        raise Refused("cardholder-inactive")
    if isinstance(wish.opens, Opening):
        _check_level(wish.opens.level, wish)
    elif wish.opens.open:
        raise Refused("area-open")
    else:
        areas.require_service(wish.opens)
    if wish.schedule is not None and wish.schedule.retired_at is not None:
        raise Refused("schedule-retired")
    require_validity(now, wish.valid_from, wish.ends)
    if wish.opens.private and wish.ends is not None and wish.ends - wish.valid_from > LONGEST_PRIVATE:
        raise Refused("validity-too-long")
    if wish.valid_until is None and holds(session, wish.cardholder, Attribute.VISITOR):
        raise Refused("visitor-endless")
    same = select(Grant).where(
        Grant.cardholder_id == wish.cardholder.id,
        Grant.area_id == wish.area_id if wish.area_id else Grant.access_level_id == wish.access_level_id,
        Grant.state.in_((GrantState.REQUESTED, GrantState.APPROVED)),
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
    )
    schedule_id = wish.schedule.id if wish.schedule else None
    for each in session.scalars(same):
        overlaps = wish.ends is None or each.valid_from < wish.ends
        overlaps = overlaps and (each.valid_until is None or wish.valid_from < each.valid_until)
        if overlaps and each.schedule_id == schedule_id and each.essential == wish.essential:
            raise Refused("already-requested")


def _check_level(level: AccessLevel, wish: Wish) -> None:
    if level.retired_at is not None:
        raise Refused("level-retired")
    if wish.schedule is not None:
        raise Refused("level-hours")


def _decide(session: Session, by: Operator, now: datetime, asked: Grant, state: GrantState, note: str) -> None:
    session.refresh(asked, with_for_update=True)
    if asked.state != GrantState.REQUESTED:
        raise Refused("already-decided")
    if asked.requested_by == by.id:
        raise Refused("same-person")
    asked.state, asked.decided_by, asked.decided_at = state, by.id, now
    asked.decision_note = note.strip()[:400]


def _record(session: Session, kind: Kind, by: Operator, now: datetime, grant: Grant, why: str) -> None:
    areas = sorted(area.id for area in areas_of(session, grant))
    subjects = {"grant": grant.id, "cardholder": grant.cardholder_id, "areas": areas}
    if grant.access_level_id is not None:
        subjects["access_level"] = grant.access_level_id
    plain = {
        "valid_from": int(grant.valid_from.timestamp()),
        "valid_until": None if grant.valid_until is None else int(grant.valid_until.timestamp()),
        "schedule": grant.schedule_id,
        "essential": grant.essential,
    }
    grant.ledger_sequence = append(session, kind, by.actor, now, subjects, plain, {"reason": why})
