"""Sign-offs of controlled exits: who confirmed that people get out when everything else fails, when, and until when.

A row is never changed; the newest one of an exit counts. Nobody is ever locked in on a missing signature: without a
valid one a controlled exit is compiled as recorded (`in_force_mode`), and an alarm says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.policy import Direction, ExitMode
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import door as doors
from controller.premises.door import AccessPoint, Door
from controller.refusal import Refused

LASTS = timedelta(days=365)
"""Break-glass and fire release are tested every year (docs/installer/exit-modes.md)."""
SOON = timedelta(days=30)
MIGRATION = "migration"
"""Who signed an exit that was controlled before sign-offs were kept; good for 90 days."""


class Failsafe(StrEnum):
    """Why the door opens from inside when everything fails: its lock lets go, or a lever or bar serves. NOT_STATED: the
    migration signed, and nobody has said it."""

    FAIL_SAFE_LOCK = "fail-safe-lock"
    MECHANICAL_EGRESS = "mechanical-egress"
    NOT_STATED = "not-stated"


class ExitSignOff(Base):
    """signed_by: the name of who answers for it; recorded_by: the actor who wrote it down; valid_until: when
    break-glass and fire must have been tested again; lapse_told_at: when the alarm said that it ran out."""

    __tablename__ = "exit_sign_off"

    id: Mapped[int] = mapped_column(primary_key=True)
    access_point_id: Mapped[int] = mapped_column(ForeignKey("access_point.id"), index=True)
    signed_by: Mapped[str] = mapped_column(String(120))
    failsafe: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(String(400))
    recorded_by: Mapped[str] = mapped_column(String(80))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    lapse_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def valid(self, now: datetime) -> bool:
        return now < self.valid_until


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What somebody confirms with their name: that break-glass and fire release were tried and cut the lock's power,
    how the door opens without power, and anything else that belongs to it (the authority asked, say)."""

    signed_by: str
    break_glass: bool
    fire: bool
    failsafe: Failsafe
    note: str = ""


def sign(
    session: Session,
    actor: str,
    now: datetime,
    point: AccessPoint,
    confirmed: Confirmed,
    valid_until: datetime | None = None,
) -> ExitSignOff:
    """Record a sign-off of an exit, valid for a year or less; Refused exit-mode-missing (an entry), name-missing,
    sign-off-incomplete, validity-wrong, door-retired."""
    doors.require_service(session.get_one(Door, point.door_id))
    if point.direction != Direction.EXIT:
        raise Refused("exit-mode-missing", access_point=point.key)
    name = confirmed.signed_by.strip()[:120]
    if not name:
        raise Refused("name-missing")
    if not (confirmed.break_glass and confirmed.fire) or confirmed.failsafe is Failsafe.NOT_STATED:
        raise Refused("sign-off-incomplete", access_point=point.key)
    ends = now + LASTS if valid_until is None else valid_until
    if not now < ends <= now + LASTS:
        raise Refused("validity-wrong")
    made = ExitSignOff(
        access_point_id=point.id,
        signed_by=name,
        failsafe=confirmed.failsafe,
        note=confirmed.note.strip()[:400],
        recorded_by=actor,
        signed_at=now,
        valid_until=ends,
    )
    session.add(made)
    session.flush()
    subjects = {"door": point.door_id, "access_point": point.id, "areas": [point.from_area_id, point.to_area_id]}
    plain = {
        "sign_off": made.id,
        "break_glass": True,
        "fire": True,
        "failsafe": confirmed.failsafe,
        "valid_until": int(ends.timestamp()),
    }
    append(session, Kind.EXIT_SIGNED_OFF, actor, now, subjects, plain, {"signed_by": name, "note": made.note})
    return made


def newest(session: Session, point: AccessPoint) -> ExitSignOff | None:
    """The sign-off that counts for this exit, whether it is still valid or not."""
    return newest_of_each(session, [point.id]).get(point.id)


def newest_of_each(session: Session, point_ids: Iterable[int]) -> dict[int, ExitSignOff]:
    """The same of many exits by their ids, in one statement; one that nobody signed off is missing."""
    of_points = ExitSignOff.access_point_id.in_(set(point_ids))
    last = select(func.max(ExitSignOff.id)).where(of_points).group_by(ExitSignOff.access_point_id)
    return {row.access_point_id: row for row in session.scalars(select(ExitSignOff).where(ExitSignOff.id.in_(last)))}


def is_valid(session: Session, point: AccessPoint, now: datetime) -> bool:
    found = newest(session, point)
    return found is not None and found.valid(now)


def in_force_mode(session: Session, point: AccessPoint, now: datetime) -> ExitMode | None:
    """How this exit is compiled: controlled only with a valid sign-off."""
    return in_force_modes(session, [point], now)[point.id]


def in_force_modes(session: Session, points: Collection[AccessPoint], now: datetime) -> dict[int, ExitMode | None]:
    """The same of many by their ids; None of an entry."""
    modes = {point.id: ExitMode(point.exit_mode) if point.exit_mode else None for point in points}
    controlled = [each for each, mode in modes.items() if mode is ExitMode.CONTROLLED]
    signed = newest_of_each(session, controlled) if controlled else {}
    lapsed = {each for each in controlled if each not in signed or not signed[each].valid(now)}
    return {each: ExitMode.RECORDED if each in lapsed else mode for each, mode in modes.items()}


def lapsed(
    session: Session, points: Iterable[AccessPoint], now: datetime
) -> Sequence[tuple[AccessPoint, ExitSignOff | None]]:
    """The controlled exits without a valid sign-off of which no alarm has told yet."""
    found: list[tuple[AccessPoint, ExitSignOff | None]] = []
    for point in points:
        if point.exit_mode != ExitMode.CONTROLLED:
            continue
        last = newest(session, point)
        if last is None or (not last.valid(now) and last.lapse_told_at is None):
            found.append((point, last))
    return found


def next_end(session: Session, after: datetime) -> datetime | None:
    """When the next sign-off runs out."""
    ends = select(ExitSignOff.valid_until).where(ExitSignOff.valid_until > after)
    return session.scalar(ends.order_by(ExitSignOff.valid_until).limit(1))
