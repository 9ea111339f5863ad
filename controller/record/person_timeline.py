"""The timeline of a person: where they were, where they were refused, and which permissions and cards came and went.

The law: read alone. What a permission or card did follows from its row: a card that was suspended and resumed shows
what it is now, and its acts stand among the changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contract.fact import FactKind
from contract.outcome import Outcome
from controller.people import credential as credentials
from controller.people import permission as permissions
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.permission import Grant, GrantState
from controller.premises.area import Area
from controller.record import enquiry
from controller.record.enquiry import LogRow
from controller.record.fact import FactRow
from controller.record.stay import Stay

MOST = 500


class Step(StrEnum):
    """What became of a permission or a card."""

    GAINED = "gained"
    REVOKED = "revoked"
    RUN_OUT = "run-out"
    ISSUED = "issued"
    HANDED_OUT = "handed-out"
    ENDED = "ended"


OF_PERMISSIONS = frozenset({Step.GAINED, Step.REVOKED, Step.RUN_OUT})


@dataclass(frozen=True, slots=True)
class Change:
    """grant or card: the one that it is about; said: why, in the words of who did it."""

    at: datetime
    step: Step
    grant: Grant | None = None
    card: Credential | None = None
    said: str = ""


def stays(session: Session, holder: Cardholder, since: datetime, until: datetime) -> Sequence[tuple[Stay, Area]]:
    """Every stay in a room that touches the time, in the order of coming; MOST and one more at most."""
    statement = (
        select(Stay, Area)
        .join(Area, Area.id == Stay.area_id)
        .where(Stay.cardholder_id == holder.id, Area.open.is_(False), Stay.not_before < until)
        .where(or_(Stay.left_at.is_(None), Stay.left_at > since))
        .order_by(Stay.not_before, Stay.id)
    )
    return [(stay, area) for stay, area in session.execute(statement.limit(MOST + 1))]


def facts(session: Session, holder: Cardholder, since: datetime, until: datetime) -> Sequence[LogRow]:
    """Passages and refusals, in order; MOST and one more at most."""
    told = or_(FactRow.kind == FactKind.PASSAGE, FactRow.outcome == Outcome.REFUSE)
    within = (FactRow.cardholder_id == holder.id, FactRow.at >= since, FactRow.at < until, told)
    asked = select(FactRow.ledger_sequence).where(*within).order_by(FactRow.at, FactRow.ledger_sequence)
    places = session.scalars(asked.limit(MOST + 1)).all()
    found = enquiry.at_places(session, places)
    return [found[each] for each in places]


def changes(session: Session, holder: Cardholder, since: datetime, until: datetime) -> Sequence[Change]:
    """What became of permissions and cards, in order."""
    found = [each for grant in permissions.of_cardholder(session, holder) for each in _of_grant(grant)]
    found += [each for card in credentials.of_cardholder(session, holder) for each in _of_card(card)]
    return sorted((each for each in found if since <= each.at < until), key=lambda each: each.at)


def _of_grant(grant: Grant) -> Iterator[Change]:
    """Of one that was approved: when it began and when it ended, which may be still to come."""
    if grant.decided_at is None or grant.state == GrantState.DECLINED:
        return
    begins = max(grant.decided_at, grant.valid_from)
    ends = grant.valid_until
    if grant.revoked_at is not None and (ends is None or grant.revoked_at < ends):
        if begins <= grant.revoked_at:
            yield Change(begins, Step.GAINED, grant, said=grant.reason)
        yield Change(grant.revoked_at, Step.REVOKED, grant, said=grant.revoke_reason)
        return
    yield Change(begins, Step.GAINED, grant, said=grant.reason)
    if ends is not None:
        yield Change(ends, Step.RUN_OUT, grant)


def _of_card(card: Credential) -> Iterator[Change]:
    yield Change(card.issued_at, Step.ISSUED, card=card)
    if card.handed_out_at is not None:
        yield Change(card.handed_out_at, Step.HANDED_OUT, card=card)
    if card.ended_at is not None:
        yield Change(card.ended_at, Step.ENDED, card=card, said=card.reason)
