"""Accounts of an OpenID provider by which operators sign in: linked by their owner, known by issuer and subject alone.

Neither a name nor a mail address links anything: whoever may choose those at the provider could choose an operator's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.refusal import Refused

MOST = 5


class ProviderIdentity(Base):
    """issuer: the provider's name for itself; subject: what it calls the account, the same for ever."""

    __tablename__ = "provider_identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("issuer", "subject"),)


def link(session: Session, now: datetime, operator_id: int, issuer: str, subject: str) -> None:
    """Let this account of the provider be the operator's; Refused provider-linked, identities-full."""
    if found(session, issuer, subject) is not None:
        raise Refused("provider-linked")
    if len(of_operator(session, operator_id)) >= MOST:
        raise Refused("identities-full")
    session.add(
        ProviderIdentity(operator_id=operator_id, issuer=issuer, subject=subject, linked_at=now, last_used_at=None)
    )
    _record(session, Kind.IDENTITY_LINKED, now, operator_id, issuer, subject)


def unlink(session: Session, now: datetime, row: ProviderIdentity) -> None:
    """Nobody signs in by this account of the provider any more."""
    session.delete(row)
    _record(session, Kind.IDENTITY_UNLINKED, now, row.operator_id, row.issuer, row.subject)


def found(session: Session, issuer: str, subject: str) -> ProviderIdentity | None:
    same = (ProviderIdentity.issuer == issuer, ProviderIdentity.subject == subject)
    return session.scalar(select(ProviderIdentity).where(*same))


def of_operator(session: Session, operator_id: int) -> Sequence[ProviderIdentity]:
    mine = select(ProviderIdentity).where(ProviderIdentity.operator_id == operator_id)
    return session.scalars(mine.order_by(ProviderIdentity.id)).all()


def drop_all(session: Session, operator_id: int) -> None:
    """The account starts anew: no provider speaks for its owner."""
    session.execute(delete(ProviderIdentity).where(ProviderIdentity.operator_id == operator_id))


def _record(session: Session, kind: Kind, now: datetime, operator_id: int, issuer: str, subject: str) -> None:
    """The subject names a person elsewhere, so it stands where it can be erased."""
    told = {"operator": operator_id}
    append(session, kind, f"operator:{operator_id}", now, told, {"issuer": issuer}, {"subject": subject})
