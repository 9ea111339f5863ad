"""Leavers: whoever leaves may do nothing any more, at once, and what was kept to recognise them is not kept longer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import pin
from controller.people.cardholder import Cardholder
from controller.refusal import Refused


def deactivate(session: Session, actor: str, now: datetime, holder: Cardholder, reason: str) -> None:
    """End everything this cardholder may do, at once, their PIN too; Refused reason-missing, cardholder-inactive."""
    if not holder.active:
        raise Refused("cardholder-inactive")
    if not reason.strip():
        raise Refused("reason-missing")
    holder.ended_at = now
    append(session, Kind.CARDHOLDER_ENDED, actor, now, {"cardholder": holder.id}, personal={"reason": reason.strip()})
    if pin.of(session, holder) is not None:
        pin.clear(session, actor, now, holder)
