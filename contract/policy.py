"""The policy part of an authorisation list: what the signed list says about areas, doors and access points.

Wiring (pins, lock kinds, hard caps) is not here: it belongs to the agent's own settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract import canonical, schedule, shape
from contract.canonical import Object, Value
from contract.card_format import CardFormat
from contract.formats import FORMATS
from contract.record import ALWAYS as AT_ALL_TIMES
from contract.room_rules import (
    ALONE,
    CALM,
    LONGEST_S,
    MOST_SCHEDULES,
    RECORDED,
    Company,
    Enforcement,
    Passback,
    PinRule,
    Posture,
    Tier,
    Unheard,
)
from contract.schedule import Schedule
from contract.site_formats import MOST_FORMATS, as_table, from_tables
from contract.site_time import SiteTime
from contract.situation import Moment


class Direction(StrEnum):
    ENTRY = "entry"
    EXIT = "exit"


class ExitMode(StrEnum):
    """How an exit treats cards: needed to leave, recorded only, or not read at all."""

    CONTROLLED = "controlled"
    RECORDED = "recorded"
    FREE = "free"


class DoorMode(StrEnum):
    """The standing posture of a door; later postures add members."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"


@dataclass(frozen=True, slots=True)
class AreaPolicy:
    """fresh_s: how long after a proof of freshness everybody on the list may enter; essential_s: how long (counted
    from the same proof) entries flagged ESSENTIAL still may; afterwards nobody new. clockless: who may enter under a
    rule of time while the time is not known; unheard: what rules about presence are worth while a neighbouring agent
    is not heard."""

    id: str
    private: bool
    fresh_s: int
    essential_s: int
    passback: Passback = RECORDED
    company: Company = ALONE
    posture: Posture = CALM
    clockless: Tier = Tier.NOBODY
    unheard: Unheard = Unheard.SOFTEN
    protected: bool = field(init=False, repr=False, compare=False)
    """A rule about presence refuses here: that it can be enforced matters."""
    sociable: bool = field(init=False, repr=False, compare=False)
    """A rule looks at who else is inside, or comes along."""

    def __post_init__(self) -> None:
        company = self.company
        hard = (
            self.passback.entry,
            company.most_by if company.most else Enforcement.OFF,
            company.least_by if company.least > 1 else Enforcement.OFF,
            company.supervisor,
        )
        object.__setattr__(self, "protected", Enforcement.HARD in hard)
        asked = company.size > 1 or company.most or company.least > 1 or company.supervisor is not Enforcement.OFF
        object.__setattr__(self, "sociable", bool(asked))

    def as_object(self) -> Object:
        return {
            "id": self.id,
            "private": self.private,
            "fresh_s": self.fresh_s,
            "essential_s": self.essential_s,
            "passback": self.passback.as_object(),
            "company": self.company.as_object(),
            "posture": self.posture.as_object(),
            "clockless": self.clockless,
            "unheard": self.unheard,
        }

    @classmethod
    def from_object(cls, data: Object) -> AreaPolicy:
        rules = ("passback", "company", "posture", "clockless", "unheard")
        shape.exactly(data, ("id", "private", "fresh_s", "essential_s", *rules))
        return cls(
            shape.text(data, "id", 64),
            shape.flag(data, "private"),
            shape.integer(data, "fresh_s"),
            shape.integer(data, "essential_s"),
            Passback.from_object(shape.child(data, "passback")),
            Company.from_object(shape.child(data, "company")),
            Posture.from_object(shape.child(data, "posture")),
            shape.choice(data, "clockless", Tier),
            shape.choice(data, "unheard", Unheard),
        )


