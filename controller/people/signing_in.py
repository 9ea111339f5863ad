"""Signing in: a password or an OpenID provider, then a second factor for whoever has one; or a passkey, which is both.

The law: a password is judged before anything is locked; whoever fails learns nothing but that it failed, in the same
words and the same time; a failure is recorded for the account that it concerns, never the name that was typed; from
where is recorded coarsely, as something that can be erased.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import operator_session, passkey, password, provider_identity, second_factor, sign_in_failure
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
    failing: Kind = Kind.SIGN_IN_FAILED,
) -> Operator | None:
    """The operator whose name and password these are, or None: wrong name, wrong password, closed for a while, or not
    active. verdict: what `judge` said; it counts while the password is still the one it was asked about; failing: as
    what a failure is recorded."""
    operator = by_name(session, site, name[:64])
    known = operator.password_hash if operator else password.nobodys(hasher)
    if verdict is None or verdict.known != known:
        verdict = judge(session, site, name, given, hasher)
    if sign_in_failure.is_closed(session, now, operator.id if operator else None, origin):
        _noted(session, now, operator, origin, failing, "while-closed")
        return None
    if operator is None or not verdict.matches or not operator.active:
        _failed(session, now, operator, origin, failing, "password")
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
) -> str | HalfWay | None:
    """The token of a new session; HalfWay for whoever has a second factor; None as `checked`."""
    operator = checked(session, now, site, name, given, hasher, verdict=verdict, origin=origin)
    if operator is None:
        return None
    if second_factor.is_held(session, operator.id):
        return HalfWay(operator.id, _print(operator), now)
    return enter(session, now, operator, Proof.PASSWORD, origin)


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
    failing: Kind = Kind.SIGN_IN_FAILED,
) -> Proof | None:
    """What a code proves of somebody whose first step was right; None when it is wrong, or closed for a while. failing:
    as what a failure is recorded."""
    if sign_in_failure.is_closed(session, now, operator.id, origin):
        _noted(session, now, operator, origin, failing, "while-closed")
        return None
    if second_factor.code_fits(session, now, operator.id, key, code):
        return Proof.PROVIDER_CODE if first == Proof.PROVIDER else Proof.CODE
    if second_factor.recovery_fits(session, now, operator.id, code):
        append(
            session, Kind.FACTOR_REMOVED, operator.actor, now, {"operator": operator.id}, {"factor": "recovery-code"}
        )
        return Proof.PROVIDER_RECOVERY if first == Proof.PROVIDER else Proof.RECOVERY
    _failed(session, now, operator, origin, failing, "code")
    return None


def by_passkey(
    session: Session,
    now: datetime,
    party: Party,
    asked: Challenge,
    answer: str,
    whence: Whence = NOWHERE,
    failing: Kind = Kind.SIGN_IN_FAILED,
) -> Operator | None:
    """The active operator whose passkey answered. Nobody's failures close this way: a passkey cannot be guessed. A
    refused one is recorded at doublings: for whoever its answer names, or else for strangers."""
    row = passkey.proven(session, now, party, asked, answer)
    operator = session.get_one(Operator, row.operator_id) if row else None
    if operator is not None and operator.active:
        return operator
    named = row or passkey.named(session, answer)
    owner = session.get_one(Operator, named.operator_id) if named else None
    _noted(session, now, owner, Origin(whence=whence), failing, "passkey")
    return None


def confirmed(session: Session, now: datetime, operator: Operator, token: str, proof: Proof, whence: Whence) -> None:
    """The operator of the session of `token` has proved again to be there, which is recorded."""
    operator_session.confirm(session, now, token, proof)
    concerned = {"operator": operator.id}
    append(session, Kind.CONFIRMED, operator.actor, now, concerned, {"proof": proof}, whence.told())


def confirmed_by_another(session: Session, now: datetime, operator: Operator, whence: Whence) -> None:
    """A confirmation of this operator was answered by the passkey of somebody else."""
    _noted(session, now, operator, Origin(whence=whence), Kind.CONFIRMATION_FAILED, "passkey-of-another")


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
) -> str | HalfWay:
    """The token of a new session for whom the provider has seen; HalfWay for whoever has a second factor here, unless
    the provider is believed to have asked for one."""
    row = provider_identity.found(session, issuer, seen.subject)
    if row is not None:
        row.last_used_at = now
    if not seen.two_factors and second_factor.is_held(session, operator.id):
        return HalfWay(operator.id, _print(operator), now, Proof.PROVIDER)
    proof = Proof.PROVIDER_FACTORS if seen.two_factors else Proof.PROVIDER
    return enter(session, now, operator, proof, origin, seen.at or now - SESSION_LIFE)


def provider_refused(session: Session, now: datetime, operator: Operator | None, why: str, whence: Whence) -> None:
    """Record that an answer of the provider was not taken: for an account always, for strangers at every doubling."""
    told = whence.told()
    if operator is not None:
        append(session, Kind.SIGN_IN_FAILED, "controller", now, {"operator": operator.id}, {"provider": why}, told)
        return
    count = sign_in_failure.noted(session, now, "provider")
    if count is not None:
        append(session, Kind.SIGN_IN_FAILED, "controller", now, {}, {"provider": why, "count": count}, told)


def enter(
    session: Session,
    now: datetime,
    operator: Operator,
    proof: Proof,
    origin: Origin = ANYWHERE,
    proved_at: datetime | None = None,
) -> str:
    """Open a session for somebody who has proved everything that is asked of them; proved_at: when, if not just now."""
    sign_in_failure.forgiven(session, operator.id, origin)
    concerned, told = {"operator": operator.id}, origin.whence.told()
    append(session, Kind.SIGN_IN, operator.actor, now, concerned, {"proof": proof}, told)
    return open_session(session, now, operator.id, proof, origin.whence, proved_at)


def _failed(
    session: Session, now: datetime, operator: Operator | None, origin: Origin, failing: Kind, step: str
) -> None:
    """Count it; recorded for an account always, for names that nobody has at every doubling only: strangers must not
    make the ledger grow as they please."""
    count = sign_in_failure.failed(session, now, operator.id if operator else None, origin)
    told = origin.whence.told()
    if operator is not None:
        plain = {"step": step, "count": count}
        append(session, failing, "controller", now, {"operator": operator.id}, plain, told)
    elif count >= sign_in_failure.FREE_FAILURES and sign_in_failure.is_doubling(count):
        append(session, failing, "controller", now, {}, {"unknown_names": count}, told)


def _noted(
    session: Session, now: datetime, operator: Operator | None, origin: Origin, failing: Kind, step: str
) -> None:
    """Record, at doublings, a failure that closes nothing: it costs whoever makes it nothing either."""
    count = sign_in_failure.noted(session, now, step, operator.id if operator else None)
    if count is None:
        return
    concerned = {} if operator is None else {"operator": operator.id}
    append(session, failing, "controller", now, concerned, {"step": step, "count": count}, origin.whence.told())


def _print(operator: Operator) -> str:
    return hashlib.sha256(operator.password_hash.encode()).hexdigest()[:24]
