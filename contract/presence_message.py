"""up/presence: what an agent tells the others of one area, so that presence holds while the controller is down.

A message speaks of one area. In the clear stand sender, area, name of the area's key, and two numbers; everything else
is sealed under the area's key, bound to all of these. Sessions and sequences only ever grow: a message that is missing
shows by its number, and one that is repeated is never newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contract import area_seal, canonical, leaf, shape
from contract.authorisation import Version
from contract.canonical import Object, Value
from contract.presence import Whereabouts
from contract.record import HANDLE_BYTES
from contract.topic import Address

MOST_MOVES = 64
MOST_HEARD = 64
LAST_STAMP = 2**62
_MOST_PARTS = 2**20
_CLEAR = ("site", "agent", "area", "key", "session", "sequence", "sealed")
_TOLD = ("list", "uncertain", "heard", "moves", "part")
_MOVE = ("holder", "to", "certain", "flags", "forgiven", "posture", "at", "stamp", "before")


@dataclass(frozen=True, slots=True)
class Announced:
    """The list that the sender carries. Its number counts that agent's lists alone; two agents' lists are compared by
    epoch and the moment at which the controller compiled them."""

    version: Version
    compiled_at: datetime

    def later_than(self, other: Announced) -> bool:
        return (self.version.epoch, self.compiled_at) > (other.version.epoch, other.compiled_at)


@dataclass(frozen=True, slots=True)
class Heard:
    """How far the sender heard another agent of the area; whole: it misses nothing up to there."""

    session: int
    sequence: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Part:
    """number, of: 1, 2 … of: which piece of everything that the sender has witnessed this is."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Told:
    """The sealed part. uncertain: somebody may have come into or left the area unseen by the sender's doors; heard: by
    agent, at most MOST_HEARD; moves: by holder, the latest passage through the sender's doors, at most MOST_MOVES."""

    announced: Announced
    uncertain: bool
    heard: Mapping[str, Heard] = field(default_factory=dict)
    moves: Mapping[bytes, Whereabouts] = field(default_factory=dict)
    part: Part | None = None

    def encoded(self) -> bytes:
        version = self.announced.version
        heard: list[Value] = [
            {"agent": name, "session": each.session, "sequence": each.sequence, "whole": each.whole}
            for name, each in sorted(self.heard.items())
        ]
        moves: list[Value] = [_move(holder, where) for holder, where in sorted(self.moves.items())]
        announced: Object = {
            "epoch": version.epoch,
            "version": version.number,
            "compiled_at": leaf.written(self.announced.compiled_at),
        }
        part: Value = None if self.part is None else {"number": self.part.number, "of": self.part.of}
        return canonical.encode(
            {"list": announced, "uncertain": self.uncertain, "heard": heard, "moves": moves, "part": part}
        )

    @classmethod
    def decoded(cls, data: bytes, witness: str) -> Told:
        """What `witness` encoded; ValueError for anything else."""
        found = canonical.decode_object(data)
        shape.exactly(found, _TOLD)
        heard = shape.children(found, "heard", MOST_HEARD)
        moves = [_read_move(each, witness) for each in shape.children(found, "moves", MOST_MOVES)]
        told = cls(
            _read_announced(shape.child(found, "list")),
            shape.flag(found, "uncertain"),
            {shape.text(each, "agent", 64): _read_heard(each) for each in heard},
            dict(moves),
            None if found["part"] is None else _read_part(shape.child(found, "part")),
        )
        if told.encoded() != data:
            raise shape.BadShape("agents and holders stand once each, in ascending order")
        return told


@dataclass(frozen=True, slots=True)
class Presence:
    """The signed payload. key: the name of the area's key; session: a number of the sender's that grows with every
    start; sequence: 1, 2, 3 … of that session in this area; sealed: `Told`, sealed under the area's key."""

    address: Address
    area: str
    key: bytes
    session: int
    sequence: int
    sealed: bytes

    @classmethod
    def of(
        cls, address: Address, area: str, area_key: bytes, numbers: tuple[int, int], told: Told, salt: bytes
    ) -> Presence:
        """The message number `numbers` (session, sequence) of `address`; `salt`: 16 fresh random bytes."""
        sealed = area_seal.seal(area_key, told.encoded(), _purpose(address, area, *numbers), salt)
        return cls(address, area, area_seal.key_name(area_key), *numbers, sealed)

    def told(self, area_key: bytes) -> Told:
        """What it tells; ValueError (CannotUnseal) when it was not sealed under this key as this very message."""
        purpose = _purpose(self.address, self.area, self.session, self.sequence)
        return Told.decoded(area_seal.unseal(area_key, self.sealed, purpose), self.address.agent)

    def encoded(self) -> bytes:
        return canonical.encode(
            {
                "site": self.address.site,
                "agent": self.address.agent,
                "area": self.area,
                "key": self.key.hex(),
                "session": self.session,
                "sequence": self.sequence,
                "sealed": self.sealed.hex(),
            }
        )

    @classmethod
    def decoded(cls, data: bytes) -> Presence:
        found = canonical.decode_object(data)
        shape.exactly(found, _CLEAR)
        return cls(
            Address(shape.text(found, "site", 64), shape.text(found, "agent", 64)),
            shape.text(found, "area", 64),
            shape.octets(found, "key", area_seal.KEY_NAME_BYTES),
            shape.integer(found, "session", 1),
            shape.integer(found, "sequence", 1),
            shape.octets(found, "sealed"),
        )


def _purpose(address: Address, area: str, session: int, sequence: int) -> bytes:
    return f"presence:{address}:{area}:{session}:{sequence}".encode()


def _move(holder: bytes, where: Whereabouts) -> Value:
    return {
        "holder": holder.hex(),
        "to": where.area,
        "certain": where.certain,
        "flags": where.flags,
        "forgiven": where.forgiven,
        "posture": where.posture,
        "at": where.at,
        "stamp": where.stamp,
        "before": where.before,
    }


def _read_move(data: Object, witness: str) -> tuple[bytes, Whereabouts]:
    shape.exactly(data, _MOVE)
    where = Whereabouts(
        shape.text(data, "to", 64),
        shape.flag(data, "certain"),
        shape.integer(data, "flags", 0, 0xFFFF),
        shape.integer(data, "forgiven", 0, 0xFFFF),
        shape.integer(data, "posture"),
        shape.optional_integer(data, "at"),
        shape.integer(data, "stamp", 0, LAST_STAMP),
        shape.integer(data, "before", 0, LAST_STAMP),
        witness,
    )
    return shape.octets(data, "holder", HANDLE_BYTES), where


def _read_announced(data: Object) -> Announced:
    shape.exactly(data, ("epoch", "version", "compiled_at"))
    version = Version(shape.integer(data, "epoch", 1), shape.integer(data, "version", 1))
    return Announced(version, leaf.read_moment(shape.text(data, "compiled_at")))


def _read_heard(data: Object) -> Heard:
    shape.exactly(data, ("agent", "session", "sequence", "whole"))
    return Heard(shape.integer(data, "session"), shape.integer(data, "sequence"), shape.flag(data, "whole"))


def _read_part(data: Object) -> Part:
    shape.exactly(data, ("number", "of"))
    of = shape.integer(data, "of", 1, _MOST_PARTS)
    return Part(shape.integer(data, "number", 1, of), of)
