"""Operators: who signs in. By whom an account got its password is kept, because it says who may be a second person.

Of every token only its SHA-256 is kept; no default password exists. An account that is closed, gets another role or
another password loses its sessions in the same transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import operator_session, password, place_words, provider_identity, second_factor, sign_in_failure
from controller.people.access import Permission, Role
from controller.people.operator_session import Whence, hashed, living
from controller.premises.site import Site
from controller.refusal import Refused

HOST, SCHEDULE = "host", "schedule"
"""Who did it when it was nobody who signs in: the owner of the host; what was said ahead and fell due."""
LINK_LIFE = timedelta(hours=24)
_HASHER = password.HASHER


class Operator(Base):
    """name: what one signs in with; language: "en", "ja" or empty for what the browser prefers; vouched_by: who made
    the link by which the account got its password (null: the host)."""

    __tablename__ = "operator"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(24))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(8), default="")
    vouched_by: Mapped[int | None]

    __table_args__ = (UniqueConstraint("site_id", "name"),)

    @property
    def actor(self) -> str:
        return f"operator:{self.id}"


class ApiToken(Base):
    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SetUpLink(Base):
    """A one-time link to set a password: for a new operator of `role`, or for `operator_id` who lost theirs. made_by:
    the operator who made it (null: the host)."""

    __tablename__ = "set_up_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    role: Mapped[str] = mapped_column(String(24))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    made_by: Mapped[int | None]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class NewOperator:
    name: str
    display_name: str
    password: str


def first_link(
    session: Session, now: datetime, site: Site, token: Callable[[], str] = secrets.token_urlsafe
) -> str | None:
    """The token of a link for the first security admin; None once there is an operator. Earlier links end."""
    if session.scalar(select(func.count(Operator.id)).where(Operator.site_id == site.id)):
        return None
    session.execute(delete(SetUpLink).where(SetUpLink.site_id == site.id, SetUpLink.used_at.is_(None)))
    return _link(session, now, site, Role.SECURITY_ADMIN, None, "controller", token)


def invite(session: Session, by: Operator | None, now: datetime, site: Site, role: Role) -> str:
    """The token of a link by which a further operator of `role` sets name and password; by None: made on the host."""
    return _link(session, now, site, role, None, by.actor if by else HOST, secrets.token_urlsafe, by)


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
    """Use a link, once: make the operator, or let an existing one start anew with a new password, without the sessions,
    second factors and accounts of a provider of before."""
    link = session.get(SetUpLink, hashed(token), with_for_update=True)
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise Refused("link-spent")
    site = session.get_one(Site, link.site_id)
    if link.operator_id is None:
        operator = add(session, f"link:{link.role}", now, site, Role(link.role), wanted, hasher)
    else:
        operator = session.get_one(Operator, link.operator_id)
        operator.active = True
        second_factor.drop_all(session, operator.id)
        provider_identity.drop_all(session, operator.id)
        set_password(session, now, operator, wanted.password, hasher=hasher)
    operator.vouched_by = link.made_by
    link.used_at = now
    return operator


def set_password(
    session: Session, now: datetime, operator: Operator, wanted: str, *, but: str = "", hasher: PasswordHasher = _HASHER
) -> None:
    """A new password; every session ends but the one with token `but`. Refused as `password.hashed`."""
    words = place_words.of_site(session, session.get_one(Site, operator.site_id))
    operator.password_hash = password.hashed(wanted, [*words, operator.name, operator.display_name], hasher)
    operator_session.end_all(session, operator.id, but)
    sign_in_failure.forget(session, operator.id)
    append(session, Kind.OPERATOR_CHANGED, operator.actor, now, {"operator": operator.id}, {"password": "set"})


def add(
    session: Session,
    actor: str,
    now: datetime,
    site: Site,
    role: Role,
    wanted: NewOperator,
    hasher: PasswordHasher = _HASHER,
) -> Operator:
    """A new operator; Refused name-missing, name-taken, and as `password.hashed`."""
    name = wanted.name.strip().lower()[:64]
    if not name:
        raise Refused("name-missing")
    if by_name(session, site, name) is not None:
        raise Refused("name-taken")
    words = [*place_words.of_site(session, site), name, wanted.display_name]
    operator = Operator(
        site_id=site.id,
        name=name,
        display_name=wanted.display_name.strip()[:120] or name,
        role=role,
        password_hash=password.hashed(wanted.password, words, hasher),
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
    _must_leave_two_admins(session, operator, lost=operator.role == Role.SECURITY_ADMIN and not active)
    if not active:
        operator_session.end_all(session, operator.id)
    append(session, Kind.OPERATOR_CHANGED, by.actor, now, {"operator": operator.id}, {"active": active})


def end_sessions(session: Session, by: Operator, now: datetime, operator: Operator, but: str = "") -> int:
    """End every session of an operator, but the one with token `but`; how many ended."""
    count = operator_session.end_all(session, operator.id, but)
    append(session, Kind.SESSIONS_ENDED, by.actor, now, {"operator": operator.id}, {"count": count})
    return count


def end_session(session: Session, now: datetime, operator: Operator, key: str) -> None:
    """End the one of the operator's own sessions that pages call `key`; Refused not-found."""
    found = [each for each in operator_session.sessions_of(session, now, operator.id) if each.key == key]
    if not found:
        raise Refused("not-found")
    session.delete(found[0])
    append(session, Kind.SESSIONS_ENDED, operator.actor, now, {"operator": operator.id}, {"count": 1})


