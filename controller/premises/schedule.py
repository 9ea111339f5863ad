"""Schedules as people write them, and compiled into what a door carries. No schedule means always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical, shape
from contract import schedule as week
from contract.canonical import Object, Value
from contract.schedule import Interval
from controller.database import Base
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.site import Site
from controller.refusal import Refused


class Schedule(Base):
    """`intervals` and `exceptions` hold canonical JSON: [[weekday, start, end], …] and {date: [[0, start, end], …]}."""

    __tablename__ = "schedule"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    intervals: Mapped[str] = mapped_column(Text)
    exceptions: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("site_id", "name"),)

    def compiled(self) -> week.Schedule:
        """The bitmaps that a list carries."""
        wrapped: Object = {"intervals": canonical.decode(self.intervals.encode())}
        dated = canonical.decode_object(self.exceptions.encode())
        exceptions = {date.fromisoformat(day): _read({day: dated[day]}, day) for day in dated}
        return week.compiled(_read(wrapped, "intervals"), exceptions)


def make(
    session: Session,
    actor: str,
    now: datetime,
    site: Site,
    names: tuple[str, str],
    intervals: Sequence[Interval],
    exceptions: Mapping[date, Sequence[Interval]] | None = None,
) -> Schedule:
    """A new schedule; `names` in English and Japanese; Refused name-missing, key-taken."""
    name, name_ja = (each.strip() for each in names)
    if not name:
        raise Refused("name-missing")
    if by_name(session, site, name) is not None:
        raise Refused("key-taken", name=name)
    dated: Object = {day.isoformat(): _written(special) for day, special in (exceptions or {}).items()}
    schedule = Schedule(
        site_id=site.id,
        name=name,
        name_ja=name_ja or name,
        intervals=canonical.encode(_written(intervals)).decode(),
        exceptions=canonical.encode(dated).decode(),
    )
    session.add(schedule)
    session.flush()
    plain = {"intervals": _written(intervals), "exceptions": dated}
    append(session, Kind.SCHEDULE_MADE, actor, now, {"schedule": schedule.id}, plain)
    return schedule


def by_name(session: Session, site: Site, name: str) -> Schedule | None:
    return session.scalar(select(Schedule).where(Schedule.site_id == site.id, Schedule.name == name))


def of_site(session: Session, site: Site) -> Sequence[Schedule]:
    return session.scalars(select(Schedule).where(Schedule.site_id == site.id).order_by(Schedule.name)).all()


def _written(intervals: Sequence[Interval]) -> list[Value]:
    return [[each.weekday, each.start, each.end] for each in intervals]


def _read(data: Object, field: str) -> list[Interval]:
    found: list[Interval] = []
    for each in shape.items(data, field):
        if not isinstance(each, list) or len(each) != 3:
            raise shape.BadShape("an interval is [weekday, start, end]")
        weekday, start, end = (shape.integer({"number": number}, "number") for number in each)
        found.append(Interval(weekday, start, end))
    return found
