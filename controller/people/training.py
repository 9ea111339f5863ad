"""Trainings that areas ask for, and who completed them when. A completion is good for the training's days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.card_state import MOST_DAYS
from controller.people.cardholder import Cardholder
from controller.people.validity import EARLIEST
from controller.premises.area import Area
from controller.premises.site import Site
from controller.refusal import Refused


class Training(Base):
    """A training or competence, and for how many days a completion is good."""

    __tablename__ = "training"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    valid_days: Mapped[int]

    __table_args__ = (UniqueConstraint("site_id", "name"),)


class AreaTraining(Base):
    """Who enters the area must be in date with the training."""

    __tablename__ = "area_training"

    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    training_id: Mapped[int] = mapped_column(ForeignKey("training.id"), primary_key=True)


class Completion(Base):
    """A cardholder completed a training; good until `until` unless it was withdrawn."""

    __tablename__ = "training_completion"

    id: Mapped[int] = mapped_column(primary_key=True)
    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), index=True)
    training_id: Mapped[int] = mapped_column(ForeignKey("training.id"), index=True)
    completed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def make(session: Session, actor: str, now: datetime, site: Site, names: tuple[str, str], valid_days: int) -> Training:
    """A new training; `names` in English and Japanese; Refused name-missing, key-taken, limits-wrong."""
    name, name_ja = (each.strip() for each in names)
    if not name:
        raise Refused("name-missing")
    if not 1 <= valid_days <= MOST_DAYS:
        raise Refused("limits-wrong")
    if session.scalar(select(Training.id).where(Training.site_id == site.id, Training.name == name)) is not None:
        raise Refused("key-taken", name=name)
    made = Training(site_id=site.id, name=name, name_ja=name_ja or name, valid_days=valid_days)
    session.add(made)
    session.flush()
    append(session, Kind.TRAINING_MADE, actor, now, {"training": made.id}, {"valid_days": valid_days})
    return made


def require(
    session: Session, actor: str, now: datetime, area: Area, training: Training, reason: str, *, required: bool
) -> None:
    """Say whether `area` asks for `training`; Refused reason-missing, area-open."""
    if not reason.strip():
        raise Refused("reason-missing")
    if area.open:
        raise Refused("area-open")
    row = session.get(AreaTraining, (area.id, training.id))
    if (row is not None) == required:
        return
    if row is None:
        session.add(AreaTraining(area_id=area.id, training_id=training.id))
    else:
        session.delete(row)
    subjects = {"areas": [area.id], "training": training.id}
    append(session, Kind.TRAINING_REQUIRED, actor, now, subjects, {"required": required}, {"reason": reason.strip()})


def complete(
    session: Session, actor: str, now: datetime, holder: Cardholder, training: Training, completed_at: datetime
) -> Completion:
    """Record a completion; Refused cardholder-inactive, completion-future, validity-absurd."""
    if not holder.active:
        raise Refused("cardholder-inactive")
    if completed_at > now:
        raise Refused("completion-future")
    if completed_at < EARLIEST:
        raise Refused("validity-absurd")
    made = Completion(
        cardholder_id=holder.id,
        training_id=training.id,
        completed_at=completed_at,
        until=completed_at + timedelta(days=training.valid_days),
        recorded_by=actor,
    )
    session.add(made)
    session.flush()
    personal = {"completed_at": int(completed_at.timestamp()), "until": int(made.until.timestamp())}
    append(session, Kind.TRAINING_COMPLETED, actor, now, _subjects(made), personal=personal)
    return made


def withdraw(session: Session, actor: str, now: datetime, completion: Completion, reason: str) -> None:
    """A completion was recorded by mistake, or no longer counts; Refused reason-missing, not-in-force."""
    if not reason.strip():
        raise Refused("reason-missing")
    if completion.withdrawn_at is not None:
        raise Refused("not-in-force")
    completion.withdrawn_at = now
    append(
        session, Kind.TRAINING_WITHDRAWN, actor, now, _subjects(completion), personal={"reason": reason.strip()[:400]}
    )


def of_site(session: Session, site: Site) -> Sequence[Training]:
    return session.scalars(select(Training).where(Training.site_id == site.id).order_by(Training.id)).all()


def areas_asking(session: Session, training: Training) -> Sequence[int]:
    """The ids of the areas that ask for `training`."""
    return areas_asking_each(session, [training.id]).get(training.id, [])


def areas_asking_each(session: Session, training_ids: Iterable[int]) -> dict[int, list[int]]:
    """The same of many trainings by their ids, in one statement; one that no area asks for is missing."""
    found: dict[int, list[int]] = {}
    asked = select(AreaTraining).where(AreaTraining.training_id.in_(set(training_ids)))
    for row in session.scalars(asked.order_by(AreaTraining.area_id)):
        found.setdefault(row.training_id, []).append(row.area_id)
    return found


def trained_until(session: Session, area: Area) -> Mapping[int, datetime] | None:
    """Until when each cardholder is in date with everything that `area` asks for, by id; who is missing never
    completed something of it. None instead of all that: the area asks for nothing."""
    asked = set(session.scalars(select(AreaTraining.training_id).where(AreaTraining.area_id == area.id)))
    if not asked:
        return None
    standing = select(Completion).where(Completion.training_id.in_(asked), Completion.withdrawn_at.is_(None))
    latest: dict[int, dict[int, datetime]] = {}
    for each in session.scalars(standing):
        of_holder = latest.setdefault(each.cardholder_id, {})
        of_holder[each.training_id] = max(of_holder.get(each.training_id, each.until), each.until)
    return {holder: min(ends.values()) for holder, ends in latest.items() if ends.keys() == asked}


def completed_until(session: Session, holder: Cardholder, areas: Iterable[int]) -> Mapping[int, datetime]:
    """Until when `holder` is in date with each training that any of these areas asks for, as far as they completed it,
    by its id."""
    asked = select(AreaTraining.training_id).where(AreaTraining.area_id.in_(list(areas)))
    standing = select(Completion).where(Completion.cardholder_id == holder.id, Completion.withdrawn_at.is_(None))
    found: dict[int, datetime] = {}
    for each in session.scalars(standing.where(Completion.training_id.in_(asked))):
        found[each.training_id] = max(found.get(each.training_id, each.until), each.until)
    return found


def _subjects(completion: Completion) -> dict[str, int]:
    return {"cardholder": completion.cardholder_id, "training": completion.training_id}
