"""Leavers: whoever leaves may do nothing any more, at once, and what was kept to recognise them is not kept longer.

Somebody may leave at a minute said ahead. The lists say that end like any other, so that a door that hears of nothing
refuses from then on; the centre ends everything else when the minute has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import card_end, photo, pin
from controller.people import credential as credentials
from controller.people.card_end import CardEnd, Ended, Saying, Way
from controller.people.cardholder import Cardholder
from controller.people.operator import SCHEDULE
from controller.people.photo import Photo
from controller.people.validity import require_validity
from controller.premises.site import Site
from controller.refusal import Refused


def deactivate(session: Session, actor: str, now: datetime, holder: Cardholder, reason: str) -> None:
    """End everything this cardholder may do, at once, and forget their PIN and photo; Refused reason-missing,
    cardholder-inactive."""
    _end(session, actor, now, holder, _why(holder, reason), Way.HAND, now)


def leave(
    session: Session,
    actor: str,
    now: datetime,
    holder: Cardholder,
    at: datetime | None,
    reason: str,
    way: Way = Way.HAND,
) -> None:
    """Say from which minute on this cardholder will have left (None: stays): at once when it has come already.
    Refused reason-missing, cardholder-inactive, validity-absurd."""
    why = _why(holder, reason)
    minute = at if at is None else at.replace(second=0, microsecond=0)
    if minute == holder.leaves_at:
        return
    require_validity(now, minute, None)
    if minute is not None and minute <= now:
        _end(session, actor, now, holder, why, way, minute)
        return
    holder.leaves_at = minute
    personal = {"leaves_at": None if minute is None else int(minute.timestamp()), "reason": why}
    place = append(session, Kind.CARDHOLDER_CHANGED, actor, now, {"cardholder": holder.id}, personal=personal)
    if minute is None:
        card_end.take_back(_planned(session, holder), now, place)
    else:
        _cards_end(session, holder, Saying(Ended.LEFT, actor, now, minute, place, way))


def end_due(session: Session, site: Site, now: datetime) -> int:
    """End those whose minute has come; how many."""
    due = select(Cardholder).where(
        Cardholder.site_id == site.id, Cardholder.leaves_at <= now, Cardholder.ended_at.is_(None)
    )
    found = session.scalars(due.order_by(Cardholder.id)).all()
    for holder in found:
        _end(session, SCHEDULE, now, holder, "the minute of leaving has come", Way.DATE, holder.leaves_at or now)
    return len(found)


def forget_photos(session: Session, site: Site, now: datetime) -> int:
    """Remove the photos of those who left while an earlier version still kept them; how many."""
    left = select(Cardholder).join(Photo, Photo.cardholder_id == Cardholder.id)
    kept = left.where(Cardholder.site_id == site.id, Cardholder.ended_at.is_not(None)).order_by(Cardholder.id)
    found = session.scalars(kept).all()
    for holder in found:
        photo.remove(session, SCHEDULE, now, holder)
    return len(found)


def _end(session: Session, actor: str, now: datetime, holder: Cardholder, why: str, way: Way, since: datetime) -> None:
    """End everything now of somebody who was to have left at `since`."""
    holder.ended_at = now
    place = append(session, Kind.CARDHOLDER_ENDED, actor, now, {"cardholder": holder.id}, personal={"reason": why})
    _cards_end(session, holder, Saying(Ended.LEFT, actor, now, since, place, way))
    if pin.of(session, holder) is not None:
        pin.clear(session, actor, now, holder)
    if photo.of(session, holder) is not None:
        photo.remove(session, actor, now, holder)


def _cards_end(session: Session, holder: Cardholder, said: Saying) -> None:
    """Keep it of every card in use; what was said ahead and has come stands, what was said otherwise is overtaken."""
    planned = _planned(session, holder)
    kept = [each for each in planned if each.takes_effect_at <= said.said_at]
    card_end.take_back((each for each in planned if each not in kept), said.said_at, said.ledger_sequence)
    known = {each.credential_id for each in kept}
    cards = [each.id for each in credentials.in_use(session, holder) if each.id not in known]
    card_end.begin(session, [(each, holder.id) for each in cards], said)


def _planned(session: Session, holder: Cardholder) -> Sequence[CardEnd]:
    """What stands of the leaving of `holder`."""
    cards = (each.id for each in credentials.of_cardholder(session, holder))
    return card_end.standing(session, cards, Ended.LEFT)


def _why(holder: Cardholder, reason: str) -> str:
    if not holder.active:
        raise Refused("cardholder-inactive")
    if not reason.strip():
        raise Refused("reason-missing")
    return reason.strip()
