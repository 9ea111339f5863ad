"""Facts: what an agent records, numbered without holes and chained by hash at birth, so a cut or change shows.

A fact holds no personal data: what is personal stands in it as salted commitments, whose openings travel sealed to
the controller's intake key beside the fact and can be erased there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from contract import canonical, leaf, shape
from contract.canonical import Object
from contract.commitment import Opening
from contract.topic import Address

VERSION = 1
HASH_BYTES = 32
BOOT_BYTES = 16
SEAL_PURPOSE = b"fact-openings"
_DOMAIN = b"sekisho/1/fact\x00"
_FIRST = b"sekisho/1/first-fact\x00"


class FactKind(StrEnum):
    """What happened; `docs/protocol/facts.md` gives the body of each."""

    STARTED = "STARTED"
    DECISION = "DECISION"
    RELEASED = "RELEASED"
    ADMISSION_ENDED = "ADMISSION_ENDED"
    PASSAGE = "PASSAGE"
    DOOR_OPENED = "DOOR_OPENED"
    DOOR_CLOSED = "DOOR_CLOSED"
    FORCED_OPEN = "FORCED_OPEN"
    HELD_OPEN = "HELD_OPEN"
    REX = "REX"
    BREAK_GLASS = "BREAK_GLASS"
    FIRE = "FIRE"
    LIFE_SAFETY_RESET = "LIFE_SAFETY_RESET"
    READER_LOST = "READER_LOST"
    READER_BACK = "READER_BACK"
    READ_FLAW = "READ_FLAW"
    TAMPER = "TAMPER"
    LINE_FAULT = "LINE_FAULT"
    POWER = "POWER"
    DOOR_MODE = "DOOR_MODE"
    TAILGATE = "TAILGATE"
    LIST_ADOPTED = "LIST_ADOPTED"
    LIST_REFUSED = "LIST_REFUSED"
    MESSAGE_REFUSED = "MESSAGE_REFUSED"
    PEER_LOST = "PEER_LOST"
    PEER_BACK = "PEER_BACK"
    PRESENCE_CONFLICT = "PRESENCE_CONFLICT"


class Clock(StrEnum):
    """How far the wall clock of a fact may be believed."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


class Fact(msgspec.Struct, frozen=True):
    """sequence: 1, 2, 3 … of one agent, for ever; previous: hash of the fact before; boot: random, one per start;
    wall: UTC; mono_us: microseconds of that boot's monotonic clock; body: impersonal; commitments: 32 bytes each."""

    site: str
    agent: str
    sequence: int
    previous: bytes
    boot: bytes
    kind: FactKind
    wall: datetime
    mono_us: int
    clock: Clock
    body: Object
    commitments: Mapping[str, bytes] = msgspec.field(default_factory=dict)

    def encoded(self) -> bytes:
        return canonical.encode_declared(
            {
                "version": VERSION,
                "site": self.site,
                "agent": self.agent,
                "sequence": self.sequence,
                "previous": self.previous.hex(),
                "boot": self.boot.hex(),
                "kind": self.kind,
                "wall": leaf.written(self.wall),
                "mono_us": self.mono_us,
                "clock": self.clock,
                "body": self.body,
                "commitments": {name: value.hex() for name, value in self.commitments.items()},
            }
        )


def decoded(data: bytes) -> Fact:
    """The fact that `encoded` wrote; ValueError for anything else."""
    found = canonical.decode_object(data)
    names = ("version", "site", "agent", "sequence", "previous", "boot", "kind", "wall", "mono_us", "clock", "body")
    shape.exactly(found, (*names, "commitments"))
    if shape.integer(found, "version") != VERSION:
        raise shape.BadShape("a fact of an unknown version")
    commitments = shape.child(found, "commitments")
    return Fact(
        shape.text(found, "site", 64),
        shape.text(found, "agent", 64),
        shape.integer(found, "sequence", 1),
        shape.octets(found, "previous", HASH_BYTES),
        shape.octets(found, "boot", BOOT_BYTES),
        shape.choice(found, "kind", FactKind),
        leaf.read_moment(shape.text(found, "wall")),
        shape.integer(found, "mono_us"),
        shape.choice(found, "clock", Clock),
        shape.child(found, "body"),
        {name: shape.octets(commitments, name, HASH_BYTES) for name in commitments},
    )


def fact_hash(encoded: bytes) -> bytes:
    """The hash that the next fact's `previous` must hold."""
    return hashlib.sha256(_DOMAIN + encoded).digest()


def first_previous(address: Address) -> bytes:
    """What `previous` holds in an agent's first fact: no two agents share a chain."""
    return hashlib.sha256(_FIRST + str(address).encode()).digest()


def encode_openings(openings: Mapping[str, Opening]) -> bytes:
    """The plain text that is sealed (purpose SEAL_PURPOSE) beside a fact: openings by commitment name."""
    return canonical.object_of({name: opening.encoded() for name, opening in openings.items()})


def decode_openings(data: bytes) -> dict[str, Opening]:
    """What `encode_openings` wrote; ValueError for anything else."""
    found = canonical.decode_object(data)
    return {name: Opening.from_object(shape.child(found, name)) for name in found}
