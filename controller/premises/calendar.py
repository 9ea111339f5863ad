"""Calendars: days on which a schedule has other hours. Japan's public holidays are built in, others are a site's own.

The days of a built-in calendar are computed, never kept: a new law comes with a new version of the library. A calendar
says which days; the hours on them are the schedule's that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller import line
from controller.database import Base
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.japan import public_holidays
from controller.premises.site import Site
from controller.refusal import Refused

JAPAN = "japan"
BUILT_IN = {JAPAN: ("Japanese public holidays", "日本の祝日")}
YEARS = range(2000, 2100)
MOST_DAYS = 500

Fits = Callable[[Session, Site, datetime], None]
"""Refuses list-too-large when, with the change, the list of a door would exceed one message."""


class Calendar(Base):
    """built_in: which calendar of BUILT_IN it is; None for a site's own."""

    __tablename__ = "calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    built_in: Mapped[str | None] = mapped_column(String(16))

    __table_args__ = (UniqueConstraint("site_id", "name"),)


class HolidayRow(Base):
    """One day of a site's own calendar."""

    __tablename__ = "holiday"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"))
    day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))

    __table_args__ = (UniqueConstraint("calendar_id", "day"),)

    def holiday(self) -> Holiday:
        return Holiday(self.day, self.name, self.name_ja, self.id)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day of any calendar; `id` of its row, None where the calendar is built in."""

    day: date
    name: str
    name_ja: str
    id: int | None = None


def provide(session: Session, actor: str, now: datetime, site: Site) -> None:
    """Make the built-in calendars that the site does not have yet."""
    present = set(session.scalars(select(Calendar.built_in).where(Calendar.site_id == site.id)))
    for key, (name, name_ja) in BUILT_IN.items():
        if key not in present:
            _add(session, actor, now, Calendar(site_id=site.id, name=name, name_ja=name_ja, built_in=key))


def make(session: Session, actor: str, now: datetime, site: Site, name: str, name_ja: str = "") -> Calendar:
    """A new calendar of the site's own, without days yet; Refused name-missing, text-wrong, key-taken."""
    name, name_ja = line.told_twice(name, name_ja)
    _must_be_free(session, site.id, name)
    return _add(session, actor, now, Calendar(site_id=site.id, name=name, name_ja=name_ja, built_in=None))


def rename(session: Session, actor: str, now: datetime, calendar: Calendar, name: str, name_ja: str = "") -> None:
    """Call it otherwise; Refused name-missing, text-wrong, key-taken, calendar-fixed."""
    _must_be_own(calendar)
    name, name_ja = line.told_twice(name, name_ja)
    if name != calendar.name:
        _must_be_free(session, calendar.site_id, name)
    calendar.name, calendar.name_ja = name, name_ja
    append(session, Kind.CALENDAR_RENAMED, actor, now, {"calendar": calendar.id}, {"name": name})


def remove(session: Session, actor: str, now: datetime, calendar: Calendar, in_use: bool) -> None:
    """Delete a calendar of the site's own, with its days; Refused calendar-fixed, calendar-in-use."""
    _must_be_own(calendar)
    if in_use:
        raise Refused("calendar-in-use")
    days = [each.day.isoformat() for each in holidays(session, calendar, YEARS)]
    session.execute(delete(HolidayRow).where(HolidayRow.calendar_id == calendar.id))
    append(session, Kind.CALENDAR_REMOVED, actor, now, {"calendar": calendar.id}, {"name": calendar.name, "days": days})
    session.delete(calendar)
    session.flush()


def add_day(
    session: Session, actor: str, now: datetime, calendar: Calendar, holiday: Holiday, fits: Fits
) -> HolidayRow:
    """A further day. Refused calendar-fixed, name-missing, text-wrong, day-wrong, day-taken, calendar-full, and
    whatever `fits` refuses."""
    _must_be_own(calendar)
    kept = select(func.count(HolidayRow.id)).where(HolidayRow.calendar_id == calendar.id)
    if session.scalar(kept) == MOST_DAYS:
        raise Refused("calendar-full")
    row = HolidayRow(calendar_id=calendar.id)
    _write_day(session, row, holiday)
    session.add(row)
    session.flush()
    _changed(session, Kind.HOLIDAY_ADDED, actor, now, row)
    fits(session, session.get_one(Site, calendar.site_id), now)
    return row


