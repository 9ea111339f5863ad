"""What is known at the door when a card is presented, as frozen values: the whole input of `decide()` but the list.

Everything here has an object form, because a decision fact commits to its input and the auditor replays it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec

from contract import leaf, shape
from contract.canonical import Object, Value
from contract.record import HANDLE_BYTES, Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400


class Attempt(msgspec.Struct, frozen=True):
    """One presentation at one access point.

    clean: a format of the access point fits the bits; record: what the guarded area's table holds for it, or None.
    """

    access_point: str
    clean: bool
    record: Record | None = None

    def as_object(self) -> Object:
        record = None if self.record is None else self.record.packed().hex()
        return {"access_point": self.access_point, "clean": self.clean, "record": record}

    @classmethod
    def from_object(cls, data: Object) -> Attempt:
        shape.exactly(data, ("access_point", "clean", "record"))
        record = None if data["record"] is None else Record.unpacked(shape.octets(data, "record"))
        return cls(shape.text(data, "access_point", 64), shape.flag(data, "clean"), record)


class Proof(msgspec.Struct, frozen=True):
    """Why the agent may, or may not, be sure that it is missing nothing; a controlled exit refuses only if all hold.

    presence_whole: the presence store was never cut since commissioning; peers_current: no peer of the area has
    announced a later list, is silent, or left a hole; area_certain: the area's presence is not uncertain.
    """

    presence_whole: bool
    peers_current: bool
    area_certain: bool

    @property
    def complete(self) -> bool:
        return self.presence_whole and self.peers_current and self.area_certain


class PinVerdict(StrEnum):
    """What became of the PIN; it was verified before, and outside of, the decision. unasked: only the card came yet;
    missing: none was ever set for this holder; late: not entered in time; locked: too many wrong ones."""

    UNASKED = "unasked"
    RIGHT = "right"
    DURESS = "duress"
    WRONG = "wrong"
    LATE = "late"
    LOCKED = "locked"
    MISSING = "missing"


class Standing(msgspec.Struct, frozen=True):
    """Where the holder is thought to be. area: the one they last passed into, None if never; for_s: since how many
    seconds, None if that is not known; forgiven: their presence, or the area's, was forgiven since."""

    area: str | None = None
    for_s: int | None = None
    forgiven: bool = False

    def as_object(self) -> Object:
        return {"area": self.area, "for_s": self.for_s, "forgiven": self.forgiven}

    @classmethod
    def from_object(cls, data: Object) -> Standing:
        shape.exactly(data, ("area", "for_s", "forgiven"))
        area, for_s = shape.optional_text(data, "area", 64), shape.optional_integer(data, "for_s")
        return cls(area, for_s, shape.flag(data, "forgiven"))


@dataclass(frozen=True, slots=True)
class Inside:
    """How many others, the holder not counted, are thought to be in the guarded area."""

    people: int = 0
    supervisors: int = 0
    hosts: int = 0
    visitors: int = 0

    def as_object(self) -> Object:
        return {
            "people": self.people,
            "supervisors": self.supervisors,
            "hosts": self.hosts,
            "visitors": self.visitors,
        }

    @classmethod
    def from_object(cls, data: Object) -> Inside:
        names = ("people", "supervisors", "hosts", "visitors")
        shape.exactly(data, names)
        return cls(*(shape.integer(data, each) for each in names))


class Companion(NamedTuple):
    """Another holder who presented here a moment ago and waits; `flags` of their record."""

    holder: bytes
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """What happened at this access point a moment ago, in seconds since; None: not, or longer ago than any rule asks.

    card_s: this card came in; last_s: the same, and no other card did since; host_s: somebody who brings visitors was
    let in.
    """

    card_s: int | None = None
    last_s: int | None = None
    host_s: int | None = None

    def as_object(self) -> Object:
        return {"card_s": self.card_s, "last_s": self.last_s, "host_s": self.host_s}

    @classmethod
    def from_object(cls, data: Object) -> Before:
        names = ("card_s", "last_s", "host_s")
        shape.exactly(data, names)
        return cls(*(shape.optional_integer(data, each) for each in names))


ELSEWHERE = Standing()
EMPTY = Inside()
NOTHING = Before()


