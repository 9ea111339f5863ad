"""Facts as they were received: the exact bytes, and columns beside them for the auditor's questions.

Only `cardholder_id` is personal; it is resolved from the opening, may be erased, and proves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    and_,
    false,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import fact
from controller.database import Base, UtcDateTime

_DECISION = text("kind || '' = 'DECISION'")
_UNKNOWN = text("kind = 'DECISION' AND cardholder_id IS NULL")


class FactRow(Base):
    """One fact. `ledger_sequence` is its place in the order of reception, which is the order of every page."""

    __tablename__ = "fact"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ledger_sequence: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.sequence"), unique=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    trusted: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(24))
    outcome: Mapped[str | None] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(32))
    inferred: Mapped[bool | None]
    access_point_id: Mapped[int | None] = mapped_column(ForeignKey("access_point.id"))
    door_id: Mapped[int | None] = mapped_column(ForeignKey("door.id"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    cardholder_id: Mapped[int | None] = mapped_column(ForeignKey("cardholder.id"))
    encoded: Mapped[bytes] = mapped_column(LargeBinary)
    fact_hash: Mapped[bytes] = mapped_column(LargeBinary)

    # Each question of the log page is answered by one of these alone, newest first, without sorting; only a page that
    # is narrowed to a time and to nothing else sorts what lies in that time. The second of a door tells a timeline what
    # happened there in a time, however long the record is. The last counts the decisions of a time by door, and which
    # of them came in late, without reading the facts.
    __table_args__ = (
        Index("ix_fact_area_id", "area_id", "ledger_sequence", "kind", "outcome", "at"),
        Index("ix_fact_door_id", "door_id", "ledger_sequence", "kind", "outcome", "at"),
        Index("ix_fact_door_id_at", "door_id", "at", "kind", "outcome", "area_id", "ledger_sequence"),
        Index("ix_fact_cardholder_id", "cardholder_id", "ledger_sequence", "kind", "outcome", "at"),
        Index("ix_fact_kind", "kind", "ledger_sequence", "at", "outcome"),
        Index("ix_fact_outcome", "outcome", "ledger_sequence", "at", "kind", "area_id"),
        Index("ix_fact_at", "at", "ledger_sequence", "kind", "outcome"),
        Index(
            "ix_fact_unknown",
            "kind",
            "cardholder_id",
            "ledger_sequence",
            sqlite_where=_UNKNOWN,
            postgresql_where=_UNKNOWN,
        ),
        Index("ix_fact_unknown_newest", "ledger_sequence", sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN),
        Index(
            "ix_fact_decided",
            "kind",
            "at",
            "door_id",
            "received_at",
            "trusted",
            "ledger_sequence",
            sqlite_where=_DECISION,
            postgresql_where=_DECISION,
        ),
    )

    def fact(self) -> fact.Fact:
        return fact.decoded(self.encoded)


class AgentChain(Base):
    """How far an agent's facts are committed: the last sequence, and the hash the next one must follow."""

    __tablename__ = "agent_chain"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    through: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary)


def decided() -> ColumnElement[bool]:
    """Of facts: a card was judged. Written as its index is, which SQLite would otherwise take for every question about
    decisions in a time, also where another one finds the few that are asked for."""
    return and_(_is_decision(), literal_column("fact.kind || '' = 'DECISION'"))


def unknown() -> ColumnElement[bool]:
    """Of facts: a card that nobody has was presented. The kind stands in the statement itself, because indexes hold
    just these facts, and a database that is told the kind beside the statement cannot know that they do."""
    return and_(_is_decision(), FactRow.cardholder_id.is_(None))


def _is_decision() -> ColumnElement[bool]:
    return FactRow.kind == literal_column("'DECISION'")


def of_agent(session: Session, agent_id: int, sequence: int) -> FactRow | None:
    return session.get(FactRow, (agent_id, sequence))


def of_agents(session: Session, named: Iterable[tuple[int, int]]) -> Sequence[FactRow]:
    """The facts of these (agent, sequence) that are there, in no order. By agent, because pairs are compared without an
    index by SQLite."""
    wanted = defaultdict[int, set[int]](set)
    for agent_id, sequence in named:
        wanted[agent_id].add(sequence)
    each = [and_(FactRow.agent_id == agent, FactRow.sequence.in_(found)) for agent, found in wanted.items()]
    return session.scalars(select(FactRow).where(or_(false(), *each))).all()
