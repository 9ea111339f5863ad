"""Overruled grants: entries that a door gave on an older list and that the rules in force here would have refused.

The fact stays as the door recorded it; beside it stands what the centre knew better at that moment.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base
from controller.record import alarm
from controller.record.fact import FactRow


class OverruledGrant(Base):
    """reason: why it would have been refused; epoch, version: by which list; certain: false when it is not known which
    card it was and the holder had one that would not have been, or when the door's clock could not be believed."""

    __tablename__ = "overruled_grant"

    ledger_sequence: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger.sequence"), primary_key=True, autoincrement=False
    )
    reason: Mapped[str] = mapped_column(String(32))
    epoch: Mapped[int]
    version: Mapped[int]
    certain: Mapped[bool]


def mark(session: Session, row: FactRow, now: datetime, found: OverruledGrant) -> None:
    """Mark the decision of `row`, and raise an alarm unless one about this person and area waits already."""
    session.add(found)
    session.flush()
    alarm.raise_once(session, alarm.GRANTED_ON_OLD_LIST, now, row)
