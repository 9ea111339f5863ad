"""Signing in: a password or an OpenID provider, then a second factor for whoever has one; or a passkey, which is both.

The law: a password is judged before anything is locked; whoever fails learns nothing but that it failed, in the same
words and the same time; a failure is recorded for the account that it concerns, never the name that was typed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import passkey, password, provider_identity, second_factor, sign_in_failure
from controller.people.operator import Operator, by_name
from controller.people.operator_session import NOWHERE, SESSION_LIFE, Proof, Whence, open_session
from controller.people.passkey import Challenge, Party
from controller.people.sign_in_failure import ANYWHERE, Origin
from controller.premises.site import Site

HALF_WAY_LIFE = timedelta(minutes=5)
_HASHER = password.HASHER


@dataclass(frozen=True, slots=True)
class Verdict:
    """known: the hash that was asked; matches: whether the password is its."""

    known: str
    matches: bool


@dataclass(frozen=True, slots=True)
class HalfWay:
    """The first step was right and a second factor is due. print: of the password, so that a new one ends this; first:
    what the first step was."""

    operator_id: int
    print: str
    at: datetime
    first: Proof = Proof.PASSWORD


@dataclass(frozen=True, slots=True)
class Seen:
    """What a provider says of whom it has seen: by what name it knows them, whether by two factors that we believe it,
    and when they last proved it there (None: it does not say, which counts as long ago)."""

    subject: str
    two_factors: bool
    at: datetime | None


def judge(session: Session, site: Site, name: str, given: str, hasher: PasswordHasher = _HASHER) -> Verdict:
    """Whether the password is right: slow on purpose, so it is asked where nothing is locked."""
    operator = by_name(session, site, name[:64])
    known = operator.password_hash if operator else password.nobodys(hasher)
    return Verdict(known, password.matches(hasher, known, given))


def checked(
    session: Session,
    now: datetime,
    site: Site,
    name: str,
    given: str,
    hasher: PasswordHasher = _HASHER,
    *,
    verdict: Verdict | None = None,
    origin: Origin = ANYWHERE,
) -> Operator | None:
    """The operator whose name and password these are, or None: wrong name, wrong password, closed for a while, or not
    active. verdict: what `judge` said; it counts while the password is still the one it was asked about."""
    operator = by_name(session, site, name[:64])
    known = operator.password_hash if operator else password.nobodys(hasher)
    if verdict is None or verdict.known != known:
        verdict = judge(session, site, name, given, hasher)
    if sign_in_failure.is_closed(session, now, operator.id if operator else None, origin):
        return None
    if operator is None or not verdict.matches or not operator.active:
        _failed(session, now, operator, origin)
        return None
    if hasher.check_needs_rehash(operator.password_hash):
        operator.password_hash = hasher.hash(given)
    return operator


def sign_in(
    session: Session,
    now: datetime,
    site: Site,
    name: str,
    given: str,
    hasher: PasswordHasher = _HASHER,
    *,
    verdict: Verdict | None = None,
    origin: Origin = ANYWHERE,
    whence: Whence = NOWHERE,
) -> str | HalfWay | None:
    """The token of a new session; HalfWay for whoever has a second factor; None as `checked`."""
    operator = checked(session, now, site, name, given, hasher, verdict=verdict, origin=origin)
    if operator is None:
        return None
    if second_factor.is_held(session, operator.id):
        return HalfWay(operator.id, _print(operator), now)
    return enter(session, now, operator, Proof.PASSWORD, origin, whence)


def waits(session: Session, now: datetime, half: HalfWay) -> Operator | None:
    """The operator who is half way in, unless it took too long or the account changed meanwhile."""
    operator = session.get(Operator, half.operator_id)
    if operator is None or not operator.active or _print(operator) != half.print:
        return None
    return operator if timedelta() <= now - half.at < HALF_WAY_LIFE else None


def second_step(
    session: Session,
    now: datetime,
    operator: Operator,
    key: bytes,
    code: str,
    origin: Origin = ANYWHERE,
    first: Proof = Proof.PASSWORD,
) -> Proof | None:
    """What a code proves of somebody whose first step was right; None when it is wrong, or closed for a while."""
    if sign_in_failure.is_closed(session, now, operator.id, origin):
        return None
    if second_factor.code_fits(session, now, operator.id, key, code):
        return Proof.PROVIDER_CODE if first == Proof.PROVIDER else Proof.CODE
    if second_factor.recovery_fits(session, now, operator.id, code):
        append(
            session, Kind.FACTOR_REMOVED, operator.actor, now, {"operator": operator.id}, {"factor": "recovery-code"}
        )
        return Proof.PROVIDER_RECOVERY if first == Proof.PROVIDER else Proof.RECOVERY
    _failed(session, now, operator, origin)
    return None


def by_passkey(session: Session, now: datetime, party: Party, asked: Challenge, answer: str) -> Operator | None:
    """The active operator whose passkey answered. Nobody's failures close this way: a passkey cannot be guessed."""
    row = passkey.proven(session, now, party, asked, answer)
    operator = session.get_one(Operator, row.operator_id) if row else None
    return operator if operator is not None and operator.active else None


