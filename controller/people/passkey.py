"""Passkeys: keys in a device that proves its owner itself. One alone signs in: the device asked for finger or PIN.

A passkey belongs to the name under which the pages are reached (`rp_id`). A challenge is answered once: it travels in
the asking browser's signed cookie and is written down when it has been used, so that strangers fill no table.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from controller.database import Base, UtcDateTime
from controller.refusal import Refused

CHALLENGE_BYTES = 32
CHALLENGE_LIFE = timedelta(minutes=5)
MOST = 20
_FLAWS = (WebAuthnException, UnsupportedAlgorithm, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the library raises for an answer that is not one; it was written by whoever asks."""


class Passkey(Base):
    """credential_id: what the device calls it; sign_count: how often it says it was used (0: it does not count)."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    rp_id: Mapped[str] = mapped_column(String(253))
    label: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SpentChallenge(Base):
    __tablename__ = "spent_challenge"

    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    spent_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks for a passkey: the name of the host, and the origin that the browser must have seen."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Challenge:
    value: bytes
    made_at: datetime


def new_challenge(now: datetime) -> Challenge:
    return Challenge(secrets.token_bytes(CHALLENGE_BYTES), now)


def creation_options(
    session: Session, operator_id: int, name: str, display_name: str, party: Party, asked: Challenge
) -> str:
    """What the browser is told to make a passkey, as JSON; a device that holds one makes no second."""
    held = [PublicKeyCredentialDescriptor(each.credential_id) for each in passkeys_of(session, operator_id)]
    options = generate_registration_options(
        rp_id=party.rp_id,
        rp_name="Sekisho",
        user_id=_handle(operator_id, party),
        user_name=name,
        user_display_name=display_name,
        challenge=asked.value,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=held,
    )
    return str(options_to_json(options))


def request_options(party: Party, asked: Challenge) -> str:
    """What the browser is told to prove a passkey, as JSON: any that it holds for this host, so no name is revealed."""
    options = generate_authentication_options(
        rp_id=party.rp_id, challenge=asked.value, user_verification=UserVerificationRequirement.REQUIRED
    )
    return str(options_to_json(options))


def keep(
    session: Session, now: datetime, operator_id: int, label: str, party: Party, asked: Challenge, answer: str
) -> Passkey:
    """A new passkey from what the browser answered; Refused passkey-wrong, passkeys-full."""
    if len(passkeys_of(session, operator_id)) >= MOST:
        raise Refused("passkeys-full")
    _spend(session, now, asked)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=asked.value,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _FLAWS as flaw:
        raise Refused("passkey-wrong") from flaw
    if session.scalar(select(func.count(Passkey.id)).where(Passkey.credential_id == made.credential_id)):
        raise Refused("passkey-wrong")
    row = Passkey(
        operator_id=operator_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        rp_id=party.rp_id,
        label=label.strip()[:60],
        created_at=now,
        last_used_at=None,
    )
    session.add(row)
    session.flush()
    return row


def proven(session: Session, now: datetime, party: Party, asked: Challenge, answer: str) -> Passkey | None:
    """The passkey that gave this answer to this challenge, once; None when none of ours did."""
    try:
        given = parse_authentication_credential_json(answer)
    except _FLAWS:
        return None
    row = session.scalar(select(Passkey).where(Passkey.credential_id == given.raw_id).with_for_update())
    if row is None or row.rp_id != party.rp_id:
        return None
    try:
        shown = verify_authentication_response(
            credential=given,
            expected_challenge=asked.value,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
        _spend(session, now, asked)
    except (*_FLAWS, Refused):
        return None
    row.sign_count, row.last_used_at = shown.new_sign_count, now
    return row


def named(session: Session, answer: str) -> Passkey | None:
    """The passkey that this answer says it comes from, whether it does or not."""
    try:
        given = parse_authentication_credential_json(answer)
    except _FLAWS:
        return None
    return session.scalar(select(Passkey).where(Passkey.credential_id == given.raw_id))


def passkeys_of(session: Session, operator_id: int) -> Sequence[Passkey]:
    return session.scalars(select(Passkey).where(Passkey.operator_id == operator_id).order_by(Passkey.id)).all()


def _spend(session: Session, now: datetime, asked: Challenge) -> None:
    """Refused passkey-wrong when the challenge is old or was answered before."""
    if not timedelta() <= now - asked.made_at < CHALLENGE_LIFE:
        raise Refused("passkey-wrong")
    session.execute(delete(SpentChallenge).where(SpentChallenge.spent_at <= now - 2 * CHALLENGE_LIFE))
    digest = hashlib.sha256(asked.value).digest()
    if session.get(SpentChallenge, digest) is not None:
        raise Refused("passkey-wrong")
    session.add(SpentChallenge(challenge_hash=digest, spent_at=now))
    session.flush()


def _handle(operator_id: int, party: Party) -> bytes:
    """What the device calls the account: stable, and nobody's name."""
    return hashlib.sha256(f"sekisho operator {operator_id} at {party.rp_id}".encode()).digest()
