"""A site's own card formats: checked layouts that access points may name beside the published ones (decision 24)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical
from contract.card_format import BadLayout, CardFormat
from contract.formats import FORMATS
from contract.site_formats import as_table, from_tables
from controller.database import Base
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.site import Site
from controller.refusal import Refused


class FormatRow(Base):
    """layout: the canonical table of `contract.site_formats`."""

    __tablename__ = "card_format"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(40))
    layout: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("site_id", "name"),)

    def format(self) -> CardFormat:
        return from_tables([json.loads(self.layout)])[self.name]


def define(session: Session, actor: str, now: datetime, site: Site, tables: Sequence[object]) -> list[FormatRow]:
    """Make the formats of these tables; one that is there already must be the same. Refused format-wrong, key-taken.

    A format never changes: what was read cleanly yesterday must be explained by the same rule tomorrow.
    """
    try:
        found = from_tables(list(tables))
    except BadLayout as flaw:
        raise Refused("format-wrong", flaws="; ".join(flaw.flaws)) from flaw
    return [_defined(session, actor, now, site, each) for each in found.values()]


def of_site(session: Session, site: Site) -> Mapping[str, CardFormat]:
    """The site's own formats by name."""
    rows = session.scalars(select(FormatRow).where(FormatRow.site_id == site.id).order_by(FormatRow.name))
    return {row.name: row.format() for row in rows}


def named(session: Session, site_id: int, names: Iterable[str]) -> Mapping[str, CardFormat]:
    """Those of `names` that are the site's own, by name."""
    wanted = sorted(set(names) - FORMATS.keys())
    rows = session.scalars(select(FormatRow).where(FormatRow.site_id == site_id, FormatRow.name.in_(wanted)))
    return {row.name: row.format() for row in rows}


def _defined(session: Session, actor: str, now: datetime, site: Site, wanted: CardFormat) -> FormatRow:
    layout = canonical.encode(as_table(wanted)).decode("utf-8")
    known = session.scalar(select(FormatRow).where(FormatRow.site_id == site.id, FormatRow.name == wanted.name))
    if known is not None:
        if known.layout != layout:
            raise Refused("key-taken", key=wanted.name)
        return known
    row = FormatRow(site_id=site.id, name=wanted.name, layout=layout)
    session.add(row)
    session.flush()
    append(session, Kind.FORMAT_MADE, actor, now, {"format": row.id}, {"name": wanted.name, "length": wanted.length})
    return row
