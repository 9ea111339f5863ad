"""Ends of cards: each time a card was said to be lost, stolen or suspended, or ended because its holder left.

The law: one row for each saying, made in the transaction that says it. It stands until the same is taken back; a card
that is lost again is another row. What became of it at the doors is added by those who hear of it (`receipts`,
`presented_after`), and by nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime


class Ended(StrEnum):
    """What happened."""

    LOST = "lost"
    STOLEN = "stolen"
    SUSPENDED = "suspended"
    LEFT = "left"


class Way(StrEnum):
    """HAND: an operator said it of one person; FILE: a file of people did; DATE: the minute of leaving came for a card
    of which nobody had said it before."""

    HAND = "hand"
    FILE = "file"
    DATE = "date"


class CardEnd(Base):
    """takes_effect_at: from when on the card was to open nothing by what was said, which may be before it was said;
    ledger_sequence: the row that says so; over_at,
    over_sequence: when and by which row it was taken back (null: it stands). doors: of how many doors the lists carried
    the card then (null: not counted yet), confirmed: how many of them have adopted a list that says it, the first and
    the last of them at first_at and last_at. refused, admitted, let_out: what doors decided when the card was presented
    while it was to open nothing; admitted_sequence: the first entry among them."""

    __tablename__ = "card_end"

    id: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"), index=True)
    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), index=True)
    what: Mapped[str] = mapped_column(String(16))
    way: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(80))
    said_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    takes_effect_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_sequence: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.sequence"))
    over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    over_sequence: Mapped[int | None] = mapped_column(BigInteger)
    doors: Mapped[int | None]
    confirmed: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refused: Mapped[int] = mapped_column(default=0)
    admitted: Mapped[int] = mapped_column(default=0)
    let_out: Mapped[int] = mapped_column(default=0)
    admitted_sequence: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_card_end_doors", "doors", "ledger_sequence"),)

    @property
    def stands(self) -> bool:
        return self.over_at is None

    def bears_on(self, at: datetime) -> bool:
        """Whether the card was to open nothing at `at`, and that had been said."""
        return max(self.said_at, self.takes_effect_at) <= at and (self.over_at is None or at < self.over_at)

    def told_by(self, reflects: int) -> bool:
        """Whether a list that was right up to this row of the ledger says it."""
        return self.ledger_sequence <= reflects and (self.over_sequence is None or reflects < self.over_sequence)

    @classmethod
    def told_by_list(cls, reflects: int) -> ColumnElement[bool]:
        """The same, asked of the database."""
        return and_(cls.ledger_sequence <= reflects, or_(cls.over_sequence.is_(None), cls.over_sequence > reflects))


@dataclass(frozen=True, slots=True)
class Saying:
    """What was said of cards in one row of the ledger: by whom, how, when, and from when on it is to hold."""

    what: Ended
    actor: str
    said_at: datetime
    takes_effect_at: datetime
    ledger_sequence: int
    way: Way = Way.HAND


def begin(session: Session, cards: Iterable[tuple[int, int]], said: Saying) -> None:
    """Keep what was said of each of `cards`, given as (credential, cardholder)."""
    session.add_all(
        CardEnd(
            credential_id=credential_id,
            cardholder_id=cardholder_id,
            what=said.what,
            way=said.way,
            actor=said.actor,
            said_at=said.said_at,
            takes_effect_at=said.takes_effect_at,
            ledger_sequence=said.ledger_sequence,
        )
        for credential_id, cardholder_id in cards
    )
    session.flush()


def standing(session: Session, cards: Iterable[int], *what: Ended) -> Sequence[CardEnd]:
    """What of this kind stands of these cards."""
    mine = (CardEnd.credential_id.in_(list(cards)), CardEnd.what.in_(what), CardEnd.over_at.is_(None))
    return session.scalars(select(CardEnd).where(*mine).order_by(CardEnd.id)).all()


def take_back(ends: Iterable[CardEnd], now: datetime, ledger_sequence: int) -> None:
    """They stood until this row of the ledger."""
    for each in ends:
        each.over_at, each.over_sequence = now, ledger_sequence


def since_when(session: Session, *, card: int | None = None, holder: int | None = None) -> datetime | None:
    """When the first was said of this card, or of any card of this holder; None: nothing ever was."""
    mine = CardEnd.credential_id == card if holder is None else CardEnd.cardholder_id == holder
    return session.scalar(select(CardEnd.said_at).where(mine).order_by(CardEnd.said_at).limit(1))
