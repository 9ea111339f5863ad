"""The site: one place with one clock. Everything else belongs to it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.topic import Address
from controller import line
from controller.database import Base
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.refusal import Refused


class Site(Base):
    """key: its id in topics and lists; zone: IANA name of its clock."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    zone: Mapped[str] = mapped_column(String(64))

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def found(session: Session, actor: str, now: datetime, key: str, name: str, name_ja: str, zone: str) -> Site:
    """A new site; Refused key-wrong, key-taken, building-wrong (an unknown zone)."""
    require_key(key)
    if by_key(session, key) is not None:
        raise Refused("key-taken", key=key)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as flaw:  # OSError: "America" is a folder of zones
        raise Refused("building-wrong", zone=zone) from flaw
    site = Site(key=key, name=name, name_ja=name_ja, zone=zone)
    session.add(site)
    session.flush()
    append(session, Kind.SITE_FOUNDED, actor, now, {"site": site.id}, {"key": key, "zone": zone})
    return site


def rename(session: Session, actor: str, now: datetime, site: Site, name: str, name_ja: str, reason: str) -> None:
    """Call it otherwise; Refused reason-missing, name-missing, text-wrong. Nothing is recorded when it is called so
    already."""
    why, wanted = line.reason(reason), line.told_twice(name, name_ja)
    before = (site.name, site.name_ja)
    site.name, site.name_ja = wanted
    if wanted != before:
        plain = {"changed": {"name": [before[0], wanted[0]], "name_ja": [before[1], wanted[1]]}}
        append(session, Kind.SITE_RENAMED, actor, now, {"site": site.id}, plain, line.opening(why))


def by_key(session: Session, key: str) -> Site | None:
    return session.scalar(select(Site).where(Site.key == key))


def require_key(key: str) -> str:
    """`key` if it may stand in topics; Refused key-wrong otherwise."""
    try:
        Address(key, key)
    except ValueError as flaw:
        raise Refused("key-wrong", key=key[:40]) from flaw
    return key
