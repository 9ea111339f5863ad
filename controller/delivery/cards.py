"""What a list says of a card, whatever it permits: its state, its validity, and how often it may still come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contract.record import FOREVER, UNLIMITED, CardState
from controller.people.card_state import UNUSED, CardLife, State, state_at
from controller.people.credential import Credential, CredentialUse, IdentityRow

_STATES = {
    State.SUSPENDED: CardState.SUSPENDED,
    State.LOST: CardState.LOST,
    State.STOLEN: CardState.STOLEN,
    State.DAMAGED: CardState.DAMAGED,
    State.RETURNED: CardState.RETURNED,
    State.DESTROYED: CardState.DESTROYED,
    State.INACTIVE: CardState.INACTIVE,
    State.SUPERSEDED: CardState.SUPERSEDED,
}
"""Every other state is found at the door, from the validity and the uses."""


@dataclass(slots=True)
class Cards:
    """What use and re-issue made of some holders' cards; here: entries of an identity through this agent's doors. Of a
    card without limits use says nothing, and is not read."""

    lives: dict[int, CardLife] = field(default_factory=dict)
    here: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardPart:
    """As a record holds it; gone_at: since when the card is of no use to anybody, None: it may be, or may become so."""

    state: CardState
    valid_from: int
    valid_until: int
    uses: int
    gone_at: datetime | None


def cards_of(session: Session, holders: Sequence[int], agent_id: int) -> Cards:
    """What the lists of this agent need to know of all cards of `holders`."""
    found = Cards()
    limited = or_(*(each.is_not(None) for each in (Credential.max_uses, Credential.max_days, Credential.unused_days)))
    uses = (
        select(Credential.id, CredentialUse)
        .join(IdentityRow, IdentityRow.credential_id == Credential.id)
        .join(CredentialUse, CredentialUse.identity_id == IdentityRow.id)
        .where(Credential.cardholder_id.in_(holders), limited)
    )
    for card_id, use in session.execute(uses):
        found.lives[card_id] = _with(found.lives.get(card_id, UNUSED), use)
        if use.agent_id == agent_id:
            found.here[use.identity_id] = use.entries
    replaced = select(Credential.replaces_id, Credential.issued_at).where(
        Credential.cardholder_id.in_(holders), Credential.replaces_id.is_not(None)
    )
    for old, at in session.execute(replaced):
        if old is not None:
            found.lives[old] = replace(found.lives.get(old, UNUSED), superseded_at=at)
    return found


def card_part(card: Credential, identity: IdentityRow, cards: Cards, now: datetime) -> CardPart:
    life, limits = cards.lives.get(card.id, UNUSED), card.limits
    state, ends = state_at(State(card.state), limits, card.active_since, life, now), limits.ends(life.first_used)
    gone = [card.ended_at, life.superseded_at, ends if ends is not None and ends <= now else None]
    return CardPart(
        _STATES.get(state, CardState.ACTIVE),
        0 if limits.valid_from is None else seconds(limits.valid_from),
        FOREVER if ends is None else seconds(ends),
        _uses(limits.max_uses, life.entries, cards.here, identity.id),
        min((each for each in gone if each is not None), default=None),
    )


def seconds(moment: datetime) -> int:
    """As a record holds it: whole UTC seconds from 1970 to 2106."""
    return max(0, min(FOREVER, int(moment.timestamp())))


def _uses(most: int | None, entries: int, here: Mapping[int, int], identity_id: int) -> int:
    """What this agent has counted already, and what is left of the card's own limit."""
    if most is None:
        return UNLIMITED
    return min(UNLIMITED - 1, here.get(identity_id, 0) + max(0, most - entries))


def _with(life: CardLife, use: CredentialUse) -> CardLife:
    first, last = life.first_used or use.first_used, life.last_used or use.last_used
    return CardLife(life.entries + use.entries, min(first, use.first_used), max(last, use.last_used))
