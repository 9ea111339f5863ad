"""Attendance: how many were inside a room over a time, and when people come in, read from its stays alone.

The law: the database counts, in quarters of an hour, because the clock of every zone is a whole number of them away
from UTC; what a day or an hour is, the clock of the site says. An hour that comes twice is two hours, and one that is
left out is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from controller.database import quarter_of
from controller.premises.area import Area
from controller.record.stay import Stay

QUARTER = timedelta(minutes=15)
_QUARTER_S = 900
_BADGED = Stay.entered_at.is_not(None)


@dataclass(frozen=True, slots=True)
class Slot:
    """One hour or day. badged: the most who were inside at once after badging in; highest: the same with those of whom
    it is only inferred that they came in; entries: badged ones; exits: who badged out, or turned up elsewhere."""

    since: datetime
    until: datetime
    badged: int
    highest: int
    entries: int
    exits: int


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the clock on a weekday (0: Monday). hours: how many such hours there were in the time."""

    entries: int
    hours: float

    @property
    def mean(self) -> float:
        return self.entries / self.hours if self.hours else 0.0


@dataclass(frozen=True, slots=True)
class _Quarter:
    """badged, highest: the most inside in it beyond those at the beginning of the time; entries, exits: who came and
    went; steps, badged_steps: by how much both numbers changed."""

    badged: int
    highest: int
    entries: int
    exits: int
    steps: int
    badged_steps: int


def hours(zone: ZoneInfo, since: datetime, until: datetime) -> list[datetime]:
    """Where the hours of the clock begin, and `until`; a change of the clock begins one too."""
    found, at = [since], since + QUARTER
    while at < until:
        local, before = at.astimezone(zone), (at - QUARTER).astimezone(zone)
        if local.minute == 0 or local.utcoffset() != before.utcoffset():
            found.append(at)
        at += QUARTER
    return [*found, until]


def days(zone: ZoneInfo, since: datetime, until: datetime) -> list[datetime]:
    """Where the days of the clock begin, and `until`; a day may have 23 hours, or 25."""
    found, day = [since], since.astimezone(zone).date()
    while (at := _midnight(zone, day := day + timedelta(days=1))) < until:
        found.append(at)
    return [*found, until]


def slots(session: Session, area: Area, bounds: Sequence[datetime]) -> Sequence[Slot]:
    """What happened between each of these moments and the next; they stand on quarters of an hour, but for the last."""
    since, until = bounds[0], bounds[-1]
    first, first_badged = session.execute(_inside(area, since)).one()
    changed = {row[0]: _Quarter(*row[1:]) for row in session.execute(_changes(area, since, until))}
    inside, badged, found = first, first_badged, list[Slot]()
    for begins, ends in pairwise(bounds):
        within = [changed[each] for each in range(_number(begins), _beyond(ends)) if each in changed]
        found.append(
            Slot(
                begins,
                ends,
                max([badged, *(first_badged + each.badged for each in within)]),
                max([inside, *(first + each.highest for each in within)]),
                sum(each.entries for each in within),
                sum(each.exits for each in within),
            )
        )
        inside += sum(each.steps for each in within)
        badged += sum(each.badged_steps for each in within)
    return found


def by_clock(
    session: Session, area: Area, zone: ZoneInfo, since: datetime, until: datetime
) -> Mapping[tuple[int, int], Hour]:
    """Badged entries by weekday and hour of the clock; hours that the time does not hold are left out."""
    of_time = (Stay.area_id == area.id, Stay.not_before >= since, Stay.not_before < until, _BADGED)
    quarter = quarter_of(Stay.not_before).label("quarter")
    counted = {
        row[0]: row[1] for row in session.execute(select(quarter, func.count()).where(*of_time).group_by(quarter))
    }
    entries, quarters = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for number, place in _clock(zone, since, until):
        quarters[place] += 1
        entries[place] += counted.get(number, 0)
    return {place: Hour(entries[place], count / 4) for place, count in sorted(quarters.items())}


def _clock(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[int, tuple[int, int]]]:
    """Every quarter of a time, with the weekday and the hour that the clock shows in it."""
    for number in range(_number(since), _beyond(until)):
        local = datetime.fromtimestamp(number * _QUARTER_S, zone)
        yield number, (local.weekday(), local.hour)


def _number(at: datetime) -> int:
    return int(at.timestamp()) // _QUARTER_S


def _beyond(until: datetime) -> int:
    """The first quarter that does not begin before `until`."""
    return _number(until + QUARTER - timedelta.resolution)


def _midnight(zone: ZoneInfo, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _inside(area: Area, at: datetime) -> Select[int, int]:
    """How many were inside just before `at`, and how many of them had badged in."""
    goes_on = or_(Stay.left_at.is_(None), Stay.left_at >= at)
    counted = select(func.count(), func.count(Stay.entered_at))
    return counted.where(Stay.area_id == area.id, Stay.not_before < at, goes_on)


def _changes(area: Area, since: datetime, until: datetime) -> Select[*tuple[Any, ...]]:
    """Each quarter in which somebody came or went, with the members of `_Quarter`. Who goes at the moment at which
    somebody comes was not there with them."""
    came = select(Stay.not_before.label("at"), literal(1).label("step"), case((_BADGED, 1), else_=0).label("badged"))
    went = select(Stay.left_at, literal(-1), case((_BADGED, -1), else_=0))
    change = union_all(
        came.where(Stay.area_id == area.id, Stay.not_before >= since, Stay.not_before < until),
        went.where(Stay.area_id == area.id, Stay.left_at >= since, Stay.left_at < until),
    ).subquery()
    each, order = change.c, (change.c.at, change.c.step)
    inside, badged = func.sum(each.step).over(order_by=order), func.sum(each.badged).over(order_by=order)
    running = select(
        quarter_of(each.at).label("quarter"), each.step, each.badged, inside.label("inside"), badged.label("known")
    ).subquery()
    at = running.c
    entered, left = func.sum(case((at.step > 0, at.badged), else_=0)), func.count(case((at.step < 0, 1)))
    steps = (func.sum(at.step), func.sum(at.badged))
    return select(at.quarter, func.max(at.known), func.max(at.inside), entered, left, *steps).group_by(at.quarter)