class Relock(StrEnum):
    """When a released lock is secured: as soon as the door is opened, or only once it is closed again."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class DoorPolicy:
    """release_ms: how long the lock stays released; held_open_s: how long open before the held-open alarm;
    extended_ms, extended_held_open_s: the same for holders flagged EXTENDED; pre_alarm_s: how long before that alarm
    the door warns the people at it (0: not); shunt_ms: an opening this soon after a closing is the door's bounce;
    unlock: the number of the schedule that unlocks the door (None: none does), from the start of its hours or, with
    unlock_first, from when a supervisor has come in; may_hold: a holder flagged HOLD may hold it open by presenting
    twice; tailgate_s: open this long on one passage is a sign of a second one (0: not looked at)."""

    id: str
    release_ms: int
    held_open_s: int
    mode: DoorMode = DoorMode.NORMAL
    extended_ms: int = 15_000
    extended_held_open_s: int = 60
    pre_alarm_s: int = 0
    shunt_ms: int = 500
    relock: Relock = Relock.CLOSED
    unlock: int | None = None
    unlock_first: bool = False
    may_hold: bool = False
    tailgate_s: int = 0

    def as_object(self) -> Object:
        return {
            "id": self.id,
            "release_ms": self.release_ms,
            "held_open_s": self.held_open_s,
            "extended_ms": self.extended_ms,
            "extended_held_open_s": self.extended_held_open_s,
            "pre_alarm_s": self.pre_alarm_s,
            "shunt_ms": self.shunt_ms,
            "relock": self.relock,
            "mode": self.mode,
            "unlock": self.unlock,
            "unlock_first": self.unlock_first,
            "may_hold": self.may_hold,
            "tailgate_s": self.tailgate_s,
        }

    @classmethod
    def from_object(cls, data: Object) -> DoorPolicy:
        extended = ("extended_ms", "extended_held_open_s", "pre_alarm_s", "shunt_ms", "relock")
        opening = ("unlock", "unlock_first", "may_hold", "tailgate_s")
        shape.exactly(data, ("id", "release_ms", "held_open_s", "mode", *extended, *opening))
        return cls(
            shape.text(data, "id", 64),
            shape.integer(data, "release_ms", 500, 60_000),
            shape.integer(data, "held_open_s", 1, 3600),
            shape.choice(data, "mode", DoorMode),
            shape.integer(data, "extended_ms", 500, 60_000),
            shape.integer(data, "extended_held_open_s", 1, 3600),
            shape.integer(data, "pre_alarm_s", 0, 3600),
            shape.integer(data, "shunt_ms", 0, 5000),
            shape.choice(data, "relock", Relock),
            shape.optional_integer(data, "unlock", 0, MOST_SCHEDULES),
            shape.flag(data, "unlock_first"),
            shape.flag(data, "may_hold"),
            shape.integer(data, "tailgate_s", 0, 3600),
        )


@dataclass(frozen=True, slots=True)
class AccessPointPolicy:
    """One direction through one door. The guarded area, whose table decides, is `to_area` on entry, `from_area` on
    exit. Every exit states its mode; an entry has none. A PIN is only ever asked for on the way in. card_again_s: how
    soon the same card may come in again here; door_again_s: the same, as long as it was the last one here (0: at
    once)."""

    id: str
    door: str
    direction: Direction
    from_area: str
    to_area: str
    formats: tuple[str, ...]
    exit_mode: ExitMode | None = None
    pin: PinRule | None = None
    card_again_s: int = 0
    door_again_s: int = 0

    def __post_init__(self) -> None:
        if (self.direction is Direction.EXIT) != (self.exit_mode is not None):
            raise ValueError(f"{self.id}: every exit states its mode, and only exits do")
        if self.direction is Direction.EXIT and self.pin is not None:
            raise ValueError(f"{self.id}: nobody needs a PIN to leave")

    @property
    def guarded(self) -> str:
        return self.to_area if self.direction is Direction.ENTRY else self.from_area

    def as_object(self) -> Object:
        return {
            "id": self.id,
            "door": self.door,
            "direction": self.direction,
            "from": self.from_area,
            "to": self.to_area,
            "formats": list(self.formats),
            "exit_mode": self.exit_mode,
            "pin": None if self.pin is None else self.pin.as_object(),
            "card_again_s": self.card_again_s,
            "door_again_s": self.door_again_s,
        }

    @classmethod
    def from_object(cls, data: Object) -> AccessPointPolicy:
        again = ("pin", "card_again_s", "door_again_s")
        shape.exactly(data, ("id", "door", "direction", "from", "to", "formats", "exit_mode", *again))
        return cls(
            shape.text(data, "id", 64),
            shape.text(data, "door", 64),
            shape.choice(data, "direction", Direction),
            shape.text(data, "from", 64),
            shape.text(data, "to", 64),
            shape.texts(data, "formats", 64),
            None if data["exit_mode"] is None else shape.choice(data, "exit_mode", ExitMode),
            None if data["pin"] is None else PinRule.from_object(shape.child(data, "pin")),
            shape.integer(data, "card_again_s", 0, LONGEST_S),
            shape.integer(data, "door_again_s", 0, LONGEST_S),
        )


@dataclass(frozen=True, slots=True)
class Threshold:
    """An access point with its door and the area it guards, and what is on there: worked out once, asked for every
    card. locked: the door or the area is in lockdown; closed: some posture stands against coming in; repeats: a card
    may have to wait before it comes in again; waits: somebody may be let wait, for a PIN or for company."""

    point: AccessPointPolicy
    door: DoorPolicy
    area: AreaPolicy
    way_out: bool = field(init=False)
    locked: bool = field(init=False)
    closed: bool = field(init=False)
    repeats: bool = field(init=False)
    waits: bool = field(init=False)

    def __post_init__(self) -> None:
        posture = self.area.posture
        locked = posture.lockdown or self.door.mode is DoorMode.LOCKDOWN
        object.__setattr__(self, "way_out", self.point.direction is Direction.EXIT)
        object.__setattr__(self, "locked", locked)
        object.__setattr__(self, "closed", locked or posture.evacuation or posture.threat > 0)
        object.__setattr__(self, "waits", self.point.pin is not None or self.area.sociable)
        object.__setattr__(self, "repeats", self.point.card_again_s > 0 or self.point.door_again_s > 0)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything impersonal in a list; `hash()` names it in every decision fact. `site_time` is the site's clock.

    formats: the site's own card formats that these access points name; readable: those and the published ones.
    posture: counts the changes of the site's posture, of which the areas hold what became of them. thresholds: the
    access points by id, each with its door and area.
    """

    site: str
    agent: str
    site_time: SiteTime
    areas: Mapping[str, AreaPolicy]
    doors: Mapping[str, DoorPolicy]
    access_points: Mapping[str, AccessPointPolicy]
    schedules: tuple[Schedule, ...] = (schedule.ALWAYS,)
    formats: Mapping[str, CardFormat] = field(default_factory=dict)
    posture: int = 0
    readable: Mapping[str, CardFormat] = field(init=False, repr=False, compare=False)
    thresholds: Mapping[str, Threshold] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "readable", {**FORMATS, **self.formats})
        for point in self.access_points.values():
            if point.door not in self.doors or point.guarded not in self.areas:
                raise ValueError(f"{point.id}: its door or its guarded area is not in the policy")
        named = [door.unlock for door in self.doors.values()]
        named += [point.pin.card_alone for point in self.access_points.values() if point.pin is not None]
        if any(number is not None and number >= len(self.schedules) for number in named):
            raise ValueError("a door or a PIN names a schedule that is not there")
        thresholds = {
            key: Threshold(point, self.doors[point.door], self.areas[point.guarded])
            for key, point in self.access_points.items()
        }
        object.__setattr__(self, "thresholds", thresholds)

    def as_object(self) -> Object:
        areas: list[Value] = [self.areas[key].as_object() for key in sorted(self.areas)]
        doors: list[Value] = [self.doors[key].as_object() for key in sorted(self.doors)]
        points: list[Value] = [self.access_points[key].as_object() for key in sorted(self.access_points)]
        schedules: list[Value] = [each.as_object() for each in self.schedules]
        own: list[Value] = [as_table(self.formats[key]) for key in sorted(self.formats)]
        return {
            "site": self.site,
            "agent": self.agent,
            "site_time": self.site_time.as_object(),
            "areas": areas,
            "doors": doors,
            "access_points": points,
            "schedules": schedules,
            "formats": own,
            "posture": self.posture,
        }

    @classmethod
    def from_object(cls, data: Object) -> Policy:
        shape.exactly(
            data, ("site", "agent", "site_time", "areas", "doors", "access_points", "schedules", "formats", "posture")
        )
        areas = [AreaPolicy.from_object(each) for each in shape.children(data, "areas")]
        doors = [DoorPolicy.from_object(each) for each in shape.children(data, "doors")]
        points = [AccessPointPolicy.from_object(each) for each in shape.children(data, "access_points")]
        return cls(
            shape.text(data, "site", 64),
            shape.text(data, "agent", 64),
            SiteTime.from_object(shape.child(data, "site_time")),
            {each.id: each for each in areas},
            {each.id: each for each in doors},
            {each.id: each for each in points},
            tuple(Schedule.from_object(each) for each in shape.children(data, "schedules")),
            from_tables(own) if (own := shape.items(data, "formats", MOST_FORMATS)) else {},
            shape.integer(data, "posture"),
        )

    def scheduled(self, number: int, moment: Moment) -> bool:
        """Whether schedule `number` permits every moment that it may be now; a number that is not there does not."""
        return self.scheduled_throughout(number, *moment.bounds_s)

    def scheduled_throughout(self, number: int, earliest: int, latest: int) -> bool:
        """The same between two UTC seconds. Schedule 0 is not looked up: it permits when nothing else is known."""
        if number == AT_ALL_TIMES:
            return True
        if number >= len(self.schedules):
            return False
        return self.schedules[number].permits_throughout(self.site_time, earliest, latest)

    def hash(self) -> bytes:
        return hashlib.sha256(b"sekisho/1/policy\x00" + canonical.encode(self.as_object())).digest()