@dataclass(frozen=True, slots=True)
class Situation:
    """proven_s: seconds since the list was proven fresh, None if that is not known; peers_s: since the peer of the area
    that is silent longest was heard, None without peers; control_permitted: the wiring fulfils what a controlled exit
    needs; company: other holders waiting at this access point; interlocked: another door of this door's interlock is
    released or open; uses: how often the card has come in through this agent's doors."""

    proven_s: int | None
    proof: Proof
    control_permitted: bool
    standing: Standing = ELSEWHERE
    inside: Inside = EMPTY
    company: tuple[Companion, ...] = ()
    before: Before = NOTHING
    interlocked: bool = False
    uses: int = 0
    pin: PinVerdict = PinVerdict.UNASKED
    peers_s: int | None = None

    def as_object(self) -> Object:
        company: list[Value] = [each.holder.hex() + f"{each.flags:04x}" for each in self.company]
        return {
            "proven_s": self.proven_s,
            "presence_whole": self.proof.presence_whole,
            "peers_current": self.proof.peers_current,
            "area_certain": self.proof.area_certain,
            "control_permitted": self.control_permitted,
            "standing": self.standing.as_object(),
            "inside": self.inside.as_object(),
            "company": company,
            "before": self.before.as_object(),
            "interlocked": self.interlocked,
            "uses": self.uses,
            "pin": self.pin,
            "peers_s": self.peers_s,
        }

    @classmethod
    def from_object(cls, data: Object) -> Situation:
        proof = ("presence_whole", "peers_current", "area_certain")
        live = ("standing", "inside", "company", "before", "interlocked", "uses", "pin", "peers_s")
        shape.exactly(data, ("proven_s", "control_permitted", *proof, *live))
        return cls(
            shape.optional_integer(data, "proven_s"),
            Proof(*(shape.flag(data, each) for each in proof)),
            shape.flag(data, "control_permitted"),
            Standing.from_object(shape.child(data, "standing")),
            Inside.from_object(shape.child(data, "inside")),
            tuple(_companion(each) for each in shape.texts(data, "company", 16)),
            Before.from_object(shape.child(data, "before")),
            shape.flag(data, "interlocked"),
            shape.integer(data, "uses"),
            shape.choice(data, "pin", PinVerdict),
            shape.optional_integer(data, "peers_s"),
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """When: the wall clock with its bounds, and monotonic seconds for timers.

    wall: aware; uncertainty: the true time lies within wall ± this; trusted: False if the clock was never set since
    power-up, then nothing that depends on the time may be concluded.
    """

    wall: datetime
    uncertainty: timedelta
    mono: float
    trusted: bool

    def __post_init__(self) -> None:
        if self.wall.tzinfo is None or self.uncertainty < timedelta(0):
            raise ValueError("a moment needs an aware time and an uncertainty of at least 0")

    @property
    def earliest(self) -> datetime:
        return self.wall - self.uncertainty

    @property
    def latest(self) -> datetime:
        return self.wall + self.uncertainty

    @property
    def bounds_s(self) -> tuple[int, int]:
        """The earliest and the latest UTC second that it may be, exact to the microsecond: no float comes near them.

        By the members of the time spans, because dividing a span costs more than everything else here together.
        """
        since, around = self.wall - _EPOCH, self.uncertainty
        second, width = since.days * _DAY_S + since.seconds, around.days * _DAY_S + around.seconds
        earliest = second - width - (since.microseconds < around.microseconds)
        return earliest, second + width + (since.microseconds + around.microseconds >= 1_000_000)

    @property
    def earliest_s(self) -> int:
        """The earliest UTC second that it may be."""
        return self.bounds_s[0]

    @property
    def latest_s(self) -> int:
        """The latest UTC second that it may be."""
        return self.bounds_s[1]

    def as_object(self) -> Object:
        return {
            "wall": leaf.written(self.wall),
            "uncertainty_us": self.uncertainty // timedelta(microseconds=1),
            "mono_us": round(self.mono * 1_000_000),
            "trusted": self.trusted,
        }

    @classmethod
    def from_object(cls, data: Object) -> Moment:
        shape.exactly(data, ("wall", "uncertainty_us", "mono_us", "trusted"))
        return cls(
            leaf.read_moment(shape.text(data, "wall")),
            timedelta(microseconds=shape.integer(data, "uncertainty_us", 0, 10**15)),
            shape.integer(data, "mono_us") / 1_000_000,
            shape.flag(data, "trusted"),
        )


def _companion(written: str) -> Companion:
    handle, flags = bytes.fromhex(written[:-4]), int.from_bytes(bytes.fromhex(written[-4:]), "big")
    if len(handle) != HANDLE_BYTES:
        raise shape.BadShape("company holds something that is not a handle with its flags")
    return Companion(handle, flags)