def set_role(session: Session, by: Operator, now: datetime, operator: Operator, role: Role) -> None:
    """Another role, and all sessions end: nobody goes on with what they no longer may. Refused own-role, last-admin."""
    if by.id == operator.id:
        raise Refused("own-role")
    lost, operator.role = operator.role == Role.SECURITY_ADMIN and role != Role.SECURITY_ADMIN, role
    _must_leave_two_admins(session, operator, lost=lost)
    operator_session.end_all(session, operator.id)
    append(session, Kind.OPERATOR_CHANGED, by.actor, now, {"operator": operator.id}, {"role": role})


def linked(session: Session, now: datetime, token: str) -> tuple[SetUpLink, Operator | None] | None:
    """A link that can still be used, and whose password it sets (None: a new operator's)."""
    link = session.get(SetUpLink, hashed(token))
    if link is None or link.used_at is not None or link.expires_at <= now:
        return None
    return link, session.get_one(Operator, link.operator_id) if link.operator_id else None


def resume(session: Session, now: datetime, token: str) -> Operator | None:
    """The active operator of a living session."""
    found = living(session, now, token)
    operator = session.get_one(Operator, found.operator_id) if found else None
    return operator if operator is not None and operator.active else None


def issue_token(session: Session, now: datetime, operator: Operator, label: str) -> str:
    """A bearer token for the API with the operator's own role; shown once."""
    token = secrets.token_urlsafe(32)
    row = ApiToken(operator_id=operator.id, token_hash=hashed(token), label=label.strip()[:120], created_at=now)
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
    row = session.scalar(select(ApiToken).where(ApiToken.token_hash == hashed(token), ApiToken.revoked_at.is_(None)))
    operator = session.get(Operator, row.operator_id) if row else None
    return operator if operator is not None and operator.active else None


def ended_token(session: Session, token: str) -> ApiToken | None:
    """The token that this was, until it was revoked or its operator's access was closed."""
    return session.scalar(select(ApiToken).where(ApiToken.token_hash == hashed(token)))


def token_refused(session: Session, now: datetime, row: ApiToken, whence: Whence) -> None:
    """Record, at doublings, that somebody came with a token that had ended."""
    count = sign_in_failure.noted(session, now, f"token {row.id}", row.operator_id)
    if count is not None:
        subjects, plain = {"operator": row.operator_id, "token": row.id}, {"revoked": row.revoked_at is not None}
        append(session, Kind.TOKEN_REFUSED, "controller", now, subjects, {**plain, "count": count}, whence.told())


def act_refused(session: Session, now: datetime, operator: Operator, wanted: Permission, whence: Whence) -> None:
    """Record, at doublings, that an operator asked for what their role does not permit."""
    count = sign_in_failure.noted(session, now, wanted, operator.id)
    if count is not None:
        subjects, plain = {"operator": operator.id}, {"permission": wanted, "count": count}
        append(session, Kind.ACT_REFUSED, operator.actor, now, subjects, plain, whence.told())


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
    actor: str,
    token: Callable[[], str],
    by: Operator | None = None,
) -> str:
    made = token()
    session.add(
        SetUpLink(
            token_hash=hashed(made),
            site_id=site.id,
            role=role,
            operator_id=operator.id if operator else None,
            made_by=by.id if by else None,
            expires_at=now + LINK_LIFE,
        )
    )
    append(session, Kind.OPERATOR_LINK_MADE, actor, now, {}, {"role": role})
    return made


def _must_leave_two_admins(session: Session, operator: Operator, *, lost: bool) -> None:
    session.flush()
    admins = select(func.count(Operator.id)).where(
        Operator.site_id == operator.site_id, Operator.role == Role.SECURITY_ADMIN, Operator.active
    )
    if lost and (session.scalar(admins) or 0) < 2:
        raise Refused("last-admin")
