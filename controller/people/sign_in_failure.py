"""Failed attempts to sign in: counted by rows, answered with closures that grow, and never a way to lock an owner out.

Strangers are counted per account and source, and all together. A device with which the owner has signed in before is
counted by itself alone, and a passkey closes nothing: it cannot be guessed. Names that nobody has share one row, so
strangers cannot fill the table; no typed name, password or address is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, delete, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.people.operator_session import NOWHERE, Whence

FREE_FAILURES = 5
LONGEST_CLOSURE = timedelta(hours=1)
FREE_FOR_ALL = 100
"""So many failures of strangers in a row are nobody's typing mistakes."""
LONGEST_FOR_ALL = timedelta(seconds=15)
"""Short: it only makes guessing from many addresses slow, and strangers must not close the door to all others."""
_FIRST = timedelta(seconds=30)
_FIRST_FOR_ALL = timedelta(seconds=1)
FORGOTTEN_AFTER = timedelta(days=1)
_ALL, _NOBODY = "*", ""


_NOTE = text(
    "INSERT INTO sign_in_failure (name, operator_id, count, last_at) VALUES (:name, :operator_id, 1, :now)"
    " ON CONFLICT (name) DO UPDATE SET count = sign_in_failure.count + 1, last_at = excluded.last_at RETURNING count"
).bindparams(bindparam("now", type_=UtcDateTime))
"""One statement, so that two at once are two."""


class SignInFailure(Base):
    """How often in a row it failed, and until when it is closed. name: a digest of account and source or device; `*`
    for all strangers together, empty for all names that nobody has; or what is only noted, and of whom."""

    __tablename__ = "sign_in_failure"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(index=True)
    count: Mapped[int]
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Origin:
    """source: the address that asks; device: what this browser was called when the account last signed in with it, if
    it ever did; whence: what of it may be kept."""

    source: str = ""
    device: str = ""
    whence: Whence = NOWHERE

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


def noted(session: Session, now: datetime, what: str, operator_id: int | None = None) -> int | None:
    """Count something that was refused and closes nothing; how many in a row, at the first and at every doubling: then
    it is worth a row of the ledger, which nobody can make grow as they please. what: a word of ours."""
    session.execute(delete(SignInFailure).where(SignInFailure.last_at <= now - FORGOTTEN_AFTER))
    name = what if operator_id is None else f"{what}:{operator_id}"
    count = int(session.execute(_NOTE, {"name": name, "operator_id": operator_id, "now": now}).scalar_one())
    return count if is_doubling(count) else None


def is_doubling(count: int) -> bool:
    """Whether it is 1, 2, 4, 8 and so on."""
    return count & (count - 1) == 0


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
