"""Cardholders: the people who carry cards. A random handle stands for each at the doors; names never leave here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.record import HANDLE_BYTES
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.site import Site
from controller.refusal import Refused


class Cardholder(Base):
    """handle: 16 random bytes, the same at all doors of the site; number: the staff number, unique in the site;
    extended: needs more time at a door than others; forgiven: how often their presence was forgiven."""

    __tablename__ = "cardholder"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    handle: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_kana: Mapped[str] = mapped_column(String(120), default="")
    number: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    extended: Mapped[bool] = mapped_column(default=False)
    forgiven: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("site_id", "number"),)

    @property
    def active(self) -> bool:
        return self.ended_at is None


def enrol(
    session: Session,
    actor: str,
    now: datetime,
    site: Site,
    name: str,
    number: str,
    name_kana: str = "",
    random: Callable[[int], bytes] = os.urandom,
) -> Cardholder:
    """A new cardholder; Refused name-missing, text-wrong, number-taken."""
    name, number, name_kana = line.told(name), line.told(number, 40), name_kana.strip()
    if session.scalar(select(Cardholder.id).where(Cardholder.site_id == site.id, Cardholder.number == number)):
        raise Refused("number-taken")
    holder = Cardholder(
        site_id=site.id,
        handle=random(HANDLE_BYTES),
        name=name,
        name_kana=line.told(name_kana) if name_kana else "",
        number=number,
        created_at=now,
    )
    session.add(holder)
    session.flush()
    personal = {"handle": holder.handle.hex(), "name": name, "number": number}
    append(session, Kind.CARDHOLDER_MADE, actor, now, {"cardholder": holder.id}, personal=personal)
    return holder


def rename(session: Session, actor: str, now: datetime, holder: Cardholder, name: str, name_kana: str = "") -> None:
    """Correct a name; Refused name-missing, text-wrong."""
    holder.name = line.told(name)
    holder.name_kana = line.told(name_kana) if name_kana.strip() else ""
    append(session, Kind.CARDHOLDER_CHANGED, actor, now, {"cardholder": holder.id}, personal={"name": holder.name})


def give_time(session: Session, actor: str, now: datetime, holder: Cardholder, *, extended: bool) -> None:
    """Say whether this cardholder needs more time at doors. Why is nobody's business, and is not recorded."""
    if holder.extended == extended:
        return
    holder.extended = extended
    subjects = {"cardholder": holder.id}
    append(session, Kind.CARDHOLDER_CHANGED, actor, now, subjects, personal={"extended": extended})


def forgive(session: Session, actor: str, now: datetime, holder: Cardholder, reason: str) -> int:
    """Let where this cardholder was last seen be no reason to refuse them any more; the place in the ledger. Refused
    reason-missing, cardholder-inactive."""
    if not reason.strip():
        raise Refused("reason-missing")
    if not holder.active:
        raise Refused("cardholder-inactive")
    holder.forgiven += 1
    subjects = {"cardholder": holder.id}
    return append(session, Kind.PRESENCE_FORGIVEN, actor, now, subjects, personal={"reason": reason.strip()[:400]})


def find(session: Session, site: Site, text: str = "", after: int = 0, limit: int = 50) -> Sequence[Cardholder]:
    """Cardholders whose name, kana or number contains `text`, by id, after id `after`."""
    statement = select(Cardholder).where(Cardholder.site_id == site.id, Cardholder.id > after)
    if text.strip():
        wanted = text.strip()
        matches = (
            each.icontains(wanted, autoescape=True)
            for each in (Cardholder.name, Cardholder.name_kana, Cardholder.number)
        )
        statement = statement.where(or_(*matches))
    return session.scalars(statement.order_by(Cardholder.id).limit(limit)).all()


def by_handle(session: Session, handle: bytes) -> Cardholder | None:
    return session.scalar(select(Cardholder).where(Cardholder.handle == handle))


def by_number(session: Session, site: Site, number: str) -> Cardholder | None:
    return session.scalar(select(Cardholder).where(Cardholder.site_id == site.id, Cardholder.number == number))
