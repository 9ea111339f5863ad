"""Making, changing and retiring access levels: what takes away is done at once, what adds waits for a second person.

The law: a level opens more for the people who have it, or for whom it was asked, only when two people agreed to that.
A level that nobody has opens nothing, and whoever approves giving it sees what it opens. One change of a level waits
at a time, so that what is approved is what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, String, Text, and_, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical, shape
from contract.canonical import Value
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import access_level as levels
from controller.people import permission as permissions
from controller.people.access_level import AccessLevel, AccessLevelArea, AccessLevelAreaLeft, LevelPlan
from controller.people.operator import Operator
from controller.people.permission import LONGEST_PRIVATE, Grant
from controller.people.two_people import require_second_person
from controller.premises import area as areas
from controller.premises.area import Area
from controller.premises.calendar import Fits
from controller.premises.schedule import Schedule
from controller.premises.site import Site
from controller.refusal import Refused

MOST_ROOMS = 200


class ChangeState(StrEnum):
    """APPROVED: it was put in force, by a second person or, where it only took away, at once."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class AccessLevelChange(Base):
    """What a level is to say instead: `rooms` holds canonical JSON, {area: schedule or null}. decided_by is null while
    it waits, and for what needed nobody else."""

    __tablename__ = "access_level_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    access_level_id: Mapped[int] = mapped_column(ForeignKey("access_level.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    rooms: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(16))
    requested_by: Mapped[int] = mapped_column(ForeignKey("operator.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_note: Mapped[str] = mapped_column(String(400), default="")
    ledger_sequence: Mapped[int] = mapped_column(BigInteger)

    @property
    def plan(self) -> LevelPlan:
        rooms = canonical.decode_object(self.rooms.encode())
        return LevelPlan(self.name, self.name_ja, {int(area): shape.optional_integer(rooms, area) for area in rooms})


def make(session: Session, by: Operator, now: datetime, site: Site, plan: LevelPlan, reason: str) -> AccessLevel:
    """A new level, which nobody has yet. Refused reason-missing, name-missing, text-wrong, key-taken, level-empty,
    level-rooms, not-found, area-open, area-retired, schedule-retired."""
    level = AccessLevel(site_id=site.id)
    plan = _checked(session, level, plan, reason)
    put(session, level, plan, now)
    plain, why = plan.as_object(), {"reason": reason.strip()[:400]}
    level.ledger_sequence = append(session, Kind.ACCESS_LEVEL_MADE, by.actor, now, _subjects(level, plan), plain, why)
    return level


def change(
    session: Session, by: Operator, now: datetime, level: AccessLevel, plan: LevelPlan, reason: str, fits: Fits
) -> AccessLevelChange:
    """Let it say what `plan` says: at once, or when a second person has approved it (`waits`). Refused as `make`,
    level-retired, level-unchanged, level-change-waits, level-endless, and what `fits` refuses."""
    _hold(session, level)
    plan = _checked(session, level, plan, reason)
    if plan.as_object() == levels.plan_of(session, level).as_object():
        raise Refused("level-unchanged")
    asked = _asked(session, by, now, level, plan, reason)
    if waits(session, level, plan, now):
        _must_end(session, level, plan, now)
        _record(session, Kind.ACCESS_LEVEL_CHANGE_ASKED, by, now, asked, asked.reason)
    else:
        asked.state, asked.decided_at = ChangeState.APPROVED, now
        _adopt(session, by, now, asked, asked.reason)
        fits(session, session.get_one(Site, level.site_id), now)
    return asked


def waits(session: Session, level: AccessLevel, plan: LevelPlan, now: datetime) -> bool:
    """Whether a second person is needed: it opens more, and somebody has it or was it asked for."""
    return plan.widens(levels.plan_of(session, level)) and bool(permissions.of_level(session, level, now))


def approve(
    session: Session, by: Operator, now: datetime, asked: AccessLevelChange, fits: Fits, note: str = ""
) -> None:
    """Put a change in force. Refused already-decided, same-person, not-independent, level-endless, key-taken,
    schedule-retired, and what `fits` refuses."""
    level = _open(session, asked)
    require_second_person(session, asked.requested_by, by)
    _check(session, level, asked.plan)
    _must_end(session, level, asked.plan, now)
    _decide(by, now, asked, ChangeState.APPROVED, note)
    _adopt(session, by, now, asked, asked.decision_note)
    fits(session, session.get_one(Site, level.site_id), now)


def decline(session: Session, by: Operator, now: datetime, asked: AccessLevelChange, note: str) -> None:
    """Leave the level as it is, with a reason; whoever asked withdraws. Refused reason-missing, already-decided."""
    if not note.strip():
        raise Refused("reason-missing")
    _open(session, asked)
    own = asked.requested_by == by.id
    _decide(by, now, asked, ChangeState.WITHDRAWN if own else ChangeState.DECLINED, note)
    _record(session, Kind.ACCESS_LEVEL_CHANGE_DECLINED, by, now, asked, asked.decision_note)


def retire(session: Session, by: Operator, now: datetime, level: AccessLevel, reason: str) -> Sequence[Grant]:
    """No longer offer it, and end every permission and request by it, at once; those that ended. Refused
    reason-missing, level-retired, level-change-waits."""
    if not reason.strip():
        raise Refused("reason-missing")
    _hold(session, level)
    given = permissions.of_level(session, level, now)
    # Every row is locked before the first of them writes to the ledger, as in bundles: no two wait for each other.
    for each in given:
        session.refresh(each, with_for_update=True)
    for each in given:
        permissions.revoke(session, by, now, each, reason)
    level.retired_at = now
    plan, why = levels.plan_of(session, level), {"reason": reason.strip()[:400]}
    subjects, plain = _subjects(level, plan), {"name": level.name}
    level.ledger_sequence = append(session, Kind.ACCESS_LEVEL_RETIRED, by.actor, now, subjects, plain, why)
    return given


def put(session: Session, level: AccessLevel, plan: LevelPlan, now: datetime) -> None:
    """Let its rows say what `plan` says; the ledger is told by who calls."""
    before = levels.plan_of(session, level).rooms if level.id is not None else {}
    level.name, level.name_ja = plan.name, plan.name_ja
    session.add(level)
    session.flush()
    session.execute(delete(AccessLevelArea).where(AccessLevelArea.access_level_id == level.id))
    for area, schedule in plan.rooms.items():
        session.add(AccessLevelArea(access_level_id=level.id, area_id=area, schedule_id=schedule))
    session.execute(delete(AccessLevelAreaLeft).where(_of(level, plan.rooms)))
    for area in before.keys() - plan.rooms.keys():
        session.add(AccessLevelAreaLeft(access_level_id=level.id, area_id=area, left_at=now))
    session.flush()


def _of(level: AccessLevel, rooms: Iterable[int]) -> ColumnElement[bool]:
    return and_(AccessLevelAreaLeft.access_level_id == level.id, AccessLevelAreaLeft.area_id.in_(rooms))


def waiting(session: Session) -> Sequence[AccessLevelChange]:
    """Changes that nobody has decided, the oldest first."""
    statement = select(AccessLevelChange).where(AccessLevelChange.state == ChangeState.REQUESTED)
    return session.scalars(statement.order_by(AccessLevelChange.id)).all()


def of_level(session: Session, level: AccessLevel, most: int) -> Sequence[AccessLevelChange]:
    """Its latest changes, the newest first."""
    statement = select(AccessLevelChange).where(AccessLevelChange.access_level_id == level.id)
    return session.scalars(statement.order_by(AccessLevelChange.id.desc()).limit(most)).all()


def _hold(session: Session, level: AccessLevel) -> None:
    """Nobody else changes or asks for the level from here on; Refused level-retired, level-change-waits."""
    session.refresh(level, with_for_update=True)
    if level.retired_at is not None:
        raise Refused("level-retired")
    if any(each.access_level_id == level.id for each in waiting(session)):
        raise Refused("level-change-waits")


def _asked(
    session: Session, by: Operator, now: datetime, level: AccessLevel, plan: LevelPlan, reason: str
) -> AccessLevelChange:
    asked = AccessLevelChange(
        access_level_id=level.id,
        name=plan.name,
        name_ja=plan.name_ja,
        rooms=canonical.encode({str(area): plan.rooms[area] for area in sorted(plan.rooms)}).decode("utf-8"),
        reason=reason.strip()[:400],
        state=ChangeState.REQUESTED,
        requested_by=by.id,
        requested_at=now,
        ledger_sequence=0,
    )
    session.add(asked)
    session.flush()
    return asked


def _open(session: Session, asked: AccessLevelChange) -> AccessLevel:
    """The level of a change that nobody else decides from here on; Refused already-decided."""
    level = session.get_one(AccessLevel, asked.access_level_id)
    session.refresh(level, with_for_update=True)
    session.refresh(asked, with_for_update=True)
    if asked.state != ChangeState.REQUESTED:
        raise Refused("already-decided")
    return level


def _decide(by: Operator, now: datetime, asked: AccessLevelChange, state: ChangeState, note: str) -> None:
    asked.state, asked.decided_by, asked.decided_at = state, by.id, now
    asked.decision_note = note.strip()[:400]


def _adopt(session: Session, by: Operator, now: datetime, asked: AccessLevelChange, why: str) -> None:
    level = session.get_one(AccessLevel, asked.access_level_id)
    before = levels.plan_of(session, level)
    put(session, level, asked.plan, now)
    _record(session, Kind.ACCESS_LEVEL_CHANGED, by, now, asked, why, before)
    level.ledger_sequence = asked.ledger_sequence


def _record(
    session: Session,
    kind: Kind,
    by: Operator,
    now: datetime,
    asked: AccessLevelChange,
    why: str,
    before: LevelPlan | None = None,
) -> None:
    level = session.get_one(AccessLevel, asked.access_level_id)
    subjects = {**_subjects(level, asked.plan, before), "access_level_change": asked.id}
    asked.ledger_sequence = append(session, kind, by.actor, now, subjects, asked.plan.as_object(), {"reason": why})


def _subjects(level: AccessLevel, *plans: LevelPlan | None) -> dict[str, Value]:
    """The level, and every room that it opened or opens."""
    rooms = {area for plan in plans if plan is not None for area in plan.rooms}
    return {"access_level": level.id, "areas": [*sorted(rooms)]}


def _checked(session: Session, level: AccessLevel, plan: LevelPlan, reason: str) -> LevelPlan:
    if not reason.strip():
        raise Refused("reason-missing")
    name, name_ja = line.told_twice(plan.name, plan.name_ja)
    _check(session, level, plan := replace(plan, name=name, name_ja=name_ja))
    return plan


def _check(session: Session, level: AccessLevel, plan: LevelPlan) -> None:
    taken = select(AccessLevel.id).where(AccessLevel.site_id == level.site_id, AccessLevel.name == plan.name)
    if session.scalar(taken) not in (None, level.id):
        raise Refused("key-taken", name=plan.name)
    if not plan.rooms:
        raise Refused("level-empty")
    if len(plan.rooms) > MOST_ROOMS:
        raise Refused("level-rooms")
    kept = levels.plan_of(session, level).rooms if level.id is not None else {}
    for area_id, schedule_id in plan.rooms.items():
        area = session.get(Area, area_id)
        if area is None or area.site_id != level.site_id:
            raise Refused("not-found", area=area_id)
        if area.open:
            raise Refused("area-open", area=area_id)
        areas.require_service(area)
        if schedule_id is not None:
            _check_hours(session, level, schedule_id, kept=kept.get(area_id) == schedule_id)


def _check_hours(session: Session, level: AccessLevel, schedule_id: int, *, kept: bool) -> None:
    schedule = session.get(Schedule, schedule_id)
    if schedule is None or schedule.site_id != level.site_id:
        raise Refused("not-found", schedule=schedule_id)
    if schedule.retired_at is not None and not kept:
        raise Refused("schedule-retired")


def _must_end(session: Session, level: AccessLevel, plan: LevelPlan, now: datetime) -> None:
    """A permission for a private room ends within a year: nobody gets one without an end by having a level."""
    before = levels.plan_of(session, level).rooms
    if not any(session.get_one(Area, area).private for area in plan.rooms if area not in before):
        return
    latest = now + LONGEST_PRIVATE
    if any(each.valid_until is None or each.valid_until > latest for each in permissions.of_level(session, level, now)):
        raise Refused("level-endless")
