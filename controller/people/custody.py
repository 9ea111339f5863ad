"""Custody: in whose hands each card is. What a card opens is said elsewhere (`credential`); this is about the thing.

The law: a card is handed to its holder while a permission of theirs is in force and against their acknowledgement, and
is called back once the last one has ended. Its place follows from what is recorded; nobody sets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import credential as credentials
from controller.people.card_state import State
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.permission import Grant, GrantState
from controller.premises.site import Site
from controller.refusal import Refused

MOST_COUNTED = 500
"""Cards that one count names."""


class Place(StrEnum):
    STOCK = "stock"
    HOLDER = "holder"
    MISSING = "missing"
    DESTROYED = "destroyed"


class Due(StrEnum):
    """What is to be done with a card. CALL_BACK: its holder has it, but no permission any more, or its replacement;
    HAND_OUT: it lies ready, and its holder has a permission; WAIT: it lies ready, and its holder has none."""

    CALL_BACK = "call-back"
    HAND_OUT = "hand-out"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Kept:
    """A card with its holder."""

    card: Credential
    holder: Cardholder


_MISSING = (State.LOST, State.STOLEN)
_GONE = (*_MISSING, State.RETURNED, State.DESTROYED)
_READY = (State.ACTIVE, State.SUSPENDED)


def place(card: Credential) -> Place:
    """Where the card is, by everything recorded of it."""
    if card.state == State.DESTROYED:
        return Place.DESTROYED
    if card.state in _MISSING:
        return Place.MISSING
    return Place.STOCK if card.handed_out_at is None else Place.HOLDER


def hand_out(session: Session, actor: str, now: datetime, card: Credential, *, acknowledged: bool) -> None:
    """The holder has the card from now on, and said so; Refused cardholder-inactive, card-not-usable, card-not-here,
    acknowledgement-missing, permission-missing."""
    session.refresh(card, with_for_update=True)
    holder = session.get_one(Cardholder, card.cardholder_id)
    if not holder.present(now):
        raise Refused("cardholder-inactive")
    if credentials.state_now(session, card, now) not in (State.ACTIVE, State.NOT_YET_VALID):
        raise Refused("card-not-usable")
    if place(card) is not Place.STOCK:
        raise Refused("card-not-here")
    if not acknowledged:
        raise Refused("acknowledgement-missing")
    if not session.scalar(select(exists(_in_force(now).where(Grant.cardholder_id == holder.id)))):
        raise Refused("permission-missing")
    card.handed_out_at = now
    subjects = {"cardholder": holder.id, "credential": card.id}
    append(session, Kind.CREDENTIAL_HANDED_OUT, actor, now, subjects, {"acknowledged": True})


def count_stock(
    session: Session, actor: str, now: datetime, site: Site, seen: Sequence[int], begun: datetime
) -> Sequence[Kept]:
    """Record that these cards were seen in stock; returns those that should lie there and were not seen since the count
    was begun, which may take several drawers. Refused count-wrong when one of them is not in stock, or too many are
    named."""
    wanted = set(seen)
    if not wanted or len(wanted) > MOST_COUNTED:
        raise Refused("count-wrong")
    here = session.scalars(_of_site(site).where(_IN_STOCK, Credential.id.in_(wanted)).with_only_columns(Credential))
    found = here.all()
    if len(found) != len(wanted):
        raise Refused("count-wrong")
    for each in found:
        each.counted_at = now
    append(session, Kind.CARDS_COUNTED, actor, now, {"credentials": sorted(wanted)}, {"seen": len(wanted)})
    session.flush()
    return stock(session, site, 0, MOST_COUNTED, unseen_since=min(begun, now))


def stock(
    session: Session, site: Site, after: int, limit: int, *, unseen_since: datetime | None = None
) -> Sequence[Kept]:
    """What should lie in stock, by id beyond `after`; only what no count has seen since `unseen_since`, if given."""
    wanted = _of_site(site).where(_IN_STOCK, Credential.id > after)
    if unseen_since is not None:
        wanted = wanted.where(or_(Credential.counted_at.is_(None), Credential.counted_at < unseen_since))
    return _kept(session, wanted.order_by(Credential.id).limit(limit))


def due(session: Session, site: Site, now: datetime, what: Due, after: int, limit: int) -> Sequence[Kept]:
    """The cards with which this is to be done, by id beyond `after`."""
    wanted = _of_site(site).where(_due(what, now), Credential.id > after)
    return _kept(session, wanted.order_by(Credential.id).limit(limit))


def due_counts(session: Session, site: Site, now: datetime) -> dict[Due, int]:
    """With how many cards each thing is to be done."""
    return {
        each: session.scalar(_of_site(site).where(_due(each, now)).with_only_columns(func.count(Credential.id))) or 0
        for each in Due
    }


_IN_STOCK = and_(Credential.handed_out_at.is_(None), Credential.state.not_in((*_MISSING, State.DESTROYED)))


def _due(what: Due, now: datetime) -> ColumnElement[bool]:
    permitted = and_(
        Cardholder.present_at(now), exists(_in_force(now).where(Grant.cardholder_id == Credential.cardholder_id))
    )
    newer = aliased(Credential)
    replaced, ends = exists(select(newer.id).where(newer.replaces_id == Credential.id)), Credential.valid_until
    if what is Due.CALL_BACK:
        out = and_(Credential.handed_out_at.is_not(None), Credential.state.not_in(_GONE))
        return and_(out, or_(not_(permitted), replaced))
    usable = and_(Credential.state.in_(_READY), not_(replaced), or_(ends.is_(None), ends > now))
    ready = and_(Credential.handed_out_at.is_(None), usable, Cardholder.present_at(now))
    return and_(ready, permitted if what is Due.HAND_OUT else not_(permitted))


def _in_force(now: datetime) -> Select[int]:
    ends = or_(Grant.valid_until.is_(None), Grant.valid_until > now)
    return select(Grant.id).where(Grant.state == GrantState.APPROVED, Grant.valid_from <= now, ends)


def _of_site(site: Site) -> Select[Credential, Cardholder]:
    joined = select(Credential, Cardholder).join(Cardholder, Cardholder.id == Credential.cardholder_id)
    return joined.where(Cardholder.site_id == site.id)


def _kept(session: Session, wanted: Select[Credential, Cardholder]) -> Sequence[Kept]:
    return [Kept(card, holder) for card, holder in session.execute(wanted)]
