"""The lists that were issued to each agent, kept by hash for ever, so that any decision can be replayed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, case, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical
from contract.authorisation import AuthorisationList, BadList, open_list
from contract.fact import FactKind
from contract.policy import Policy
from controller.database import Base, UtcDateTime
from controller.premises.agent import Agent
from controller.record.fact import FactRow

_LARGEST = 2**31 - 1


class IssuedList(Base):
    """One version. reflects: the ledger row up to which its content has been right; first_reflects: the row that
    called for it; adopted_at: when the agent's own fact of adopting it came in; receipt: the agent's early notice;
    outgrown_at: when its content had stopped being right and its successor did not fit one message."""

    __tablename__ = "issued_list"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    set_hash: Mapped[bytes] = mapped_column(LargeBinary)
    list_hash: Mapped[bytes] = mapped_column(LargeBinary)
    policy_hash: Mapped[bytes] = mapped_column(LargeBinary)
    policy: Mapped[str] = mapped_column(Text)
    encoded: Mapped[bytes] = mapped_column(LargeBinary)
    compiled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reflects: Mapped[int] = mapped_column(BigInteger)
    adopted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    receipt: Mapped[str | None] = mapped_column(String(240))
    outgrown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_issued_list_policy_hash", "policy_hash"),)


class DeliveryPosition(Base):
    """One row: the last ledger row whose consequences were compiled, when time alone was last looked at, and the number
    of the posture that the lists of everybody concerned carry."""

    __tablename__ = "delivery_position"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posture: Mapped[int] = mapped_column(BigInteger, default=0)


def newest(session: Session, agent: Agent) -> IssuedList | None:
    """The newest list issued to `agent`."""
    order = (IssuedList.epoch.desc(), IssuedList.version.desc())
    return session.scalar(select(IssuedList).where(IssuedList.agent_id == agent.id).order_by(*order).limit(1))


def of_version(session: Session, agent: Agent, epoch: int, version: int) -> IssuedList | None:
    """The list of this version; None when none was issued, or the numbers are none that we give."""
    if not (0 < epoch <= _LARGEST and 0 < version <= _LARGEST):
        return None
    return session.get(IssuedList, (agent.id, epoch, version))


def carried_at(session: Session, agent: Agent, at: datetime) -> IssuedList | None:
    """The list that `agent` carried at `at`, by its own facts; None when it had none then, or one that is not ours.

    A clock that cannot be believed orders nothing: such a fact counts from when it was received.
    """
    when = case((FactRow.trusted, FactRow.at), else_=FactRow.received_at)
    adoptions = select(FactRow).where(FactRow.kind == FactKind.LIST_ADOPTED, FactRow.agent_id == agent.id, when <= at)
    row = session.scalar(adoptions.order_by(FactRow.sequence.desc()).limit(1))
    return None if row is None else of_body(session, agent, row.fact().body)


def of_body(session: Session, agent: Agent, told: canonical.Object) -> IssuedList | None:
    """The list that {epoch, version, hash} in a fact of `agent` names, if it is one that was issued to it."""
    epoch, version = told.get("epoch"), told.get("version")
    found = of_version(session, agent, epoch, version) if isinstance(epoch, int) and isinstance(version, int) else None
    return found if found is not None and found.list_hash.hex() == told.get("hash") else None


def issued_by(session: Session, agent: Agent, at: datetime) -> IssuedList | None:
    """The newest list that had been issued to `agent` at `at`: the rules in force here at that moment."""
    mine = select(IssuedList).where(IssuedList.agent_id == agent.id, IssuedList.compiled_at <= at)
    return session.scalar(mine.order_by(IssuedList.epoch.desc(), IssuedList.version.desc()).limit(1))


def opened(kept: IssuedList) -> AuthorisationList | None:
    """The list as its agent reads it; None when what is kept is not what was issued, or is of another format."""
    if hashlib.sha256(kept.encoded).digest() != kept.list_hash:
        return None
    try:
        return open_list(kept.encoded, cast("Ed25519PublicKey", _Vouched()))
    except BadList:
        return None


class _Vouched:
    """In the place of a public key: the hash under which a list was kept vouches for it, also when keys have changed
    since and where none is at hand."""

    def verify(self, signature: bytes, data: bytes) -> None:
        """Everything was verified before."""


def policy_by_hash(session: Session, policy_hash: bytes) -> Policy | None:
    """The policy that a decision fact names."""
    found = session.scalar(select(IssuedList.policy).where(IssuedList.policy_hash == policy_hash).limit(1))
    return Policy.from_object(canonical.decode_object(found.encode("utf-8"))) if found is not None else None


def adopted(
    session: Session, now: datetime, agent: Agent, epoch: int, version: int, list_hash: str
) -> IssuedList | None:
    """An agent's fact says that it adopted the list of this version; believed when it names the bytes we made.
    The list, when that is news."""
    found = of_version(session, agent, epoch, version)
    if found is None or found.list_hash.hex() != list_hash or found.adopted_at is not None:
        return None
    found.adopted_at = now
    return found
