"""Which card it was: a decision commits to the key by which its agent looked the card up, and to nothing else of it.

The law: only cards of the holder whom the fact names are looked at. A key that is none of theirs (erased, of an agent
that has other keys now) names no card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from contract.commitment import Opening
from contract.credential import KEY_BYTES, Identity, lookup_key
from contract.fact import Fact
from controller.people.credential import Credential, IdentityRow
from controller.premises.agent import Agent
from controller.record.fact import FactRow
from controller.record.opened import opening_of, openings_of_each


def key_of(session: Session, found: Fact) -> bytes | None:
    """The look-up key of the card that this decision was about, where its opening lives; an agent may have committed
    to anything in its place."""
    return _key(opening_of(session, found, "key"))


def _key(opening: Opening | None) -> bytes | None:
    try:
        key = bytes.fromhex(opening.value) if opening is not None and isinstance(opening.value, str) else b""
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def card_of(session: Session, row: FactRow) -> Credential | None:
    """The card that the decision of `row` was about."""
    return cards_of_each(session, [row]).get(row.ledger_sequence)


def cards_of_each(session: Session, rows: Sequence[FactRow]) -> dict[int, Credential]:
    """The same of many, by their places in the ledger, in as many statements as for one; without those that name no
    card."""
    facts = {row.ledger_sequence: row.fact() for row in rows if row.cardholder_id is not None}
    if not facts:
        return {}
    opened = openings_of_each(session, facts, "key")
    agents = session.scalars(select(Agent).where(Agent.id.in_({row.agent_id for row in rows})))
    keys = {agent.id: agent.list_key for agent in agents}
    held = defaultdict[int, list[tuple[Identity, Credential]]](list)
    for identity, card in session.execute(_cards({row.cardholder_id for row in rows})):
        held[card.cardholder_id].append((identity.identity(), card))
    named = ((row, keys.get(row.agent_id), _key(opened.get(row.ledger_sequence))) for row in rows)
    return {
        row.ledger_sequence: card
        for row, list_key, key in named
        if list_key is not None and key is not None
        for identity, card in held[row.cardholder_id or 0]
        if lookup_key(list_key, identity) == key
    }


def cards_of(
    session: Session, list_key: bytes, holders: Collection[int]
) -> Mapping[tuple[int, str], tuple[IdentityRow, Credential]]:
    """Every card of `holders`, by holder and by the key under which the agent looks it up."""
    return {
        (card.cardholder_id, lookup_key(list_key, row.identity()).hex()): (row, card)
        for row, card in session.execute(_cards(holders))
    }


def _cards(holders: Collection[int | None]) -> Select[IdentityRow, Credential]:
    return (
        select(IdentityRow, Credential)
        .join(Credential, Credential.id == IdentityRow.credential_id)
        .where(Credential.cardholder_id.in_(holders))
    )
