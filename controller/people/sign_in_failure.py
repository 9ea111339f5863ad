"""Failed attempts to sign in: counted by rows, answered with closures that grow, and never a way to lock an owner out.

Strangers are counted per account and source, and all together. A device with which the owner has signed in before is
counted by itself alone, and a passkey is not counted at all: it cannot be guessed. Names that nobody has share one row,
so strangers cannot fill the table; no typed name, password or address is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime

FREE_FAILURES = 5
LONGEST_CLOSURE = timedelta(hours=1)
FREE_FOR_ALL = 100
"""So many failures of strangers in a row are nobody's typing mistakes."""
LONGEST_FOR_ALL = timedelta(seconds=15)
"""Short: it only makes guessing from many addresses slow, and strangers must not close the door to all others."""
_FIRST = timedelta(seconds=30)
_FIRST_FOR_ALL = timedelta(seconds=1)
FORGOTTEN_AFTER = timedelta(days=1)
_ALL, _NOBODY, _PROVIDER = "*", "", "provider"


class SignInFailure(Base):
    """How often in a row it failed, and until when it is closed. name: a digest of account and source or device; `*`
    for all strangers together, empty for all names that nobody has, `provider` for refused answers of a provider."""

    __tablename__ = "sign_in_failure"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(index=True)
    count: Mapped[int]
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Origin:
    """source: the address that asks; device: what this browser was called when the account last signed in with it, if
    it ever did."""

    source: str = ""
    device: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.device)


ANYWHERE = Origin()


def is_closed(session: Session, now: datetime, operator_id: int | None, origin: Origin) -> bool:
    """Whether an attempt on this account from there is not even judged now."""
    rows = [session.get(SignInFailure, name) for name in _counted(operator_id, origin)]
    return any(row is not None and row.closed_until is not None and now < row.closed_until for row in rows)


def failed(session: Session, now: datetime, operator_id: int | None, origin: Origin) -> int:
    """Count a failure; how many there are in a row on this account from there."""
    session.execute(delete(SignInFailure).where(SignInFailure.last_at <= now - FORGOTTEN_AFTER))
    counts = [_counted_one(session, now, operator_id, name) for name in _counted(operator_id, origin)]
    return counts[0]


def noted(session: Session, now: datetime) -> int:
    """Count a refused answer of a provider; how many in a row. It closes nothing: such an answer cannot be guessed."""
    session.execute(delete(SignInFailure).where(SignInFailure.last_at <= now - FORGOTTEN_AFTER))
    row = session.get(SignInFailure, _PROVIDER, with_for_update=True)
    if row is None:
        row = SignInFailure(name=_PROVIDER, operator_id=None, count=0, last_at=now)
        session.add(row)
    row.count, row.last_at = row.count + 1, now
    session.flush()
    return row.count


def forgiven(session: Session, operator_id: int, origin: Origin) -> None:
    """The owner came in from there: nothing is held against them there."""
    session.execute(delete(SignInFailure).where(SignInFailure.name == _counted(operator_id, origin)[0]))


def forget(session: Session, operator_id: int) -> None:
    """Open the account to everybody's attempts again."""
    session.execute(delete(SignInFailure).where(SignInFailure.operator_id == operator_id))


def _counted_one(session: Session, now: datetime, operator_id: int | None, name: str) -> int:
    row = session.get(SignInFailure, name, with_for_update=True)
    if row is None:
        row = SignInFailure(name=name, operator_id=None if name == _ALL else operator_id, count=0, last_at=now)
        session.add(row)
    row.count, row.last_at = row.count + 1, now
    free, first, longest = (
        (FREE_FOR_ALL, _FIRST_FOR_ALL, LONGEST_FOR_ALL) if name == _ALL else (FREE_FAILURES, _FIRST, LONGEST_CLOSURE)
    )
    if row.count >= free:
        row.closed_until = now + min(first * 2 ** min(row.count - free, 10), longest)
    session.flush()
    return row.count


def _counted(operator_id: int | None, origin: Origin) -> tuple[str, ...]:
    """The rows in which an attempt counts, its own first."""
    if operator_id is None:
        return (_NOBODY, _ALL)
    if origin.is_known:
        return (_digest("device", operator_id, origin.device),)
    return (_digest("source", operator_id, origin.source), _ALL)


def _digest(kind: str, operator_id: int, detail: str) -> str:
    return hashlib.sha256(f"{kind}\n{operator_id}\n{detail}".encode("utf-8", "surrogatepass")).hexdigest()[:40]
