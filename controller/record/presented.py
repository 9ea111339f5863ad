"""Which card it was: a decision commits to the key by which its agent looked the card up, and to nothing else of it.

The law: only cards of the holder whom the fact names are looked at. A key that is none of theirs (erased, of an agent
that has other keys now) names no card.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.credential import KEY_BYTES, lookup_key
from contract.fact import Fact
from controller.people.credential import Credential, IdentityRow
from controller.premises.agent import Agent
from controller.record.fact import FactRow
from controller.record.opened import opening_of


def key_of(session: Session, found: Fact) -> bytes | None:
    """The look-up key of the card that this decision was about, where its opening lives; an agent may have committed
    to anything in its place."""
    opening = opening_of(session, found, "key")
    try:
        key = bytes.fromhex(opening.value) if opening is not None and isinstance(opening.value, str) else b""
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def card_of(session: Session, row: FactRow) -> Credential | None:
    """The card that the decision of `row` was about."""
    if row.cardholder_id is None:
        return None
    agent, key = session.get_one(Agent, row.agent_id), key_of(session, row.fact())
    if key is None or agent.list_key is None:
        return None
    found = cards_of(session, agent.list_key, {row.cardholder_id}).get((row.cardholder_id, key.hex()))
    return found[1] if found is not None else None


def cards_of(
    session: Session, list_key: bytes, holders: Collection[int]
) -> Mapping[tuple[int, str], tuple[IdentityRow, Credential]]:
    """Every card of `holders`, by holder and by the key under which the agent looks it up."""
    statement = (
        select(IdentityRow, Credential)
        .join(Credential, Credential.id == IdentityRow.credential_id)
        .where(Credential.cardholder_id.in_(holders))
    )
    return {
        (card.cardholder_id, lookup_key(list_key, row.identity()).hex()): (row, card)
        for row, card in session.execute(statement)
    }