def change_day(session: Session, actor: str, now: datetime, row: HolidayRow, holiday: Holiday, fits: Fits) -> None:
    """Move a day, or call it otherwise. Refused name-missing, text-wrong, day-wrong, day-taken, and whatever `fits`
    refuses."""
    calendar = session.get_one(Calendar, row.calendar_id)
    _write_day(session, row, holiday)
    _changed(session, Kind.HOLIDAY_CHANGED, actor, now, row)
    fits(session, session.get_one(Site, calendar.site_id), now)


def remove_day(session: Session, actor: str, now: datetime, row: HolidayRow, fits: Fits) -> None:
    """Take a day out of its calendar; Refused what `fits` refuses."""
    calendar = session.get_one(Calendar, row.calendar_id)
    _changed(session, Kind.HOLIDAY_REMOVED, actor, now, row)
    session.delete(row)
    session.flush()
    fits(session, session.get_one(Site, calendar.site_id), now)


def by_name(session: Session, site: Site, name: str) -> Calendar | None:
    return session.scalar(select(Calendar).where(Calendar.site_id == site.id, Calendar.name == name))


def of_site(session: Session, site: Site) -> Sequence[Calendar]:
    return session.scalars(select(Calendar).where(Calendar.site_id == site.id).order_by(Calendar.id)).all()


def holidays(session: Session, calendar: Calendar, years: Iterable[int]) -> list[Holiday]:
    """Its days in `years`, in order."""
    return holidays_of_each(session, [calendar], years)[calendar.id]


def holidays_of_each(session: Session, some: Collection[Calendar], years: Iterable[int]) -> dict[int, list[Holiday]]:
    """The same of many calendars by their ids, in one statement."""
    wanted = sorted(years)
    found: dict[int, list[Holiday]] = {each.id: [] for each in some}
    rows = select(HolidayRow).where(HolidayRow.calendar_id.in_(found)).order_by(HolidayRow.day)
    for row in session.scalars(rows):
        if row.day.year in wanted:
            found[row.calendar_id].append(row.holiday())
    for each in some:
        if each.built_in == JAPAN:
            found[each.id] = [Holiday(*day) for year in wanted for day in public_holidays(year)]
    return found


def own_days(session: Session, calendar_ids: Collection[int]) -> dict[int, frozenset[date] | None]:
    """By calendar the days that are kept; None for those of a built-in one, which are computed."""
    kept: dict[int, set[date]] = {}
    rows = select(HolidayRow.calendar_id, HolidayRow.day).where(HolidayRow.calendar_id.in_(calendar_ids))
    for key, day in session.execute(rows):
        kept.setdefault(key, set()).add(day)
    found = session.execute(select(Calendar.id, Calendar.built_in).where(Calendar.id.in_(calendar_ids)))
    return {key: frozenset(kept.get(key, ())) if built_in is None else None for key, built_in in found}


def _add(session: Session, actor: str, now: datetime, calendar: Calendar) -> Calendar:
    session.add(calendar)
    session.flush()
    plain = {"name": calendar.name, "built_in": calendar.built_in}
    append(session, Kind.CALENDAR_MADE, actor, now, {"calendar": calendar.id}, plain)
    return calendar


def _write_day(session: Session, row: HolidayRow, holiday: Holiday) -> None:
    name, name_ja = line.told_twice(holiday.name, holiday.name_ja)
    if holiday.day.year not in YEARS:
        raise Refused("day-wrong")
    same = select(HolidayRow.id).where(HolidayRow.calendar_id == row.calendar_id, HolidayRow.day == holiday.day)
    if session.scalar(same) not in (None, row.id):
        raise Refused("day-taken", day=holiday.day)
    row.day, row.name, row.name_ja = holiday.day, name, name_ja


def _changed(session: Session, kind: Kind, actor: str, now: datetime, row: HolidayRow) -> None:
    plain = {"day": row.day.isoformat(), "name": row.name}
    append(session, kind, actor, now, {"calendar": row.calendar_id, "holiday": row.id}, plain)


def _must_be_own(calendar: Calendar) -> None:
    if calendar.built_in is not None:
        raise Refused("calendar-fixed")


def _must_be_free(session: Session, site_id: int, name: str) -> None:
    if session.scalar(select(Calendar.id).where(Calendar.site_id == site_id, Calendar.name == name)) is not None:
        raise Refused("key-taken", name=name)
