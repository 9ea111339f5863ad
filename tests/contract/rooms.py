"""The cedar room and who comes to it, as the tests of the rules know them; and made-up rooms, cards and moments.

The made-up ones lie at the edges of the rules on purpose: a second before and after, a person more or less.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from contract.policy import AccessPointPolicy, AreaPolicy, Direction, DoorMode, DoorPolicy, ExitMode, Policy
from contract.record import FOREVER, UNLIMITED, CardState, Flag, Record
from contract.room_rules import Company, DuressAnswer, Enforcement, Passback, PinRule, Posture, Tier, Unheard
from contract.schedule import ALWAYS, Interval, Schedule, compiled
from contract.site_time import SiteTime
from contract.situation import Attempt, Before, Companion, Inside, Moment, PinVerdict, Proof, Situation, Standing

TOKYO = SiteTime("Asia/Tokyo", ((946_652_400, 32_400),), 4_102_412_400)
OFFICE_HOURS, NIGHT_SHIFT = 1, 2
SCHEDULES = (
    ALWAYS,
    compiled([Interval(day, 9 * 60, 18 * 60) for day in range(5)]),
    compiled([Interval(day, 22 * 60, 30 * 60) for day in range(7)]),
)
ADA = Record(b"A" * 16, 1, 0, FOREVER)
BEN, EVE = b"B" * 16, b"E" * 16
NOON = Moment(datetime(2026, 11, 23, 3, 0, tzinfo=UTC), timedelta(seconds=1), 100.0, trusted=True)
CERTAIN = Proof(True, True, True)
SURE = Situation(10, CERTAIN, control_permitted=True, standing=Standing("hallway", 60))
INSIDE = replace(SURE, standing=Standing("cedar-room", 60))
ROOM = AreaPolicy("cedar-room", True, 3600, 7200)
DOOR = DoorPolicy("cedar", 5000, 30)
ENTRY = AccessPointPolicy("cedar-in", "cedar", Direction.ENTRY, "hallway", "cedar-room", ("serial-40",))
EXIT = AccessPointPolicy(
    "cedar-out", "cedar", Direction.EXIT, "cedar-room", "hallway", ("serial-40",), ExitMode.CONTROLLED
)


def building(
    room: AreaPolicy = ROOM,
    way_in: AccessPointPolicy = ENTRY,
    way_out: AccessPointPolicy = EXIT,
    door: DoorPolicy = DOOR,
    clock: SiteTime = TOKYO,
    schedules: tuple[Schedule, ...] = SCHEDULES,
) -> Policy:
    """One room with one door."""
    points = {point.id: point for point in (way_in, way_out)}
    return Policy("tokyo", "cedar", clock, {room.id: room}, {door.id: door}, points, schedules)


def entering(record: Record | None = ADA, *, clean: bool = True) -> Attempt:
    return Attempt("cedar-in", clean, record)


def leaving(record: Record | None = ADA, *, clean: bool = True) -> Attempt:
    return Attempt("cedar-out", clean, record)


# Made up. The edges: of office hours, of the night shift, of a change of the clock, of what is known of the clock.
AUTUMN = 1_793_512_800
EASTERN = SiteTime(
    "America/New_York", ((1_767_243_600, -18_000), (1_772_953_200, -14_400), (AUTUMN, -18_000)), 1_800_000_000
)
_EDGES = (
    int(datetime(2026, 11, 24, 0, 0, tzinfo=UTC).timestamp()),
    int(datetime(2026, 11, 24, 9, 0, tzinfo=UTC).timestamp()),
    int(datetime(2026, 11, 24, 14, 0, tzinfo=UTC).timestamp()),
    AUTUMN,
    EASTERN.until,
)
_UNCERTAINTIES = (
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(milliseconds=100),
    timedelta(seconds=1),
    timedelta(minutes=16),
    timedelta(hours=12),
    timedelta(hours=12, microseconds=1),
)
_HANDLES = (ADA.holder, BEN, EVE)
_Drawn = TypeVar("_Drawn")


@dataclass(frozen=True, slots=True)
class Case:
    """The whole input of one decision."""

    policy: Policy
    attempt: Attempt
    situation: Situation
    moment: Moment


def made_up(rng: random.Random) -> Case:
    """A case in which most rules are off and most knowledge is good, so that every rule decides in some."""
    chance = _Chance(rng, rng.choice((0.05, 0.15, 0.4)))
    edge = rng.choice(_EDGES)
    policy = building(chance.room(), chance.way_in(), chance.way_out(), chance.door(), rng.choice((TOKYO, EASTERN)))
    point = rng.choice(("cedar-in", "cedar-in", "cedar-out"))
    record = chance.odd(chance.record(edge), (None,))
    attempt = Attempt(chance.odd(point, (point, point, "elsewhere")), chance.odd(True, (False,)), record)
    return Case(policy, attempt, chance.situation(), chance.moment(edge))


class _Chance:
    """Draws of what is usual and, with a probability, of what is odd."""

    def __init__(self, rng: random.Random, probability: float) -> None:
        self._rng, self._probability = rng, probability

    def odd(self, usual: _Drawn, odd: Sequence[_Drawn]) -> _Drawn:
        return self._rng.choice(odd) if self._rng.random() < self._probability else usual

    def near(self, limit: int) -> int | None:
        return self.odd(None, (limit - 1, limit, limit + 1))

    def count(self) -> int:
        return self.odd(0, (1, 2, 3))

    def flags(self) -> int:
        company = self._rng.choice((Flag.NONE, Flag.NONE, Flag.HOST, Flag.VISITOR))
        return sum({company, *(self.odd(Flag.NONE, [*Flag]) for _ in range(3))})

    def instant(self, edge: int, usual: int) -> int:
        return self.odd(usual, (edge - 1, edge, edge + 1, edge + 2, usual ^ 1))

    def enforcement(self, usual: Enforcement = Enforcement.HARD) -> Enforcement:
        return self.odd(usual, list(Enforcement.__members__.values()))

    def room(self) -> AreaPolicy:
        passback = Passback(self.enforcement(), self.enforcement(), self.odd(0, (60,)))
        company = Company(
            self.odd(1, (2, 3)),
            10,
            self.count(),
            self.enforcement(),
            self.count(),
            self.enforcement(),
            self.enforcement(Enforcement.OFF),
        )
        lockdown, evacuation = self.odd(False, (True,)), self.odd(False, (True,))
        posture = Posture(lockdown, evacuation, self.odd(0, (1, 2)), self.count())
        tiers = self._rng.choice([*Tier]), self._rng.choice([*Unheard])
        return AreaPolicy("cedar-room", True, 60, self.odd(120, (30,)), passback, company, posture, *tiers)

    def way_in(self) -> AccessPointPolicy:
        alone = self._rng.choice((None, None, 0, OFFICE_HOURS, NIGHT_SHIFT))
        pin = self._rng.choice((None, PinRule(alone, duress=self.odd(DuressAnswer.OPEN, (DuressAnswer.REFUSE,)))))
        return replace(ENTRY, pin=pin, card_again_s=self._rng.choice((0, 5)), door_again_s=self._rng.choice((0, 3)))

    def way_out(self) -> AccessPointPolicy:
        return replace(EXIT, exit_mode=self.odd(ExitMode.CONTROLLED, [*ExitMode]))

    def door(self) -> DoorPolicy:
        return replace(DOOR, mode=self.odd(DoorMode.NORMAL, (DoorMode.LOCKDOWN,)))

    def record(self, edge: int) -> Record:
        return Record(
            self._rng.choice(_HANDLES),
            1,
            self.instant(edge, 0),
            self.instant(edge, FOREVER),
            self.odd(0, (OFFICE_HOURS, NIGHT_SHIFT, len(SCHEDULES))),
            self.flags(),
            self.instant(edge, 0),
            self.instant(edge, FOREVER),
            self.instant(edge, FOREVER),
            self.odd(UNLIMITED, (0, 1, 2)),
            self.count(),
            self.odd(CardState.ACTIVE, [*CardState]),
            self.odd(2, (0, 1)),
        )

    def situation(self) -> Situation:
        proof = Proof(*(self.odd(True, (False,)) for _ in range(3)))
        companions = [Companion(holder, self.flags()) for holder in _HANDLES if self.odd(False, (True,))]
        return Situation(
            self.odd(10, (None, 29, 30, 31, 59, 60, 61, 119, 120, 121)),
            proof,
            self.odd(True, (False,)),
            Standing(self.odd("hallway", (None, "cedar-room", "cedar-room")), self.near(60), self.odd(False, (True,))),
            Inside(*(self.count() for _ in range(4))),
            tuple(companions),
            Before(self.near(5), self.near(3), self.near(10)),
            self.odd(False, (True,)),
            self.count(),
            self._rng.choice((*(PinVerdict.UNASKED, PinVerdict.RIGHT) * 3, *PinVerdict)),
            self.near(60),
        )

    def moment(self, edge: int) -> Moment:
        micros = self._rng.choice((0, 0, 1, 100_000, 999_999))
        wall = datetime.fromtimestamp(edge + self._rng.randint(-2, 2), UTC) + timedelta(microseconds=micros)
        return Moment(wall, self._rng.choice(_UNCERTAINTIES), 100.5, self.odd(True, (False,)))
