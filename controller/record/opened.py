"""Openings of facts: what an agent committed to, read only if it really opens what the fact says.

The law: every reading of an opening that proves something goes through here; what is erased or opens nothing is None.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.commitment import Opening, opens
from contract.fact import Fact
from controller.ledger.ledger import OpeningRow

K = TypeVar("K", bound=Hashable)


def opening_of(session: Session, found: Fact, name: str) -> Opening | None:
    """The opening of this commitment of a fact, if it is still there."""
    commitment = found.commitments.get(name)
    return None if commitment is None else _opened(commitment, session.get(OpeningRow, commitment))


def openings_of_each(session: Session, facts: Mapping[K, Fact], name: str) -> dict[K, Opening]:
    """The same for several facts, by their keys and asked for at once; without those that are not there any more."""
    wanted = {key: fact.commitments[name] for key, fact in facts.items() if name in fact.commitments}
    rows = session.scalars(select(OpeningRow).where(OpeningRow.commitment.in_(set(wanted.values()))))
    kept = {row.commitment: row for row in rows}
    found = {key: _opened(commitment, kept.get(commitment)) for key, commitment in wanted.items()}
    return {key: opening for key, opening in found.items() if opening is not None}


def _opened(commitment: bytes, kept: OpeningRow | None) -> Opening | None:
    if kept is None:
        return None
    try:
        opening = kept.opening()
    except ValueError:  # what is left of it is no opening
        return None
    return opening if opening is not None and opens(commitment, opening) else None
