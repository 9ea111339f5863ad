"""Photos of cardholders: so that whoever looks at a door, a desk or a muster sees whether it is them.

The law: a photo is set and taken away, and the ledger says that it was; what it shows is in no row of it, and no
door ever has it. Who had one and has none any more has none: the picture is gone. Whoever leaves has none from that
moment on (`leaver`): what serves to recognise somebody is not kept when nobody is to be recognised.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.cardholder import Cardholder
from controller.picture import Picture
from controller.refusal import Refused

SIDE: Final = 480
"""The longer side of a photo, in points."""


class Photo(Base):
    """picture: WebP, read only where it is asked for; set_at: also tells browsers one picture from the next."""

    __tablename__ = "photo"

    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), primary_key=True, autoincrement=False)
    picture: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def version(self) -> int:
        """Another number for another picture."""
        return int(self.set_at.timestamp())


def give(session: Session, actor: str, now: datetime, holder: Cardholder, picture: Picture) -> Photo:
    """Set or replace the photo; Refused cardholder-inactive."""
    if not holder.active:
        raise Refused("cardholder-inactive")
    row = session.get(Photo, holder.id)
    if row is None:
        row = Photo(cardholder_id=holder.id)
        session.add(row)
    row.picture, row.set_at = picture.data, now
    append(session, Kind.PHOTO_SET, actor, now, {"cardholder": holder.id})
    return row


def remove(session: Session, actor: str, now: datetime, holder: Cardholder) -> None:
    """Take the photo away; Refused photo-missing."""
    row = session.get(Photo, holder.id)
    if row is None:
        raise Refused("photo-missing")
    session.delete(row)
    append(session, Kind.PHOTO_REMOVED, actor, now, {"cardholder": holder.id})


def of(session: Session, holder: Cardholder) -> Photo | None:
    return session.get(Photo, holder.id)


def of_many(session: Session, holder_ids: Iterable[int]) -> dict[int, Photo]:
    """The photos of these cardholders by their ids, without the pictures, in one statement."""
    rows = session.scalars(select(Photo).where(Photo.cardholder_id.in_(set(holder_ids))))
    return {row.cardholder_id: row for row in rows}
