"""Where operators are signed in: rows on the server, so that each can be listed and ended at once, wherever its cookie
is.

Of a cookie only the SHA-256 is kept. A session knows by what it was opened, when its operator last proved to be there,
and coarsely from where; never an address or a browser's full name.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime

SESSION_LIFE, SESSION_IDLE = timedelta(hours=12), timedelta(minutes=30)
_SEEN_EVERY = timedelta(minutes=1)


class Proof(StrEnum):
    """By what an operator proved to be themselves; PROVIDER_FACTORS: by two factors, as the provider says."""

    PASSWORD = "password"  # noqa: S105 - the name of a factor
    CODE = "password-and-code"
    RECOVERY = "password-and-recovery-code"
    PASSKEY = "passkey"
    PROVIDER = "provider"
    PROVIDER_CODE = "provider-and-code"
    PROVIDER_RECOVERY = "provider-and-recovery-code"
    PROVIDER_FACTORS = "provider-by-two-factors"


ONE_FACTOR = frozenset({Proof.PASSWORD, Proof.PROVIDER})
BY_PROVIDER = frozenset({Proof.PROVIDER, Proof.PROVIDER_CODE, Proof.PROVIDER_RECOVERY, Proof.PROVIDER_FACTORS})


class OperatorSession(Base):
    """confirmed_at: when the operator last proved to be there; device, network: coarse, for its owner to recognise."""

    __tablename__ = "operator_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proof: Mapped[str] = mapped_column(String(32))
    device: Mapped[str] = mapped_column(String(60), default="")
    network: Mapped[str] = mapped_column(String(48), default="")

    @property
    def key(self) -> str:
        """What a page calls this session; nothing can be resumed with it."""
        return self.token_hash[:12].hex()

    @property
    def two_factors(self) -> bool:
        return self.proof not in ONE_FACTOR

    @property
    def by_provider(self) -> bool:
        return self.proof in BY_PROVIDER

    def is_fresh(self, now: datetime, within: timedelta) -> bool:
        return now - self.confirmed_at < within


@dataclass(frozen=True, slots=True)
class Whence:
    """Coarsely, from what and from where somebody signs in."""

    device: str = ""
    network: str = ""

    def told(self) -> dict[str, str]:
        """What a row of the ledger commits to: it is personal, and stands beside the row, where it can be erased."""
        return {name: kept for name, kept in (("device", self.device), ("network", self.network)) if kept}


NOWHERE = Whence()


def open_session(
    session: Session,
    now: datetime,
    operator_id: int,
    proof: Proof,
    whence: Whence = NOWHERE,
    proved_at: datetime | None = None,
) -> str:
    """The token of a new session; sessions that have ended by themselves are swept. proved_at: when its operator
    proved to be there, if that was not just now."""
    token = secrets.token_urlsafe(32)
    session.execute(delete(OperatorSession).where(OperatorSession.ends_at <= now))
    session.add(
        OperatorSession(
            token_hash=hashed(token),
            operator_id=operator_id,
            created_at=now,
            last_seen_at=now,
            ends_at=now + SESSION_LIFE,
            confirmed_at=now if proved_at is None else min(proved_at, now),
            proof=proof,
            device=whence.device[:60],
            network=whence.network[:48],
        )
    )
    return token


def living(session: Session, now: datetime, token: str) -> OperatorSession | None:
    """The session of this token while it lives; it lives on for another half hour, at most twelve in all."""
    found = session.get(OperatorSession, hashed(token))
    if found is None or found.ends_at <= now or found.last_seen_at + SESSION_IDLE <= now:
        return None
    if now - found.last_seen_at > _SEEN_EVERY:
        found.last_seen_at = now
    return found


def sessions_of(session: Session, now: datetime, operator_id: int) -> Sequence[OperatorSession]:
    """Those that live, the latest used first."""
    statement = select(OperatorSession).where(
        OperatorSession.operator_id == operator_id,
        OperatorSession.ends_at > now,
        OperatorSession.last_seen_at > now - SESSION_IDLE,
    )
    return session.scalars(statement.order_by(OperatorSession.last_seen_at.desc(), OperatorSession.created_at)).all()


def confirm(session: Session, now: datetime, token: str, proof: Proof) -> None:
    """The operator of this session has proved again to be there; a session never becomes weaker by it."""
    found = session.get(OperatorSession, hashed(token))
    if found is not None:
        found.confirmed_at = now
        found.proof = proof if proof not in ONE_FACTOR else found.proof


def end_all(session: Session, operator_id: int, but: str = "") -> int:
    """End every session of an operator, except the one with token `but`; how many ended."""
    mine = OperatorSession.operator_id == operator_id
    ended = session.scalars(select(OperatorSession).where(mine, OperatorSession.token_hash != hashed(but))).all()
    for each in ended:
        session.delete(each)
    session.flush()
    return len(ended)


def sign_out(session: Session, token: str) -> None:
    session.execute(delete(OperatorSession).where(OperatorSession.token_hash == hashed(token)))


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
