"""What happened in the demo building before it was opened: a script of cards, doors and buttons. Pure, no I/O.

The law: a script is ordered by time, and a door's visits never overlap, so that everybody is where the log says.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cli.demo.building import DOORS, ZONE
from cli.demo.cast import OFFICE_HOURS, PEOPLE, Person
from controller.premises.japan import public_holidays

APART = timedelta(seconds=15)
_ROOM_DOORS = (("cedar", "cedar-room"), ("cedar", "cedar-room"), ("cedar-back", "cedar-room"), ("maple", "maple-room"))
"""As often as each is taken."""
UNTIL_OPEN, UNTIL_SHUT = timedelta(seconds=1.4), timedelta(seconds=4.2)


class Deed(StrEnum):
    """What somebody did. CARD: at an access point; the others: at a door's part."""

    CARD = "card"
    ACTIVE = "active"
    IDLE = "idle"
    EVE_LOST = "eve-lost"


@dataclass(frozen=True, slots=True)
class Step:
    """One deed at one moment. place: an access point for CARD, else `<door>.<part>`; person: whose card."""

    at: datetime
    deed: Deed
    place: str = ""
    person: str = ""


@dataclass(slots=True)
class _Doors:
    """Keeps visits at one door apart."""

    taken: dict[str, list[datetime]] = field(default_factory=dict)

    def free(self, door: str, at: datetime) -> datetime:
        busy = self.taken.setdefault(door, [])
        while any(abs(at - other) < APART for other in busy):
            at += APART
        busy.append(at)
        return at


def script(now: datetime, days: int, seed: int) -> list[Step]:
    """The `days` days before the day of `now` in the building's zone, in order."""
    zone = ZoneInfo(ZONE)
    today, rng, doors = now.astimezone(zone).date(), random.Random(seed), _Doors()  # noqa: S311 - a story, no secret
    past = [today - timedelta(days=back) for back in range(days, 0, -1)]
    lost_on = past[len(past) // 2]
    steps: list[Step] = []
    for day in past:
        for person in PEOPLE:
            if _comes(person, day, lost_on, rng):
                steps += _day_of(person, day, zone, rng, doors)
    steps += _oddities(past, lost_on, zone, doors)
    return sorted(steps, key=lambda step: step.at)


def _comes(person: Person, day: date, lost_on: date, rng: random.Random) -> bool:
    if person.lost:
        return day < lost_on
    by_day = any(hours == OFFICE_HOURS for _area, hours in person.areas)
    if day.weekday() >= 5 or any(day == holiday for holiday, *_names in public_holidays(day.year)):
        return not by_day and rng.random() < 0.3
    return rng.random() < 0.85


def _day_of(person: Person, day: date, zone: ZoneInfo, rng: random.Random, doors: _Doors) -> Iterator[Step]:
    """In by the main entrance, perhaps some time in one of the rooms, and out again."""

    def at(hour: float) -> datetime:
        return datetime.combine(day, time(0), zone) + timedelta(seconds=round(hour * 3600))

    yield from _visit(doors, "main-in", person.name, at(rng.uniform(8.25, 9.4)))
    allowed = {area for area, _hours in person.areas}
    if doors_in := [door for door, area in _ROOM_DOORS if area in allowed]:
        door = rng.choice(doors_in)
        came = rng.uniform(9.6, 14.5)
        yield from _visit(doors, f"{door}-in", person.name, at(came))
        yield from _visit(doors, f"{door}-out", person.name, at(came + rng.uniform(0.4, 2.2)))
    yield from _visit(doors, "main-out", person.name, at(rng.uniform(17.2, 18.8)))


def _visit(doors: _Doors, point: str, person: str, at: datetime) -> Iterator[Step]:
    door = door_of(point)
    at = doors.free(door, at)
    yield Step(at, Deed.CARD, point, person)
    yield Step(at + UNTIL_OPEN, Deed.ACTIVE, f"{door}.contact")
    yield Step(at + UNTIL_SHUT, Deed.IDLE, f"{door}.contact")


def _oddities(past: list[date], lost_on: date, zone: ZoneInfo, doors: _Doors) -> Iterable[Step]:
    """What an auditor would look for; nothing that would leave a room's presence uncertain for ever after."""

    def at(day: date, hour: int, minute: int, door: str) -> datetime:
        return doors.free(door, datetime.combine(day, time(hour, minute), zone))

    first, last = past[0], past[-1]
    for day in past:
        yield Step(at(day, 11, 7, "cedar"), Deed.CARD, "cedar-in", "Ben")
    yield Step(datetime.combine(lost_on, time(12, 0), zone), Deed.EVE_LOST)
    yield Step(at(lost_on, 15, 42, "main"), Deed.CARD, "main-in", "Eve")
    yield Step(at(first, 10, 30, "cedar-back"), Deed.CARD, "cedar-back-in", "Ada")  # granted, and not used
    yield Step(at(last, 21, 14, "main"), Deed.CARD, "main-in", "加藤 隆")  # outside office hours
    held = at(last, 13, 3, "main")
    yield Step(held, Deed.CARD, "main-in", "Ada")
    yield Step(held + UNTIL_OPEN, Deed.ACTIVE, "main.contact")
    yield Step(held + timedelta(seconds=50), Deed.IDLE, "main.contact")
    # Whatever weekday it is, every door was gone through: one that never was has no state to show.
    for point, hour, minute in (("cedar-back-in", 16, 50), ("cedar-back-out", 17, 0)):
        yield from _visit(doors, point, "Ada", datetime.combine(last, time(hour, minute), zone))
    yield from _visit(doors, "main-out", "Ada", at(last, 19, 20, "cedar"))


def door_of(point: str) -> str:
    """The door of an access point."""
    return next(door.id for door in DOORS if point in door.access_points)
