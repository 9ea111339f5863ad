"""Operators: who signs in. Passwords by argon2id; of every token only its SHA-256 is kept; no default password exists.

Failures are throttled per name by rows, not by waiting: after FREE_FAILURES of them a name is closed for a while that
doubles each time, but not for a browser with which its owner has signed in before. An unknown name costs the same work
as a wrong password; all unknown names share one row, so that strangers cannot fill the table.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.access import Role
from controller.premises.site import Site
from controller.refusal import Refused

HOST = "host"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
LINK_LIFE = timedelta(hours=24)
SESSION_LIFE, SESSION_IDLE = timedelta(hours=12), timedelta(minutes=30)
FREE_FAILURES = 5
LONGEST_CLOSURE = timedelta(hours=1)
_HASHER = PasswordHasher()


class Operator(Base):
    """name: what one signs in with; language: "en", "ja" or empty for what the browser prefers."""

    __tablename__ = "operator"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(24))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(8), default="")

    __table_args__ = (UniqueConstraint("site_id", "name"),)

    @property
    def actor(self) -> str:
        return f"operator:{self.id}"


class OperatorSession(Base):
    __tablename__ = "operator_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiToken(Base):
    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SetUpLink(Base):
    """A one-time link to set a password: for a new operator of `role`, or for `operator_id` who lost theirs."""

    __tablename__ = "set_up_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    role: Mapped[str] = mapped_column(String(24))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInFailure(Base):
    """How often in a row signing in as `name` failed, and until when it is closed; a known browser counts as "@…",
    all unknown names as the empty one."""

    __tablename__ = "sign_in_failure"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class NewOperator:
    name: str
    display_name: str
    password: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """known: the hash that was asked; matches: whether the password is its."""

    known: str
    matches: bool


def first_link(
    session: Session, now: datetime, site: Site, token: Callable[[], str] = secrets.token_urlsafe
) -> str | None:
    """The token of a link for the first security admin; None once there is an operator. Earlier links end."""
    if session.scalar(select(func.count(Operator.id)).where(Operator.site_id == site.id)):
        return None
    session.execute(delete(SetUpLink).where(SetUpLink.site_id == site.id, SetUpLink.used_at.is_(None)))
    return _link(session, now, site, Role.SECURITY_ADMIN, None, "controller", token)


def invite(session: Session, by: str, now: datetime, site: Site, role: Role) -> str:
    """The token of a link by which a further operator of `role` sets name and password."""
    return _link(session, now, site, role, None, by, secrets.token_urlsafe)


def recover(session: Session, now: datetime, site: Site, name: str) -> str:
    """The token of a link for an operator who cannot sign in; made on the host only, and recorded as such."""
    operator = by_name(session, site, name)
    if operator is None:
        raise Refused("operator-unknown")
    append(session, Kind.OPERATOR_RECOVERED, HOST, now, {"operator": operator.id})
    return _link(session, now, site, Role(operator.role), operator, HOST, secrets.token_urlsafe)


def set_up(
    session: Session, now: datetime, token: str, wanted: NewOperator, hasher: PasswordHasher = _HASHER
) -> Operator:
    """Use a link, once: make the operator, or give an existing one the new password and end all their sessions."""
    link = session.get(SetUpLink, _hashed(token), with_for_update=True)
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise Refused("link-spent")
    site = session.get_one(Site, link.site_id)
    if link.operator_id is None:
        operator = add(session, f"link:{link.role}", now, site, Role(link.role), wanted, hasher)
    else:
        operator = session.get_one(Operator, link.operator_id)
        operator.password_hash, operator.active = _password(wanted.password, hasher), True
        session.execute(delete(OperatorSession).where(OperatorSession.operator_id == operator.id))
        session.execute(delete(SignInFailure).where(SignInFailure.name == operator.name))
        append(session, Kind.OPERATOR_CHANGED, operator.actor, now, {"operator": operator.id}, {"password": "set"})
    link.used_at = now
    return operator


def add(
    session: Session,
    actor: str,
    now: datetime,
    site: Site,
    role: Role,
    wanted: NewOperator,
    hasher: PasswordHasher = _HASHER,
) -> Operator:
    """A new operator; Refused name-missing, name-taken, password-short, password-long."""
    name = wanted.name.strip().lower()[:64]
    if not name:
        raise Refused("name-missing")
    if by_name(session, site, name) is not None:
        raise Refused("name-taken")
    operator = Operator(
        site_id=site.id,
        name=name,
        display_name=wanted.display_name.strip()[:120] or name,
        role=role,
        password_hash=_password(wanted.password, hasher),
        active=True,
        language="",
    )
    session.add(operator)
    session.flush()
    subjects = {"operator": operator.id}
    append(session, Kind.OPERATOR_MADE, actor, now, subjects, {"role": role}, {"name": operator.name})
    return operator


def set_active(session: Session, by: Operator, now: datetime, operator: Operator, active: bool) -> None:
    """Close or open an operator's access; Refused last-admin when fewer than two active security admins would remain
    (one asks, another approves)."""
    operator.active = active
    session.flush()
    admins = select(func.count(Operator.id)).where(
        Operator.site_id == operator.site_id, Operator.role == Role.SECURITY_ADMIN, Operator.active
    )
    if operator.role == Role.SECURITY_ADMIN and not active and (session.scalar(admins) or 0) < 2:
        raise Refused("last-admin")
    if not active:
        session.execute(delete(OperatorSession).where(OperatorSession.operator_id == operator.id))
    append(session, Kind.OPERATOR_CHANGED, by.actor, now, {"operator": operator.id}, {"active": active})


def judge(session: Session, site: Site, name: str, password: str, hasher: PasswordHasher = _HASHER) -> Verdict:
    """Whether the password is right: slow on purpose, so it is asked where nothing is locked, before `sign_in`."""
    operator = by_name(session, site, name[:64])
    known = operator.password_hash if operator else _nobody(hasher)
    return Verdict(known, _matches(hasher, known, password[: LONGEST_PASSWORD + 1]))


def sign_in(
    session: Session,
    now: datetime,
    site: Site,
    name: str,
    password: str,
    hasher: PasswordHasher = _HASHER,
    *,
    verdict: Verdict | None = None,
    browser: str = "",
) -> str | None:
    """The token of a new session, or None: wrong name, wrong password, closed for a while, or not active.

    verdict: what `judge` said; it counts while the password is still the one it was asked about. browser: which browser
    this is, if the operator has signed in with it before: its failures are counted apart, so that a stranger who closes
    a name does not close it for its owner."""
    wanted = name.strip().lower()[:64]
    operator = by_name(session, site, wanted)
    counted = _counted_as(wanted, browser) if operator else ""
    failure = session.get(SignInFailure, counted)
    known = operator.password_hash if operator else _nobody(hasher)
    if verdict is None or verdict.known != known:
        verdict = judge(session, site, wanted, password, hasher)
    closed = failure is not None and failure.closed_until is not None and now < failure.closed_until
    if operator is None or not verdict.matches or closed or not operator.active:
        _failed(session, now, counted, failure, operator, closed)
        return None
    if failure is not None:
        session.delete(failure)
    if hasher.check_needs_rehash(operator.password_hash):
        operator.password_hash = hasher.hash(password)
    append(session, Kind.SIGN_IN, operator.actor, now, {"operator": operator.id})
    return _open_session(session, now, operator)


def linked(session: Session, now: datetime, token: str) -> tuple[SetUpLink, Operator | None] | None:
    """A link that can still be used, and whose password it sets (None: a new operator's)."""
    link = session.get(SetUpLink, _hashed(token))
    if link is None or link.used_at is not None or link.expires_at <= now:
        return None
    return link, session.get_one(Operator, link.operator_id) if link.operator_id else None


def resume(session: Session, now: datetime, token: str) -> Operator | None:
    """The operator of a living session; it lives on for another half hour, at most twelve in all."""
    found = session.get(OperatorSession, _hashed(token))
    if found is None or found.ends_at <= now or found.last_seen_at + SESSION_IDLE <= now:
        return None
    if now - found.last_seen_at > timedelta(minutes=1):
        found.last_seen_at = now
    operator = session.get_one(Operator, found.operator_id)
    return operator if operator.active else None


def sign_out(session: Session, token: str) -> None:
    session.execute(delete(OperatorSession).where(OperatorSession.token_hash == _hashed(token)))


def issue_token(session: Session, now: datetime, operator: Operator, label: str) -> str:
    """A bearer token for the API with the operator's own role; shown once."""
    token = secrets.token_urlsafe(32)
    row = ApiToken(operator_id=operator.id, token_hash=_hashed(token), label=label.strip()[:120], created_at=now)
    session.add(row)
    session.flush()
    append(session, Kind.TOKEN_ISSUED, operator.actor, now, {"operator": operator.id, "token": row.id})
    return token


def revoke_token(session: Session, now: datetime, operator: Operator, token_id: int) -> None:
    """End one of the operator's own tokens; Refused not-found."""
    row = session.get(ApiToken, token_id)
    if row is None or row.operator_id != operator.id or row.revoked_at is not None:
        raise Refused("not-found")
    row.revoked_at = now
    append(session, Kind.TOKEN_REVOKED, operator.actor, now, {"operator": operator.id, "token": row.id})


def tokens_of(session: Session, operator: Operator) -> Sequence[ApiToken]:
    statement = select(ApiToken).where(ApiToken.operator_id == operator.id, ApiToken.revoked_at.is_(None))
    return session.scalars(statement.order_by(ApiToken.id)).all()


def by_api_token(session: Session, token: str) -> Operator | None:
    """The active operator whose living token this is."""
    row = session.scalar(select(ApiToken).where(ApiToken.token_hash == _hashed(token), ApiToken.revoked_at.is_(None)))
    operator = session.get(Operator, row.operator_id) if row else None
    return operator if operator is not None and operator.active else None


def by_name(session: Session, site: Site, name: str) -> Operator | None:
    return session.scalar(select(Operator).where(Operator.site_id == site.id, Operator.name == name.strip().lower()))


def of_site(session: Session, site: Site) -> Sequence[Operator]:
    return session.scalars(select(Operator).where(Operator.site_id == site.id).order_by(Operator.name)).all()


def _link(
    session: Session,
    now: datetime,
    site: Site,
    role: Role,
    operator: Operator | None,
    by: str,
    token: Callable[[], str],
) -> str:
    made = token()
    session.add(
        SetUpLink(
            token_hash=_hashed(made),
            site_id=site.id,
            role=role,
            operator_id=operator.id if operator else None,
            expires_at=now + LINK_LIFE,
        )
    )
    append(session, Kind.OPERATOR_LINK_MADE, by, now, {}, {"role": role})
    return made


def _failed(
    session: Session,
    now: datetime,
    name: str,
    failure: SignInFailure | None,
    operator: Operator | None,
    closed: bool,
) -> None:
    if closed:
        return
    if failure is None:
        failure = SignInFailure(name=name, count=0)
        session.add(failure)
    failure.count += 1
    if failure.count >= FREE_FAILURES:
        doublings = min(failure.count - FREE_FAILURES, 10)
        failure.closed_until = now + min(timedelta(seconds=30) * 2**doublings, LONGEST_CLOSURE)
    if operator is not None:
        append(session, Kind.SIGN_IN_FAILED, "controller", now, {"operator": operator.id}, {"count": failure.count})


def _open_session(session: Session, now: datetime, operator: Operator) -> str:
    token = secrets.token_urlsafe(32)
    session.execute(delete(OperatorSession).where(OperatorSession.ends_at <= now))
    session.add(
        OperatorSession(
            token_hash=_hashed(token),
            operator_id=operator.id,
            created_at=now,
            last_seen_at=now,
            ends_at=now + SESSION_LIFE,
        )
    )
    return token


def _counted_as(name: str, browser: str) -> str:
    return name if not browser else "@" + hashlib.sha256(f"{name}\n{browser}".encode()).hexdigest()[:40]


def _password(password: str, hasher: PasswordHasher) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise Refused("password-short")
    if len(password) > LONGEST_PASSWORD:
        raise Refused("password-long")
    return hasher.hash(password)


def _matches(hasher: PasswordHasher, known: str, password: str) -> bool:
    try:
        return hasher.verify(known, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobody(hasher: PasswordHasher) -> str:
    """A hash that no password has, so that an unknown name takes as long as a known one."""
    return hasher.hash(secrets.token_urlsafe(32))


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
