"""Giving attributes to cardholders and taking them away: always for a reason, and never against another rule."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contract.room_rules import HIGHEST_THREAT
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.attribute import Attribute, AttributeRow, holds
from controller.people.card_state import State
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.permission import Grant, GrantState
from controller.refusal import Refused

_NEVER_A_VISITORS = frozenset({Attribute.SUPERVISOR, Attribute.HOST, Attribute.OVERRIDE, Attribute.HOLD})


def change(
    session: Session, actor: str, now: datetime, holder: Cardholder, attribute: Attribute, value: int, reason: str
) -> None:
    """Give an attribute (1, or a clearance of 1 to 9) or take it away (0); Refused reason-missing, cardholder-inactive,
    attribute-wrong, visitor-conflict, visitor-endless (a card or permission of a visitor would have no end)."""
    why = reason.strip()[:400]
    if not why:
        raise Refused("reason-missing")
    if value:
        _must_suit(session, holder, attribute, value)
    elif value < 0:
        raise Refused("attribute-wrong")
    row = session.get(AttributeRow, (holder.id, attribute))
    if value == (row.value if row else 0):
        return
    if row is not None:
        session.delete(row)
        session.flush()
    if value:
        key = {"cardholder_id": holder.id, "name": str(attribute)}
        session.add(AttributeRow(**key, value=value, since=now, given_by=actor, reason=why))
    personal = {"attribute": attribute, "value": value, "reason": why}
    append(session, Kind.CARDHOLDER_CHANGED, actor, now, {"cardholder": holder.id}, personal=personal)


def _must_suit(session: Session, holder: Cardholder, attribute: Attribute, value: int) -> None:
    if not holder.active:
        raise Refused("cardholder-inactive")
    if not 0 < value <= (HIGHEST_THREAT if attribute is Attribute.CLEARANCE else 1):
        raise Refused("attribute-wrong")
    if attribute is Attribute.VISITOR:
        if any(holds(session, holder, each) for each in _NEVER_A_VISITORS):
            raise Refused("visitor-conflict")
        if _endless(session, holder):
            raise Refused("visitor-endless")
    elif attribute in _NEVER_A_VISITORS and holds(session, holder, Attribute.VISITOR):
        raise Refused("visitor-conflict")


def _endless(session: Session, holder: Cardholder) -> bool:
    """Whether a card in use, or a permission given or asked for, has no end."""
    in_use = Credential.state.in_((State.ACTIVE, State.SUSPENDED))
    card = select(Credential.id).where(Credential.cardholder_id == holder.id, in_use, Credential.valid_until.is_(None))
    standing = Grant.state.in_((GrantState.REQUESTED, GrantState.APPROVED))
    grant = select(Grant.id).where(Grant.cardholder_id == holder.id, standing, Grant.valid_until.is_(None))
    return session.scalar(select(or_(card.exists(), grant.exists()))) is True
