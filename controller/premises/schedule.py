"""Schedules as people write them, and compiled into what a door carries. No schedule means always.

What begins on a date is decided by the first of these that speaks of it: a one-off exception, the calendars in the
order in which the schedule names them, the weekday. A schedule changes as a whole, and is never deleted: a retired one
is no longer offered. Whether anything still rests on it is known above (`people.hours_use`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical, shape
from contract import schedule as week
from contract.canonical import Object, Value
from contract.schedule import Interval
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import calendar as calendars
from controller.premises.calendar import Calendar, Fits
from controller.premises.site import Site
from controller.premises.written_hours import OnCalendar, WrittenHours
from controller.refusal import Refused

MOST_INTERVALS, MOST_EXCEPTIONS, MOST_CALENDARS = 200, 200, 16


class Schedule(Base):
    """`intervals` and `exceptions` hold canonical JSON: [[weekday, start, end], …] and {date: [[0, start, end], …]}."""

    __tablename__ = "schedule"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_ja: Mapped[str] = mapped_column(String(120))
    intervals: Mapped[str] = mapped_column(Text)
    exceptions: Mapped[str] = mapped_column(Text)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("site_id", "name"),)


class ScheduleCalendar(Base):
    """The hours that a schedule has on the days of a calendar; the lowest place goes first."""

    __tablename__ = "schedule_calendar"

    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"), primary_key=True)
    place: Mapped[int]
    intervals: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """What a schedule says. exceptions, calendars: the hours that begin on those days (their weekday is ignored), none
    for closed; calendars: by id, the first that holds a day decides. An empty name_ja is the name."""

    name: str
    name_ja: str
    intervals: Sequence[Interval]
    exceptions: Mapping[date, Sequence[Interval]] = field(default_factory=dict)
    calendars: Mapping[int, Sequence[Interval]] = field(default_factory=dict)

    def as_object(self) -> Object:
        """As the ledger tells it."""
        named: list[Value] = [[key, _written(hours)] for key, hours in self.calendars.items()]
        return {
            "name": self.name,
            "name_ja": self.name_ja,
            "intervals": _written(self.intervals),
            "exceptions": {day.isoformat(): _written(hours) for day, hours in self.exceptions.items()},
            "calendars": named,
        }

    @classmethod
    def from_object(cls, data: Object) -> SchedulePlan:
        """What `as_object` made."""
        dated, named = shape.child(data, "exceptions"), shape.items(data, "calendars")
        return cls(
            shape.text(data, "name"),
            shape.text(data, "name_ja"),
            _intervals(data, "intervals"),
            {date.fromisoformat(day): _intervals(dated, day) for day in dated},
            dict(_on_calendar(each) for each in named),
        )


def make(session: Session, actor: str, now: datetime, site: Site, plan: SchedulePlan, reason: str = "") -> Schedule:
    """A new schedule; Refused name-missing, text-wrong, key-taken, schedule-wrong, not-found (a calendar)."""
    schedule = Schedule(site_id=site.id)
    _adopt(session, schedule, _tidied(plan), _Act(Kind.SCHEDULE_MADE, actor, now, reason))
    return schedule


def change(
    session: Session, actor: str, now: datetime, schedule: Schedule, plan: SchedulePlan, fits: Fits, reason: str = ""
) -> None:
    """Let it say what `plan` says, and nothing else; Refused as `make`, schedule-retired, and what `fits` refuses."""
    _must_be_offered(schedule)
    plan = _tidied(plan)
    if plan_of(session, schedule).as_object() != plan.as_object():
        _adopt(session, schedule, plan, _Act(Kind.SCHEDULE_CHANGED, actor, now, reason))
        fits(session, session.get_one(Site, schedule.site_id), now)


def retire(session: Session, actor: str, now: datetime, schedule: Schedule, reason: str = "") -> None:
    """No longer offer it, for whoever knows that nothing rests on it (`hours_use.retire`). Refused schedule-retired."""
    _must_be_offered(schedule)
    schedule.retired_at = now
    _record(session, schedule, _Act(Kind.SCHEDULE_RETIRED, actor, now, reason), {"name": schedule.name})


def by_name(session: Session, site: Site, name: str) -> Schedule | None:
    return session.scalar(select(Schedule).where(Schedule.site_id == site.id, Schedule.name == name))


def of_site(session: Session, site: Site) -> Sequence[Schedule]:
    """All of them, retired ones too."""
    return session.scalars(select(Schedule).where(Schedule.site_id == site.id).order_by(Schedule.name)).all()


def offered(session: Session, site: Site) -> list[Schedule]:
    """Those that a grant may be limited to."""
    return [each for each in of_site(session, site) if each.retired_at is None]


def naming(session: Session, calendar: Calendar) -> list[tuple[Schedule, list[Interval]]]:
    """The schedules that name this calendar, retired ones too, and the hours of each on its days, by name."""
    return naming_each(session, [calendar]).get(calendar.id, [])


def naming_each(session: Session, some: Iterable[Calendar]) -> dict[int, list[tuple[Schedule, list[Interval]]]]:
    """The same of many calendars by their ids, in one statement; a calendar that no schedule names is missing."""
    named = select(Schedule, ScheduleCalendar).join(ScheduleCalendar, ScheduleCalendar.schedule_id == Schedule.id)
    wanted = ScheduleCalendar.calendar_id.in_({each.id for each in some})
    found: dict[int, list[tuple[Schedule, list[Interval]]]] = {}
    for schedule, row in session.execute(named.where(wanted).order_by(Schedule.name)):
        found.setdefault(row.calendar_id, []).append((schedule, _read(row.intervals)))
    return found


def plan_of(session: Session, schedule: Schedule) -> SchedulePlan:
    """What it says now."""
    return plans(session, [schedule])[schedule.id]


def plans(session: Session, some: Collection[Schedule]) -> dict[int, SchedulePlan]:
    """The same of many by their ids, in one statement."""
    named: dict[int, dict[int, list[Interval]]] = {each.id: {} for each in some}
    rows = select(ScheduleCalendar).where(ScheduleCalendar.schedule_id.in_(named)).order_by(ScheduleCalendar.place)
    for row in session.scalars(rows):
        named[row.schedule_id][row.calendar_id] = _read(row.intervals)
    return {each.id: _plan(each, named[each.id]) for each in some}


def _plan(schedule: Schedule, named: Mapping[int, Sequence[Interval]]) -> SchedulePlan:
    dated = canonical.decode_object(schedule.exceptions.encode())
    exceptions = {date.fromisoformat(day): _intervals(dated, day) for day in dated}
    return SchedulePlan(schedule.name, schedule.name_ja, _read(schedule.intervals), exceptions, named)


def compiled(session: Session, schedule: Schedule, years: range) -> week.Schedule:
    """The bitmaps that a list carries, with the exceptional dates of `years`."""
    return compiled_each(session, [schedule], years)[schedule.id]


def compiled_each(session: Session, some: Collection[Schedule], years: range) -> dict[int, week.Schedule]:
    """The same of many by their ids, in three statements."""
    return {key: each.compiled(years) for key, each in written_each(session, some).items()}


def written(session: Session, schedule: Schedule) -> WrittenHours:
    """What it says now, with the days of the calendars that it names."""
    return written_each(session, [schedule])[schedule.id]


def written_each(session: Session, some: Collection[Schedule]) -> dict[int, WrittenHours]:
    """The same of many by their ids, in three statements."""
    found = plans(session, some)
    days = calendars.own_days(session, {key for plan in found.values() for key in plan.calendars})
    return {
        key: WrittenHours(
            tuple(plan.intervals),
            {day: tuple(hours) for day, hours in plan.exceptions.items()},
            tuple(OnCalendar(days[each], tuple(hours)) for each, hours in plan.calendars.items()),
        )
        for key, plan in found.items()
    }


@dataclass(frozen=True, slots=True)
class _Act:
    """What is recorded of a change besides what it says; an empty reason is none."""

    kind: Kind
    actor: str
    now: datetime
    reason: str


def _record(session: Session, schedule: Schedule, act: _Act, plain: Object) -> None:
    why = {"reason": act.reason.strip()[:400]} if act.reason.strip() else {}
    append(session, act.kind, act.actor, act.now, {"schedule": schedule.id}, plain, why)


def _adopt(session: Session, schedule: Schedule, plan: SchedulePlan, act: _Act) -> None:
    _check(session, schedule, plan)
    written = plan.as_object()
    schedule.name, schedule.name_ja = plan.name, plan.name_ja
    schedule.intervals, schedule.exceptions = (_text(written[each]) for each in ("intervals", "exceptions"))
    session.add(schedule)
    session.flush()
    session.execute(delete(ScheduleCalendar).where(ScheduleCalendar.schedule_id == schedule.id))
    for place, (key, hours) in enumerate(plan.calendars.items()):
        hours_written = _text(_written(hours))
        session.add(ScheduleCalendar(schedule_id=schedule.id, calendar_id=key, place=place, intervals=hours_written))
    session.flush()
    _record(session, schedule, act, written)


def _check(session: Session, schedule: Schedule, plan: SchedulePlan) -> None:
    taken = select(Schedule.id).where(Schedule.site_id == schedule.site_id, Schedule.name == plan.name)
    if session.scalar(taken) not in (None, schedule.id):
        raise Refused("key-taken", name=plan.name)
    for key in plan.calendars:
        calendar = session.get(Calendar, key)
        if calendar is None or calendar.site_id != schedule.site_id:
            raise Refused("not-found", calendar=key)
    listed = (plan.intervals, *plan.exceptions.values(), *plan.calendars.values())
    if any(len(each) > MOST_INTERVALS for each in listed):
        raise Refused("schedule-wrong", most_intervals=MOST_INTERVALS)
    if len(plan.exceptions) > MOST_EXCEPTIONS or len(plan.calendars) > MOST_CALENDARS:
        raise Refused("schedule-wrong", most_exceptions=MOST_EXCEPTIONS, most_calendars=MOST_CALENDARS)
    if any(day.year not in calendars.YEARS for day in plan.exceptions):
        raise Refused("day-wrong")


def _tidied(plan: SchedulePlan) -> SchedulePlan:
    name, name_ja = line.told_twice(plan.name, plan.name_ja)
    return replace(plan, name=name, name_ja=name_ja)


def _must_be_offered(schedule: Schedule) -> None:
    if schedule.retired_at is not None:
        raise Refused("schedule-retired")


def _text(value: Value) -> str:
    return canonical.encode(value).decode("utf-8")


def _written(intervals: Sequence[Interval]) -> list[Value]:
    return [[each.weekday, each.start, each.end] for each in intervals]


def _read(text: str) -> list[Interval]:
    return _intervals({"intervals": canonical.decode(text.encode())}, "intervals")


def _on_calendar(told: Value) -> tuple[int, list[Interval]]:
    if not isinstance(told, list) or len(told) != 2:
        raise shape.BadShape("hours on a calendar are [calendar, intervals]")
    data: Object = {"calendar": told[0], "hours": told[1]}
    return shape.integer(data, "calendar"), _intervals(data, "hours")


def _intervals(data: Object, field: str) -> list[Interval]:
    found: list[Interval] = []
    for each in shape.items(data, field):
        if not isinstance(each, list) or len(each) != 3:
            raise shape.BadShape("an interval is [weekday, start, end]")
        weekday, start, end = (shape.integer({"number": number}, "number") for number in each)
        found.append(Interval(weekday, start, end))
    return found
