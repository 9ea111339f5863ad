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
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.site import Site
from controller.refusal import Refused

_LONGEST_TEXT = 200


class FormatRow(Base):
    """layout: the canonical table of `contract.site_formats`; retired_at: since when no reader is given it any more."""

    __tablename__ = "card_format"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(40))
    layout: Mapped[str] = mapped_column(Text)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

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


def add(session: Session, actor: str, now: datetime, site: Site, table: object, reason: str) -> FormatRow:
    """Make one new format; Refused reason-missing, format-wrong, text-wrong (its title or origin), key-taken (also by a
    retired one of this name)."""
    why = line.reason(reason)
    try:
        found = next(iter(from_tables([table]).values()))
    except BadLayout as flaw:
        raise Refused("format-wrong", flaws="; ".join(flaw.flaws)) from flaw
    for said in filter(None, (found.title, found.origin)):
        line.told(said, _LONGEST_TEXT)
    if any(name.lower() == found.name.lower() for name in of_site(session, site)):
        raise Refused("key-taken", key=found.name)
    return _make(session, actor, now, site, found, why)


def retire(session: Session, actor: str, now: datetime, row: FormatRow, reason: str, *, in_use: bool) -> None:
    """Give it to no reader any more; what was read by it stays explained. Refused reason-missing, format-in-use,
    format-retired."""
    why = line.reason(reason)
    if in_use:
        raise Refused("format-in-use", format=row.name)
    if row.retired_at is not None:
        raise Refused("format-retired", format=row.name)
    row.retired_at = now
    append(session, Kind.FORMAT_RETIRED, actor, now, {"format": row.id}, {"name": row.name}, line.opening(why))


def rows_of(session: Session, site: Site) -> Sequence[FormatRow]:
    """The site's own formats, retired ones too, by name."""
    return session.scalars(select(FormatRow).where(FormatRow.site_id == site.id).order_by(FormatRow.name)).all()


def offered(session: Session, site: Site) -> list[str]:
    """The names of the site's own formats that a reader may be given."""
    return [row.name for row in rows_of(session, site) if row.retired_at is None]


def of_site(session: Session, site: Site) -> Mapping[str, CardFormat]:
    """The site's own formats by name, retired ones too: what was read by one stays explained by it."""
    return {row.name: row.format() for row in rows_of(session, site)}


def named(session: Session, site_id: int, names: Iterable[str]) -> Mapping[str, CardFormat]:
    """Those of `names` that are the site's own and not retired, by name."""
    wanted = sorted(set(names) - FORMATS.keys())
    own = (FormatRow.site_id == site_id) & FormatRow.name.in_(wanted) & FormatRow.retired_at.is_(None)
    rows = session.scalars(select(FormatRow).where(own))
    return {row.name: row.format() for row in rows}


def _defined(session: Session, actor: str, now: datetime, site: Site, wanted: CardFormat) -> FormatRow:
    layout = canonical.encode(as_table(wanted)).decode("utf-8")
    known = session.scalar(select(FormatRow).where(FormatRow.site_id == site.id, FormatRow.name == wanted.name))
    if known is not None:
        if known.layout != layout:
            raise Refused("key-taken", key=wanted.name)
        return known
    return _make(session, actor, now, site, wanted, "")


def _make(session: Session, actor: str, now: datetime, site: Site, wanted: CardFormat, why: str) -> FormatRow:
    layout = canonical.encode(as_table(wanted)).decode("utf-8")
    row = FormatRow(site_id=site.id, name=wanted.name, layout=layout)
    session.add(row)
    session.flush()
    plain = {"name": wanted.name, "length": wanted.length}
    append(session, Kind.FORMAT_MADE, actor, now, {"format": row.id}, plain, line.opening(why))
    return row
