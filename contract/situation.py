"""What is known at the door when a card is presented, as frozen values: the whole input of `decide()` but the list.

Everything here has an object form, because a decision fact commits to its input and the auditor replays it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from contract import leaf, shape
from contract.authorisation import HANDLE_BYTES, Record
from contract.canonical import Object, Value


@dataclass(frozen=True, slots=True)
class Attempt:
    """One presentation at one access point.

    clean: a format of the access point fits the bits; record: what the guarded area's table holds for it, or None.
    """

    access_point: str
    clean: bool
    record: Record | None = None

    def as_object(self) -> Object:
        return {"access_point": self.access_point, "clean": self.clean, "record": _written(self.record)}

    @classmethod
    def from_object(cls, data: Object) -> Attempt:
        shape.exactly(data, ("access_point", "clean", "record"))
        record = None if data["record"] is None else _read(shape.child(data, "record"))
        return cls(shape.text(data, "access_point", 64), shape.flag(data, "clean"), record)


@dataclass(frozen=True, slots=True)
class Proof:
    """Why the agent may, or may not, be sure that it is missing nothing; a controlled exit refuses only if all hold.

    presence_whole: the presence store was never cut since commissioning; peers_current: no peer of the area has
    announced a later list or left a hole; area_certain: the area's presence is not uncertain.
    """

    presence_whole: bool
    peers_current: bool
    area_certain: bool

    @property
    def complete(self) -> bool:
        return self.presence_whole and self.peers_current and self.area_certain


@dataclass(frozen=True, slots=True)
class Situation:
    """presence: the area the holder last passed into, None if never; proven_s: seconds since the list was proven
    fresh, None if that is not known; company: handles of other holders waiting at this access point;
    control_permitted: the wiring fulfils what a controlled exit needs; interlocked: another door of this door's
    interlock is released or open."""

    presence: str | None
    proven_s: int | None
    proof: Proof
    control_permitted: bool
    company: tuple[bytes, ...] = ()
    interlocked: bool = False

    def as_object(self) -> Object:
        company: list[Value] = [handle.hex() for handle in self.company]
        return {
            "presence": self.presence,
            "proven_s": self.proven_s,
            "presence_whole": self.proof.presence_whole,
            "peers_current": self.proof.peers_current,
            "area_certain": self.proof.area_certain,
            "control_permitted": self.control_permitted,
            "company": company,
            "interlocked": self.interlocked,
        }

    @classmethod
    def from_object(cls, data: Object) -> Situation:
        proof = ("presence_whole", "peers_current", "area_certain")
        shape.exactly(data, ("presence", "proven_s", "control_permitted", "company", "interlocked", *proof))
        handles = tuple(bytes.fromhex(each) for each in shape.texts(data, "company", 16))
        if any(len(handle) != HANDLE_BYTES for handle in handles):
            raise shape.BadShape("company holds something that is not a handle")
        return cls(
            shape.optional_text(data, "presence", 64),
            None if data["proven_s"] is None else shape.integer(data, "proven_s"),
            Proof(*(shape.flag(data, each) for each in proof)),
            shape.flag(data, "control_permitted"),
            handles,
            shape.flag(data, "interlocked"),
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


def _written(record: Record | None) -> Value:
    if record is None:
        return None
    return {
        "holder": record.holder.hex(),
        "grant": record.grant,
        "valid_from": record.valid_from,
        "valid_until": record.valid_until,
        "schedule": record.schedule,
        "flags": record.flags,
    }


def _read(data: Object) -> Record:
    shape.exactly(data, ("holder", "grant", "valid_from", "valid_until", "schedule", "flags"))
    return Record(
        shape.octets(data, "holder", HANDLE_BYTES),
        shape.integer(data, "grant", 0, 2**32 - 1),
        shape.integer(data, "valid_from", 0, 2**32 - 1),
        shape.integer(data, "valid_until", 0, 2**32 - 1),
        shape.integer(data, "schedule", 0, 2**16 - 1),
        shape.integer(data, "flags", 0, 2**16 - 1),
    )
