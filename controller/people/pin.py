"""PINs of cardholders, kept as what `contract.pin` makes of them: nobody can read one back, here or anywhere.

A PIN and the one for duress are set together, because only then can they be compared. `choose` and `draw` are slow on
purpose: call them before a transaction, not in it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import pin as pins
from contract.pin import SALT_BYTES, Stretched
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.cardholder import Cardholder
from controller.refusal import Refused

DRAWN_DIGITS: Final = 6
Fits = Callable[[Session, Cardholder, datetime], None]


class PinRow(Base):
    """The PIN of one cardholder; `duress` is null where there is none for duress."""

    __tablename__ = "pin"

    cardholder_id: Mapped[int] = mapped_column(ForeignKey("cardholder.id"), primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    stretched: Mapped[bytes] = mapped_column(LargeBinary)
    duress: Mapped[bytes | None] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def kept(self) -> Stretched:
        return Stretched(self.salt, self.stretched, self.duress)


def choose(pin: str, duress: str | None = None, random: Callable[[int], bytes] = os.urandom) -> Stretched:
    """What is kept of a PIN that somebody chose; Refused pin-wrong, pin-trivial, pin-near."""
    found = pins.flaw(pin, duress)
    if found is not None:
        raise Refused(str(found))
    return pins.chosen(pin, duress, random(SALT_BYTES))


def draw(*, duress: bool = False, below: Callable[[int], int] = secrets.randbelow) -> tuple[str, str | None]:
    """Six random digits that may be chosen, and others for duress if asked for: to be shown once, and forgotten."""
    while True:
        pin, other = _digits(below), _digits(below) if duress else None
        if pins.flaw(pin, other) is None:
            return pin, other


def give(session: Session, actor: str, now: datetime, holder: Cardholder, kept: Stretched, fits: Fits) -> PinRow:
    """From now on this is the holder's PIN; the one before is none any more. Refused cardholder-inactive, and whatever
    `fits` refuses."""
    if not holder.active:
        raise Refused("cardholder-inactive")
    row = of(session, holder)
    if row is None:
        row = PinRow(cardholder_id=holder.id)
        session.add(row)
    row.salt, row.stretched, row.duress, row.set_at = kept.salt, kept.pin, kept.duress, now
    session.flush()
    fits(session, holder, now)
    append(session, Kind.PIN_SET, actor, now, {"cardholder": holder.id})
    return row


def clear(session: Session, actor: str, now: datetime, holder: Cardholder) -> None:
    """The holder has no PIN any more: where one is asked for they cannot enter. Refused pin-missing."""
    row = of(session, holder)
    if row is None:
        raise Refused("pin-missing")
    session.delete(row)
    append(session, Kind.PIN_CLEARED, actor, now, {"cardholder": holder.id})


def of(session: Session, holder: Cardholder) -> PinRow | None:
    return session.get(PinRow, holder.id)


def of_handles(session: Session, handles: Iterable[bytes]) -> dict[bytes, Stretched]:
    """What is kept of the PINs of these holders, by handle; those without one are left out."""
    wanted, found = sorted(handles), dict[bytes, Stretched]()
    statement = select(Cardholder.handle, PinRow).join(PinRow, PinRow.cardholder_id == Cardholder.id)
    for start in range(0, len(wanted), 500):
        some = statement.where(Cardholder.handle.in_(wanted[start : start + 500]))
        found |= {handle: row.kept() for handle, row in session.execute(some)}
    return found


def _digits(below: Callable[[int], int]) -> str:
    return f"{below(10**DRAWN_DIGITS):0{DRAWN_DIGITS}}"
