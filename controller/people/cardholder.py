"""Cardholders: the people who carry cards. A random handle stands for each at the doors; names never leave here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, LargeBinary, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.record import HANDLE_BYTES
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import folding
from controller.premises.site import Site
from controller.refusal import Refused


class Cardholder(Base):
    """handle: 16 random bytes, the same at all doors of the site; number: the staff number, unique in the site;
    extended: needs more time at a door than others; forgiven: how often their presence was forgiven; leaves_at: the
    minute from which they may do nothing any more, said ahead (`leaver`); folded: what a search compares."""

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
    leaves_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    folded: Mapped[str] = mapped_column(String(folding.LONGEST_KEY), default="")

    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        Index("ix_cardholder_site_id_id_folded", "site_id", "id", "folded"),
        Index("ix_cardholder_leaves_at", "leaves_at"),
    )

    @property
    def active(self) -> bool:
        return self.ended_at is None

    @property
    def gone_at(self) -> datetime | None:
        """From when on they may do nothing: ended, or due to leave."""
        return self.ended_at or self.leaves_at

    def present(self, at: datetime) -> bool:
        """Whether they have not left by `at`."""
        return self.active and (self.leaves_at is None or at < self.leaves_at)

    @classmethod
    def present_at(cls, at: datetime) -> ColumnElement[bool]:
        """The same, asked of the database."""
        return and_(cls.ended_at.is_(None), or_(cls.leaves_at.is_(None), cls.leaves_at > at))

    def call(self, name: str, name_kana: str) -> None:
        """Take another name, and be found by it."""
        self.name, self.name_kana = line.told(name), line.told(name_kana) if name_kana.strip() else ""
        self.folded = folding.key(self.name, self.name_kana, self.number)


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
    name, number = line.told(name), line.told(number, 40)
    if session.scalar(select(Cardholder.id).where(Cardholder.site_id == site.id, Cardholder.number == number)):
        raise Refused("number-taken")
    holder = Cardholder(site_id=site.id, handle=random(HANDLE_BYTES), number=number, created_at=now)
    holder.call(name, name_kana)
    session.add(holder)
    session.flush()
    personal = {"handle": holder.handle.hex(), "name": name, "number": number}
    append(session, Kind.CARDHOLDER_MADE, actor, now, {"cardholder": holder.id}, personal=personal)
    return holder


def rename(session: Session, actor: str, now: datetime, holder: Cardholder, name: str, name_kana: str = "") -> None:
    """Correct a name and its reading; nothing is recorded where nothing changes. Refused name-missing, text-wrong."""
    before = (holder.name, holder.name_kana)
    holder.call(name, name_kana)
    if before == (holder.name, holder.name_kana):
        return
    personal = {"name": holder.name, "name_kana": holder.name_kana}
    append(session, Kind.CARDHOLDER_CHANGED, actor, now, {"cardholder": holder.id}, personal=personal)


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


def of_site(session: Session, site: Site, after: int = 0, limit: int = 50) -> Sequence[Cardholder]:
    """Cardholders by id, after id `after`."""
    statement = select(Cardholder).where(Cardholder.site_id == site.id, Cardholder.id > after)
    return session.scalars(statement.order_by(Cardholder.id).limit(limit)).all()


def exactly(session: Session, site: Site, text: str) -> Sequence[Cardholder]:
    """Whose staff number or name is `text` and nothing else."""
    same = or_(Cardholder.number == text, Cardholder.name == text)
    return session.scalars(select(Cardholder).where(Cardholder.site_id == site.id, same).order_by(Cardholder.id)).all()


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Cardholder]:
    """These cardholders by id; what is nobody's id is missing."""
    return {each.id: each for each in session.scalars(select(Cardholder).where(Cardholder.id.in_(set(ids))))}


def by_handle(session: Session, handle: bytes) -> Cardholder | None:
    return session.scalar(select(Cardholder).where(Cardholder.handle == handle))


def by_number(session: Session, site: Site, number: str) -> Cardholder | None:
    return session.scalar(select(Cardholder).where(Cardholder.site_id == site.id, Cardholder.number == number))
