"""Credentials: the cards, each with one or more identities. No two cardholders of a site share an identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import credential as card
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.cardholder import Cardholder
from controller.refusal import Refused

Fits = Callable[[Session, "Credential", datetime], None]


class State(StrEnum):
    ACTIVE = "active"
    LOST = "lost"
    STOLEN = "stolen"
    RETURNED = "returned"
    DESTROYED = "destroyed"


class Credential(Base):
    """One card. `ended_at` and `reason` say when and why it left the active state."""

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(primary_key=True)
    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(400), default="")


class IdentityRow(Base):
    """One identity of one credential, as `contract.credential.Identity.text()` writes it. It stays with its card for
    ever: a card number that was somebody's must not become somebody else's while the record can name it."""

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"), index=True)
    text: Mapped[str] = mapped_column(String(160))

    __table_args__ = (UniqueConstraint("site_id", "text"),)

    def identity(self) -> card.Identity:
        return card.Identity.parse(self.text)


def issue(
    session: Session,
    actor: str,
    now: datetime,
    holder: Cardholder,
    label: str,
    identities: Sequence[card.Identity],
    fits: Fits,
) -> Credential:
    """Give `holder` a card; Refused identity-missing, identity-taken, cardholder-inactive, and whatever `fits` refuses
    (a list that would no longer fit one message)."""
    if not holder.active:
        raise Refused("cardholder-inactive")
    texts = [identity.text() for identity in dict.fromkeys(identities)]
    if not texts:
        raise Refused("identity-missing")
    taken = select(IdentityRow.id).where(IdentityRow.site_id == holder.site_id, IdentityRow.text.in_(texts))
    if session.scalar(taken.limit(1)) is not None:
        raise Refused("identity-taken")
    given = Credential(cardholder_id=holder.id, label=label.strip()[:120], state=State.ACTIVE, issued_at=now, reason="")
    session.add(given)
    session.flush()
    session.add_all(IdentityRow(site_id=holder.site_id, credential_id=given.id, text=text) for text in texts)
    session.flush()
    fits(session, given, now)
    subjects = {"cardholder": holder.id, "credential": given.id}
    append(session, Kind.CREDENTIAL_ISSUED, actor, now, subjects, personal={"identities": list(texts)})
    return given


def end(session: Session, actor: str, now: datetime, given: Credential, state: State, reason: str) -> None:
    """Report a card lost or stolen, or take it back; it may only leave rooms from now on. Refused credential-ended."""
    if given.state != State.ACTIVE or state is State.ACTIVE:
        raise Refused("credential-ended")
    if not reason.strip():
        raise Refused("reason-missing")
    given.state, given.ended_at, given.reason = state, now, reason.strip()[:400]
    subjects = {"cardholder": given.cardholder_id, "credential": given.id}
    append(session, Kind.CREDENTIAL_ENDED, actor, now, subjects, {"state": state}, {"reason": given.reason})


def report_lost(session: Session, actor: str, now: datetime, given: Credential, reason: str) -> None:
    end(session, actor, now, given, State.LOST, reason)


def restore(session: Session, actor: str, now: datetime, given: Credential, reason: str, fits: Fits) -> None:
    """A lost card was found; Refused credential-ended when it was destroyed or is active already, and what `fits`
    refuses."""
    if given.state in (State.ACTIVE, State.DESTROYED):
        raise Refused("credential-ended")
    if not reason.strip():
        raise Refused("reason-missing")
    given.state, given.ended_at, given.reason = State.ACTIVE, None, reason.strip()[:400]
    session.flush()
    fits(session, given, now)
    subjects = {"cardholder": given.cardholder_id, "credential": given.id}
    append(session, Kind.CREDENTIAL_RESTORED, actor, now, subjects, personal={"reason": given.reason})


def of_cardholder(session: Session, holder: Cardholder) -> Sequence[Credential]:
    """All cards of `holder`, the newest first."""
    statement = select(Credential).where(Credential.cardholder_id == holder.id)
    return session.scalars(statement.order_by(Credential.issued_at.desc(), Credential.id.desc())).all()


def identities_of(session: Session, given: Credential) -> Sequence[IdentityRow]:
    statement = select(IdentityRow).where(IdentityRow.credential_id == given.id).order_by(IdentityRow.id)
    return session.scalars(statement).all()
