"""The lists that were issued to each agent, kept by hash for ever, so that any decision can be replayed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical
from contract.policy import Policy
from controller.database import Base, UtcDateTime
from controller.premises.agent import Agent

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


def newest_adopted(session: Session, agent: Agent) -> IssuedList | None:
    """The newest list that `agent` is on record as having adopted."""
    adopted = select(IssuedList).where(IssuedList.agent_id == agent.id, IssuedList.adopted_at.is_not(None))
    return session.scalar(adopted.order_by(IssuedList.epoch.desc(), IssuedList.version.desc()).limit(1))


def of_version(session: Session, agent: Agent, epoch: int, version: int) -> IssuedList | None:
    """The list of this version; None when none was issued, or the numbers are none that we give."""
    if not (0 < epoch <= _LARGEST and 0 < version <= _LARGEST):
        return None
    return session.get(IssuedList, (agent.id, epoch, version))


def policy_by_hash(session: Session, policy_hash: bytes) -> Policy | None:
    """The policy that a decision fact names."""
    found = session.scalar(select(IssuedList.policy).where(IssuedList.policy_hash == policy_hash).limit(1))
    return Policy.from_object(canonical.decode_object(found.encode("utf-8"))) if found is not None else None


def adopted(session: Session, now: datetime, agent: Agent, epoch: int, version: int, list_hash: str) -> None:
    """An agent's fact says that it adopted the list of this version; believed when it names the bytes we made."""
    found = of_version(session, agent, epoch, version)
    if found is not None and found.list_hash.hex() == list_hash and found.adopted_at is None:
        found.adopted_at = now
