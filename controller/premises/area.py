"""Areas: the rooms, and the outside. A private area is one where personal information is handled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.site import Site, require_key
from controller.refusal import Refused

THREE_DAYS = 3 * 24 * 3600
SEVEN_DAYS = 7 * 24 * 3600


class Area(Base):
    """fresh_s, essential_s: how long after a proof of freshness all, then the essential, may enter; company: how many
    different holders must enter together; open: nobody needs permission (the outside, a public lobby)."""

    __tablename__ = "area"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    key: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    private: Mapped[bool]
    open: Mapped[bool]
    fresh_s: Mapped[int]
    essential_s: Mapped[int]
    company: Mapped[int]

    __table_args__ = (UniqueConstraint("site_id", "key"),)


@dataclass(frozen=True, slots=True)
class AreaPlan:
    """An area as the installer describes it."""

    key: str
    name: str
    name_ja: str
    private: bool = False
    open: bool = False
    fresh_s: int = THREE_DAYS
    essential_s: int = SEVEN_DAYS
    company: int = 1


def make(session: Session, actor: str, now: datetime, site: Site, plan: AreaPlan) -> Area:
    """A new area; Refused key-wrong, key-taken, building-wrong."""
    require_key(plan.key)
    if by_key(session, site, plan.key) is not None:
        raise Refused("key-taken", key=plan.key)
    if not (0 < plan.fresh_s <= plan.essential_s and 1 <= plan.company <= 8) or (plan.private and plan.open):
        raise Refused("building-wrong", area=plan.key)
    area = Area(
        site_id=site.id,
        key=plan.key,
        name=plan.name,
        name_ja=plan.name_ja,
        private=plan.private,
        open=plan.open,
        fresh_s=plan.fresh_s,
        essential_s=plan.essential_s,
        company=plan.company,
    )
    session.add(area)
    session.flush()
    plain = {"key": plan.key, "private": plan.private, "open": plan.open, "company": plan.company}
    append(session, Kind.AREA_MADE, actor, now, {"areas": [area.id]}, plain)
    return area


def by_key(session: Session, site: Site, key: str) -> Area | None:
    return session.scalar(select(Area).where(Area.site_id == site.id, Area.key == key))


def of_site(session: Session, site: Site) -> Sequence[Area]:
    """All areas, the private ones first, then by name."""
    order = (Area.private.desc(), Area.open, Area.name, Area.id)
    return session.scalars(select(Area).where(Area.site_id == site.id).order_by(*order)).all()
