"""Looking for people by what an operator remembers: a part of the name, its reading, the staff number, a card.

Everything typed must be found, in any order. Keys (`folding`) are compared, never names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from controller.people import folding
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.premises.site import Site


def find(
    session: Session, site: Site, text: str, after: int = 0, limit: int = 50, present: datetime | None = None
) -> Sequence[Cardholder]:
    """Cardholders whom `text` describes, by id, after id `after`; everybody for no text, nobody for a text of
    punctuation. present: only those who have not left by then."""
    statement = select(Cardholder).where(Cardholder.site_id == site.id, Cardholder.id > after)
    if present is not None:
        statement = statement.where(Cardholder.present_at(present))
    terms = folding.terms(text)
    if text.strip() and not terms:
        return []
    for spellings in terms:
        cards = select(Credential.cardholder_id).where(_holds(Credential.folded, spellings))
        statement = statement.where(or_(_holds(Cardholder.folded, spellings), Cardholder.id.in_(cards)))
    return session.scalars(statement.order_by(Cardholder.id).limit(limit)).all()


def _holds(key: InstrumentedAttribute[str], spellings: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(key.contains(each, autoescape=True) for each in spellings))
