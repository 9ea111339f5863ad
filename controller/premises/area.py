"""Areas: the rooms, and the outside. A private area is one where personal information is handled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical
from contract.room_rules import Company
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.rules import SEVEN_DAYS, THREE_DAYS, AreaRules
from controller.premises.site import Site, require_key
from controller.refusal import Refused

MOST_TOGETHER = 8


class Area(Base):
    """open: nobody needs permission (the outside, a public lobby); written_rules: canonical JSON of `rules`;
    forgive_since: since when presence is forgiven at the present time of day; retired_at: since when it is no room of
    the site any more, though the record goes on naming it."""

    __tablename__ = "area"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    key: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    private: Mapped[bool]
    open: Mapped[bool]
    written_rules: Mapped[str] = mapped_column("rules", Text)
    forgive_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("site_id", "key"),)

    @property
    def rules(self) -> AreaRules:
        return AreaRules.from_object(canonical.decode_object(self.written_rules.encode()))

    @rules.setter
    def rules(self, rules: AreaRules) -> None:
        self.written_rules = canonical.encode(rules.as_object()).decode()


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


def make(session: Session, actor: str, now: datetime, site: Site, plan: AreaPlan, reason: str = "") -> Area:
    """A new area; reason: empty where the installer's description makes it. Refused key-wrong, key-taken,
    building-wrong."""
    require_key(plan.key)
    if by_key(session, site, plan.key) is not None:
        raise Refused("key-taken", key=plan.key)
    if not 1 <= plan.company <= MOST_TOGETHER or plan.fresh_s < 1 or (plan.private and plan.open):
        raise Refused("building-wrong", area=plan.key)
    try:
        rules = AreaRules(plan.fresh_s, plan.essential_s, company=Company(plan.company))
    except ValueError as flaw:
        raise Refused("building-wrong", area=plan.key) from flaw
    area = Area(
        site_id=site.id,
        key=plan.key,
        name=plan.name,
        name_ja=plan.name_ja,
        private=plan.private,
        open=plan.open,
        rules=rules,
    )
    session.add(area)
    session.flush()
    plain = {"key": plan.key, "private": plan.private, "open": plan.open, "company": plan.company}
    append(session, Kind.AREA_MADE, actor, now, {"areas": [area.id]}, plain, line.opening(reason))
    return area


def by_key(session: Session, site: Site, key: str) -> Area | None:
    return session.scalar(select(Area).where(Area.site_id == site.id, Area.key == key))


def require_service(area: Area) -> None:
    """Refused area-retired."""
    if area.retired_at is not None:
        raise Refused("area-retired", area=area.key)


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Area]:
    """Those of these areas that are there, by id."""
    return {each.id: each for each in session.scalars(select(Area).where(Area.id.in_(set(ids))))}


def guarded_of_site(session: Session, site: Site) -> list[Area]:
    """The rooms: what a permission is needed for."""
    return [area for area in of_site(session, site) if not area.open]


def guarded_at(session: Session, site: Site, at: datetime) -> list[Area]:
    """The rooms that were in service at a moment, as far as what is retired now goes."""
    every = ever_of_site(session, site)
    return [area for area in every if not area.open and (area.retired_at is None or at < area.retired_at)]


def of_site(session: Session, site: Site) -> Sequence[Area]:
    """The areas that are in service, the private ones first, then by name."""
    return [area for area in ever_of_site(session, site) if area.retired_at is None]


def ever_of_site(session: Session, site: Site) -> Sequence[Area]:
    """The same, and those that are retired: what the record may name."""
    order = (Area.private.desc(), Area.open, Area.name, Area.id)
    return session.scalars(select(Area).where(Area.site_id == site.id).order_by(*order)).all()
