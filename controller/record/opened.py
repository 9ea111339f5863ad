"""Openings of facts: what an agent committed to, read only if it really opens what the fact says.

The law: every reading of an opening that proves something goes through here; what is erased or opens nothing is None.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from contract.commitment import Opening, opens
from contract.fact import Fact
from controller.ledger.ledger import OpeningRow


def opening_of(session: Session, found: Fact, name: str) -> Opening | None:
    """The opening of this commitment of a fact, if it is still there."""
    commitment = found.commitments.get(name)
    kept = None if commitment is None else session.get(OpeningRow, commitment)
    if commitment is None or kept is None:
        return None
    try:
        opening = kept.opening()
    except ValueError:  # what is left of it is no opening
        return None
    return opening if opening is not None and opens(commitment, opening) else None