def linked(session: Session, site: Site, issuer: str, subject: str) -> Operator | None:
    """The active operator whom this account of the provider is linked to."""
    row = provider_identity.found(session, issuer, subject)
    operator = session.get_one(Operator, row.operator_id) if row else None
    return operator if operator is not None and operator.active and operator.site_id == site.id else None


def by_provider(
    session: Session,
    now: datetime,
    operator: Operator,
    issuer: str,
    seen: Seen,
    origin: Origin = ANYWHERE,
    whence: Whence = NOWHERE,
) -> str | HalfWay:
    """The token of a new session for whom the provider has seen; HalfWay for whoever has a second factor here, unless
    the provider is believed to have asked for one."""
    row = provider_identity.found(session, issuer, seen.subject)
    if row is not None:
        row.last_used_at = now
    if not seen.two_factors and second_factor.is_held(session, operator.id):
        return HalfWay(operator.id, _print(operator), now, Proof.PROVIDER)
    proof = Proof.PROVIDER_FACTORS if seen.two_factors else Proof.PROVIDER
    return enter(session, now, operator, proof, origin, whence, seen.at or now - SESSION_LIFE)


def provider_refused(session: Session, now: datetime, operator: Operator | None, why: str) -> None:
    """Record that an answer of the provider was not taken: for an account always, for strangers at every doubling."""
    if operator is not None:
        append(session, Kind.SIGN_IN_FAILED, "controller", now, {"operator": operator.id}, {"provider": why})
        return
    count = sign_in_failure.noted(session, now)
    if count & (count - 1) == 0:
        append(session, Kind.SIGN_IN_FAILED, "controller", now, {}, {"provider": why, "count": count})


def enter(
    session: Session,
    now: datetime,
    operator: Operator,
    proof: Proof,
    origin: Origin = ANYWHERE,
    whence: Whence = NOWHERE,
    proved_at: datetime | None = None,
) -> str:
    """Open a session for somebody who has proved everything that is asked of them; proved_at: when, if not just now."""
    sign_in_failure.forgiven(session, operator.id, origin)
    append(session, Kind.SIGN_IN, operator.actor, now, {"operator": operator.id}, {"proof": proof})
    return open_session(session, now, operator.id, proof, whence, proved_at)


def _failed(session: Session, now: datetime, operator: Operator | None, origin: Origin) -> None:
    """Count it; recorded for an account always, for names that nobody has at every doubling only: strangers must not
    make the ledger grow as they please."""
    count = sign_in_failure.failed(session, now, operator.id if operator else None, origin)
    if operator is not None:
        append(session, Kind.SIGN_IN_FAILED, "controller", now, {"operator": operator.id}, {"count": count})
    elif count >= sign_in_failure.FREE_FAILURES and count & (count - 1) == 0:
        append(session, Kind.SIGN_IN_FAILED, "controller", now, {}, {"unknown_names": count})


def _print(operator: Operator) -> str:
    return hashlib.sha256(operator.password_hash.encode()).hexdigest()[:24]
