"""Leavers: whoever leaves may do nothing any more, at once, and what was kept to recognise them is not kept longer.

Somebody may leave at a minute said ahead. The lists say that end like any other, so that a door that hears of nothing
refuses from then on; the centre ends everything else when the minute has come.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import photo, pin
from controller.people.cardholder import Cardholder
from controller.people.operator import SCHEDULE
from controller.people.photo import Photo
from controller.people.validity import require_validity
from controller.premises.site import Site
from controller.refusal import Refused


def deactivate(session: Session, actor: str, now: datetime, holder: Cardholder, reason: str) -> None:
    """End everything this cardholder may do, at once, and forget their PIN and photo; Refused reason-missing,
    cardholder-inactive."""
    why = _why(holder, reason)
    holder.ended_at = now
    append(session, Kind.CARDHOLDER_ENDED, actor, now, {"cardholder": holder.id}, personal={"reason": why})
    if pin.of(session, holder) is not None:
        pin.clear(session, actor, now, holder)
    if photo.of(session, holder) is not None:
        photo.remove(session, actor, now, holder)


def leave(session: Session, actor: str, now: datetime, holder: Cardholder, at: datetime | None, reason: str) -> None:
    """Say from which minute on this cardholder will have left (None: stays): at once when it has come already.
    Refused reason-missing, cardholder-inactive, validity-absurd."""
    why = _why(holder, reason)
    minute = at if at is None else at.replace(second=0, microsecond=0)
    if minute == holder.leaves_at:
        return
    require_validity(now, minute, None)
    if minute is not None and minute <= now:
        deactivate(session, actor, now, holder, why)
        return
    holder.leaves_at = minute
    personal = {"leaves_at": None if minute is None else int(minute.timestamp()), "reason": why}
    append(session, Kind.CARDHOLDER_CHANGED, actor, now, {"cardholder": holder.id}, personal=personal)


def end_due(session: Session, site: Site, now: datetime) -> int:
    """End those whose minute has come; how many."""
    due = select(Cardholder).where(
        Cardholder.site_id == site.id, Cardholder.leaves_at <= now, Cardholder.ended_at.is_(None)
    )
    found = session.scalars(due.order_by(Cardholder.id)).all()
    for holder in found:
        deactivate(session, SCHEDULE, now, holder, "the minute of leaving has come")
    return len(found)


def forget_photos(session: Session, site: Site, now: datetime) -> int:
    """Remove the photos of those who left while an earlier version still kept them; how many."""
    left = select(Cardholder).join(Photo, Photo.cardholder_id == Cardholder.id)
    kept = left.where(Cardholder.site_id == site.id, Cardholder.ended_at.is_not(None)).order_by(Cardholder.id)
    found = session.scalars(kept).all()
    for holder in found:
        photo.remove(session, SCHEDULE, now, holder)
    return len(found)


def _why(holder: Cardholder, reason: str) -> str:
    if not holder.active:
        raise Refused("cardholder-inactive")
    if not reason.strip():
        raise Refused("reason-missing")
    return reason.strip()
