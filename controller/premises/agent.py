"""Agents: the computers at the doors, with the public keys that they sign and unseal by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.topic import Address
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.site import Site, require_key
from controller.refusal import Refused

HEARD_WITHIN = timedelta(seconds=60)


class Agent(Base):
    """signing_key: Ed25519 public (32 bytes); sealing_key: X25519 public (32); list_key: its look-up key (32).
    All three are null until it is enrolled. certificate_sha256: hex, and certificate_until, are null also for an agent
    that was enrolled before they were kept. `last_heard_at`: when its last valid message came."""

    __tablename__ = "agent"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    key: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    signing_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealing_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    list_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate_serial: Mapped[str | None] = mapped_column(String(64))
    certificate_sha256: Mapped[str | None] = mapped_column(String(64))
    certificate_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("site_id", "key"),)

    @property
    def trusted(self) -> bool:
        """Enrolled and not revoked."""
        return self.signing_key is not None and self.revoked_at is None

    @property
    def signing_key_sha256(self) -> str | None:
        """Fingerprint of the key that its messages are verified by: SHA-256 of its 32 bytes, hex."""
        return None if self.signing_key is None else hashlib.sha256(self.signing_key).hexdigest()

    def heard(self, now: datetime) -> bool:
        return was_heard(self.last_heard_at, now)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the broker knows an agent by. serial: hex; sha256: fingerprint of its DER bytes, hex; until: its end."""

    serial: str
    sha256: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The public halves and the look-up key of an agent, each 32 bytes, and its certificate."""

    signing_key: bytes
    sealing_key: bytes
    list_key: bytes
    certificate: Certificate


def was_heard(last: datetime | None, now: datetime) -> bool:
    """Whether an agent whose last message came at `last` spoke lately."""
    return last is not None and now - last <= HEARD_WITHIN


def make(session: Session, actor: str, now: datetime, site: Site, key: str, name: str) -> Agent:
    """A new agent without keys; Refused key-wrong, key-taken."""
    if by_key(session, site, require_key(key)) is not None:
        raise Refused("key-taken", key=key)
    agent = Agent(site_id=site.id, key=key, name=name)
    session.add(agent)
    session.flush()
    append(session, Kind.AGENT_MADE, actor, now, {"agent": agent.id}, {"key": key})
    return agent


def enrol(session: Session, actor: str, now: datetime, agent: Agent, keys: Enrolment) -> None:
    """Register an agent's keys; from now on what it signs is taken, and lists are sealed to it."""
    agent.signing_key, agent.sealing_key, agent.list_key = keys.signing_key, keys.sealing_key, keys.list_key
    given = keys.certificate
    agent.certificate_serial, agent.certificate_sha256 = given.serial, given.sha256
    agent.certificate_until, agent.enrolled_at, agent.revoked_at = given.until, now, None
    plain = {
        "signing_key": keys.signing_key.hex(),
        "sealing_key": keys.sealing_key.hex(),
        "certificate": given.serial,
        "certificate_sha256": given.sha256,
        "certificate_until": int(given.until.timestamp()),
    }
    append(session, Kind.AGENT_ENROLLED, actor, now, {"agent": agent.id}, plain)


def revoke(session: Session, actor: str, now: datetime, agent: Agent, reason: str = "") -> None:
    """From now on nothing this agent sends is taken, and no list goes to it. Its keys stay: what it signed is proven by
    them."""
    agent.revoked_at = now
    append(session, Kind.AGENT_REVOKED, actor, now, {"agent": agent.id}, {}, line.opening(reason))


def by_key(session: Session, site: Site, key: str) -> Agent | None:
    return session.scalar(select(Agent).where(Agent.site_id == site.id, Agent.key == key))


def of_site(session: Session, site: Site) -> Sequence[Agent]:
    return session.scalars(select(Agent).where(Agent.site_id == site.id).order_by(Agent.key)).all()


def address(site: Site, agent: Agent) -> Address:
    return Address(site.key, agent.key)
