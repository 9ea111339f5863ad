"""The payloads inside envelopes, but the list itself: what an agent and its controller tell each other.

Each names site and agent, so a message for one agent is never valid for another, whatever topic it arrives on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contract import canonical, shape
from contract.authorisation import Version
from contract.canonical import Value
from contract.fact import HASH_BYTES
from contract.topic import Address

NONCE_BYTES = 16
FACTS_BUDGET = 48 * 1024


@dataclass(frozen=True, slots=True)
class Carried:
    """The list an agent carries: its version and set hash."""

    version: Version
    set_hash: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """up/status: "I carry this (or nothing); is it the newest?" The nonce makes the answer fresh."""

    address: Address
    nonce: bytes
    carried: Carried | None

    def encoded(self) -> bytes:
        return canonical.encode(
            {**_address(self.address), "nonce": self.nonce.hex(), "carried": _carried(self.carried)}
        )

    @classmethod
    def decoded(cls, data: bytes) -> Status:
        found = canonical.decode_object(data)
        shape.exactly(found, ("site", "agent", "nonce", "carried"))
        return cls(_read_address(found), shape.octets(found, "nonce", NONCE_BYTES), _read_carried(found))


@dataclass(frozen=True, slots=True)
class Fresh:
    """down/fresh: "at the moment of your nonce this was the newest list for you"."""

    address: Address
    nonce: bytes
    newest: Carried

    def encoded(self) -> bytes:
        return canonical.encode({**_address(self.address), "nonce": self.nonce.hex(), "carried": _carried(self.newest)})

    @classmethod
    def decoded(cls, data: bytes) -> Fresh:
        found = canonical.decode_object(data)
        shape.exactly(found, ("site", "agent", "nonce", "carried"))
        newest = _read_carried(found)
        if newest is None:
            raise shape.BadShape("carried is missing")
        return cls(_read_address(found), shape.octets(found, "nonce", NONCE_BYTES), newest)


class ReceiptOutcome(StrEnum):
    ADOPTED = "adopted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Receipt:
    """up/receipt: the early notice of what became of a list. The fact LIST_ADOPTED is the record.

    not_permitted: exits whose `controlled` mode the wiring forbids; they run as `recorded`.
    """

    address: Address
    outcome: ReceiptOutcome
    carried: Carried | None
    reason: str
    not_permitted: tuple[str, ...] = ()

    def encoded(self) -> bytes:
        points: list[Value] = list(self.not_permitted)
        return canonical.encode(
            {
                **_address(self.address),
                "outcome": self.outcome,
                "carried": _carried(self.carried),
                "reason": self.reason,
                "not_permitted": points,
            }
        )

    @classmethod
    def decoded(cls, data: bytes) -> Receipt:
        found = canonical.decode_object(data)
        shape.exactly(found, ("site", "agent", "outcome", "carried", "reason", "not_permitted"))
        return cls(
            _read_address(found),
            shape.choice(found, "outcome", ReceiptOutcome),
            _read_carried(found),
            shape.text(found, "reason", 200),
            shape.texts(found, "not_permitted", 64),
        )


@dataclass(frozen=True, slots=True)
class Ack:
    """down/ack: every fact up to `through` is committed at the controller; `head` is the hash of fact `through`."""

    address: Address
    through: int
    head: bytes

    def encoded(self) -> bytes:
        return canonical.encode({**_address(self.address), "through": self.through, "head": self.head.hex()})

    @classmethod
    def decoded(cls, data: bytes) -> Ack:
        found = canonical.decode_object(data)
        shape.exactly(found, ("site", "agent", "through", "head"))
        return cls(_read_address(found), shape.integer(found, "through"), shape.octets(found, "head", HASH_BYTES))


@dataclass(frozen=True, slots=True)
class SealedFact:
    """The exact bytes of a fact, and its openings sealed to the intake key (empty when it has none)."""

    fact: bytes
    openings: bytes

    @property
    def size(self) -> int:
        """An upper bound of the bytes it adds to a message."""
        return 2 * len(self.fact) + 2 * len(self.openings) + 32


@dataclass(frozen=True, slots=True)
class Events:
    """up/events: consecutive facts of one agent, in order. held: the number of the first fact that it still keeps, so
    that a hole which can never be filled is told, under the agent's signature, from one that a broker made."""

    address: Address
    held: int
    facts: tuple[SealedFact, ...]

    def encoded(self) -> bytes:
        facts: list[Value] = [
            {"fact": each.fact.decode("utf-8"), "openings": each.openings.hex()} for each in self.facts
        ]
        return canonical.encode({**_address(self.address), "held": self.held, "facts": facts})

    @classmethod
    def decoded(cls, data: bytes) -> Events:
        found = canonical.decode_object(data)
        shape.exactly(found, ("site", "agent", "held", "facts"))
        facts: list[SealedFact] = []
        for each in shape.children(found, "facts"):
            shape.exactly(each, ("fact", "openings"))
            facts.append(SealedFact(shape.text(each, "fact", 2**16).encode("utf-8"), shape.octets(each, "openings")))
        return cls(_read_address(found), shape.integer(found, "held", 1), tuple(facts))


def packed(facts: Iterable[SealedFact]) -> tuple[SealedFact, ...]:
    """As many of `facts`, from the first, as fit in one message; at least one when there is any."""
    taken: list[SealedFact] = []
    room = FACTS_BUDGET
    for each in facts:
        room -= each.size
        if taken and room < 0:
            break
        taken.append(each)
    return tuple(taken)


def _address(address: Address) -> dict[str, Value]:
    return {"site": address.site, "agent": address.agent}


def _read_address(data: dict[str, Value]) -> Address:
    return Address(shape.text(data, "site", 32), shape.text(data, "agent", 32))


def _carried(carried: Carried | None) -> Value:
    if carried is None:
        return None
    return {
        "epoch": carried.version.epoch,
        "version": carried.version.number,
        "set_hash": carried.set_hash.hex(),
    }


def _read_carried(data: dict[str, Value]) -> Carried | None:
    if data["carried"] is None:
        return None
    found = shape.child(data, "carried")
    shape.exactly(found, ("epoch", "version", "set_hash"))
    version = Version(shape.integer(found, "epoch", 1), shape.integer(found, "version", 1))
    return Carried(version, shape.octets(found, "set_hash", 32))
