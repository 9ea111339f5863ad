"""Codes of an authenticator app (TOTP, RFC 6238) and the recovery codes that serve once when the device is gone.

The secret of an app is kept sealed under a key of the web process, so that the database alone cannot make codes; of
recovery codes only digests are kept. Every code works once.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, ForeignKey, LargeBinary, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.people.passkey import Passkey
from controller.refusal import Refused

STEP_S = 30
_DRIFT = (-1, 0, 1)
RECOVERY_CODES = 10
_CODE_BYTES = 17
_NONCE = 12


class Authenticator(Base):
    """An operator's app. confirmed_at: when its first code was right (null: not in use yet); last_step: the time step
    of the last code that was taken."""

    __tablename__ = "authenticator"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    __tablename__ = "recovery_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def begin(session: Session, now: datetime, operator_id: int, key: bytes) -> str:
    """The secret of an app that is not in use yet, in base 32; Refused authenticator-there when one is."""
    row = session.get(Authenticator, operator_id)
    if row is not None and row.confirmed_at is not None:
        raise Refused("authenticator-there")
    if row is not None:
        session.delete(row)
        session.flush()
    secret = str(pyotp.random_base32())
    sealed = _sealed(secret, operator_id, key)
    session.add(Authenticator(operator_id=operator_id, sealed=sealed, created_at=now, confirmed_at=None, last_step=0))
    return secret


def begun(session: Session, operator_id: int, key: bytes) -> str | None:
    """The secret of the app that waits for its first code."""
    row = session.get(Authenticator, operator_id)
    return _opened(row, key) if row is not None and row.confirmed_at is None else None


def address(secret: str, name: str, issuer: str) -> str:
    """What an app reads from the QR code."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))


def confirm(session: Session, now: datetime, operator_id: int, key: bytes, code: str) -> None:
    """Take the app in use by its first code; Refused code-wrong."""
    row = session.get(Authenticator, operator_id, with_for_update=True)
    if row is None or row.confirmed_at is not None or not _taken(row, now, key, code):
        raise Refused("code-wrong")
    row.confirmed_at = now


def code_fits(session: Session, now: datetime, operator_id: int, key: bytes, code: str) -> bool:
    """Whether this is a code of the operator's app that has not been taken before; it is taken by asking."""
    row = session.get(Authenticator, operator_id, with_for_update=True)
    return row is not None and row.confirmed_at is not None and _taken(row, now, key, code)


def has_authenticator(session: Session, operator_id: int) -> bool:
    row = session.get(Authenticator, operator_id)
    return row is not None and row.confirmed_at is not None


def is_held(session: Session, operator_id: int) -> bool:
    """Whether the operator has a second factor: who has one is asked for it."""
    keys = select(func.count(Passkey.id)).where(Passkey.operator_id == operator_id)
    return has_authenticator(session, operator_id) or bool(session.scalar(keys))


def new_recovery_codes(session: Session, operator_id: int) -> list[str]:
    """Ten codes that serve once each, shown only now; earlier ones end."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator_id))
    made = [_readable(secrets.token_bytes(_CODE_BYTES)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_digest(operator_id, each), operator_id=operator_id) for each in made)
    session.flush()
    return made


def recovery_fits(session: Session, now: datetime, operator_id: int, code: str) -> bool:
    """Whether this is an unused recovery code of the operator's; it is used by asking."""
    row = session.get(RecoveryCode, _digest(operator_id, code), with_for_update=True)
    if row is None or row.operator_id != operator_id or row.used_at is not None:
        return False
    row.used_at = now
    return True


def recovery_codes_left(session: Session, operator_id: int) -> int:
    left = select(func.count()).where(RecoveryCode.operator_id == operator_id, RecoveryCode.used_at.is_(None))
    return session.scalar(left) or 0


def drop_authenticator(session: Session, operator_id: int) -> None:
    session.execute(delete(Authenticator).where(Authenticator.operator_id == operator_id))


def drop_all(session: Session, operator_id: int) -> None:
    """The account starts anew: nothing but its password proves its owner."""
    for table in (Authenticator, RecoveryCode, Passkey):
        session.execute(delete(table).where(table.operator_id == operator_id))


def _taken(row: Authenticator, now: datetime, key: bytes, code: str) -> bool:
    """The first step around now whose code this is and that lies after the last one taken."""
    secret, given = _opened(row, key), "".join(code.split())
    if secret is None or not (given.isascii() and given.isdigit()):
        return False
    app, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    for each in (step + drift for drift in _DRIFT):
        if each > row.last_step and secrets.compare_digest(app.at(each * STEP_S), given):
            row.last_step = each
            return True
    return False


def _sealed(secret: str, operator_id: int, key: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), _bound(operator_id))


def _opened(row: Authenticator, key: bytes) -> str | None:
    """None when the web process has lost the key it was sealed under: then a recovery code serves."""
    try:
        return AESGCM(key).decrypt(row.sealed[:_NONCE], row.sealed[_NONCE:], _bound(row.operator_id)).decode()
    except InvalidTag:
        return None


def _bound(operator_id: int) -> bytes:
    return f"sekisho authenticator {operator_id}".encode()


def _readable(code: bytes) -> str:
    text = base64.b32encode(code).decode().lower().rstrip("=")
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(operator_id: int, code: str) -> bytes:
    plain = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(f"recovery {operator_id} {plain}".encode("utf-8", "surrogatepass")).digest()
