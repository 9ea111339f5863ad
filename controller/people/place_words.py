"""The words of a place, by which whoever knows it would guess passwords: of the site, its rooms, doors and floors."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.floor_plan import FloorPlan
from controller.premises.site import Site

_PRODUCT = ("Sekisho", "関所", "せきしょ")


def of_site(session: Session, site: Site) -> list[str]:
    """Names and keys, in both languages."""
    asked = (
        select(Area.key, Area.name, Area.name_ja).where(Area.site_id == site.id),
        select(Door.key, Door.name, Door.name_ja).where(Door.site_id == site.id),
        select(FloorPlan.name, FloorPlan.name_ja).where(FloorPlan.site_id == site.id),
    )
    rows = [row for statement in asked for row in session.execute(statement)]
    return [*_PRODUCT, site.key, site.name, site.name_ja, *(name for row in rows for name in row)]
