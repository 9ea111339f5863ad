"""Which agents a door has had: one row for each time that it went from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.premises.agent import Agent
from controller.premises.door import Door, Moving


class DoorMove(Base):
    """ledger_sequence: the row that records it; handed_over_at: since when its former agent is known to open it no more
    (null until then), hand_over_sequence: the row that records that."""

    __tablename__ = "door_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    door_id: Mapped[int] = mapped_column(ForeignKey("door.id"), index=True)
    from_agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    to_agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_sequence: Mapped[int] = mapped_column(BigInteger)
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hand_over_sequence: Mapped[int | None] = mapped_column(BigInteger)


def newest(session: Session, door: Door) -> DoorMove | None:
    """The last move of `door`; None when it has had one agent only."""
    mine = select(DoorMove).where(DoorMove.door_id == door.id)
    return session.scalar(mine.order_by(DoorMove.id.desc()).limit(1))


def agent_at(session: Session, door: Door, at: datetime) -> int:
    """The id of the agent that `door` was given to at a moment."""
    later = select(DoorMove.from_agent_id).where(DoorMove.door_id == door.id, DoorMove.begun_at > at)
    return session.scalar(later.order_by(DoorMove.id).limit(1)) or door.agent_id


def former(session: Session, agent: Agent) -> Sequence[tuple[Door, datetime | None]]:
    """The doors that `agent` drove and drives no more; until when it may speak of each, None while it may still."""
    gone = select(Door, DoorMove.handed_over_at).join(DoorMove, DoorMove.door_id == Door.id)
    mine = gone.where(DoorMove.from_agent_id == agent.id, Door.agent_id != agent.id).order_by(DoorMove.id)
    latest = {door.id: (door, until) for door, until in session.execute(mine)}
    return list(latest.values())


def leaving(session: Session, agent: Agent) -> Sequence[Door]:
    """The doors that are to leave `agent`, and of which it has not let go yet."""
    waits = select(Door).join(DoorMove, DoorMove.door_id == Door.id)
    mine = waits.where(
        DoorMove.from_agent_id == agent.id, DoorMove.handed_over_at.is_(None), Door.moving == Moving.LEAVING
    )
    return session.scalars(mine.order_by(Door.key)).all()
