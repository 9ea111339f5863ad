"""An agent's chain as the centre holds it: which facts of a message continue, repeat or contradict it, or leave a gap.

Nothing is written here. A repeated fact must be the one that is stored. Behind a hole nothing is taken, because the
agent sends it again; only when the agent itself says, signed, that it no longer keeps what is missing, it is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import envelope, fact
from contract.commitment import Opening, opens
from contract.envelope import CannotUnseal
from contract.fact import Fact
from contract.message import Events, SealedFact
from contract.topic import Address
from controller.record.fact import AgentChain, FactRow

_LONGEST_NAME = 32
_AT_ONCE = 500


class Flaw(StrEnum):
    """Why a message, or the rest of it, was not taken."""

    UNTRUSTED = "the agent is not trusted"
    SIGNATURE = "not an envelope that this agent signed"
    ADDRESS = "made for another address"
    MALFORMED = "not in the shape that was agreed"
    HOLE = "facts before it are missing"
    CONTRADICTS = "a fact does not follow what was committed"
    DATABASE = "the database does not take its values"


@dataclass(frozen=True, slots=True)
class Taken:
    """A fact that continues the chain, with those of its openings that really open a commitment of it."""

    sealed: SealedFact
    fact: Fact
    hash: bytes
    openings: Mapping[str, Opening]


@dataclass(frozen=True, slots=True)
class Gap:
    """Facts `first` to `last` are at neither end any more."""

    first: int
    last: int


@dataclass(slots=True)
class Examined:
    """through, head: where the chain stands after `taken`; gap: what is missing before the first of them; flaw: why
    the rest was not taken, and at which fact."""

    through: int
    head: bytes
    taken: list[Taken] = field(default_factory=list)
    gap: Gap | None = None
    flaw: Flaw | None = None
    at: int | None = None


def examined(session: Session, chain: AgentChain, own: Address, events: Events, key: X25519PrivateKey) -> Examined:
    """What of `events`, sent by the agent `own`, continues `chain`; `key` unseals openings."""
    found = Examined(chain.through, chain.head)
    stored = _Stored(session, chain)
    for sealed in events.facts:
        try:
            read = fact.decoded(sealed.fact)
        except ValueError:
            found.flaw, found.at = Flaw.MALFORMED, found.through + 1
            return found
        found.flaw = _place(found, read, sealed, own, events.held, stored)
        if found.flaw is not None:
            found.at = read.sequence
            return found
        if read.sequence > found.through:
            found.through, found.head = read.sequence, fact.fact_hash(sealed.fact)
            found.taken.append(Taken(sealed, read, found.head, _openings(sealed, read, key)))
    return found


@dataclass(slots=True)
class _Stored:
    """Hashes of what was committed earlier; asked for only when a message repeats something."""

    session: Session
    chain: AgentChain
    hashes: dict[int, bytes] = field(default_factory=dict)

    def contradicts(self, sequence: int, digest: bytes) -> bool:
        """Whether another fact than this is stored under its number (one that fell into a gap is not stored)."""
        if sequence not in self.hashes:
            rows = select(FactRow.sequence, FactRow.fact_hash).where(
                FactRow.agent_id == self.chain.agent_id, FactRow.sequence >= sequence
            )
            ordered = rows.order_by(FactRow.sequence).limit(_AT_ONCE)
            self.hashes |= {row[0]: row[1] for row in self.session.execute(ordered)}
        return self.hashes.get(sequence, digest) != digest


def _place(found: Examined, read: Fact, sealed: SealedFact, own: Address, held: int, stored: _Stored) -> Flaw | None:
    """Where a fact stands; the flaw when it can be neither skipped nor taken."""
    if (read.site, read.agent) != (own.site, own.agent):
        return Flaw.ADDRESS
    if read.sequence <= stored.chain.through:
        return Flaw.CONTRADICTS if stored.contradicts(read.sequence, fact.fact_hash(sealed.fact)) else None
    if read.sequence == found.through + 1:
        return None if read.previous == found.head else Flaw.CONTRADICTS
    if read.sequence <= found.through:
        return Flaw.MALFORMED
    if read.sequence == held and not found.taken:
        found.gap = Gap(found.through + 1, held - 1)
        return None
    return Flaw.HOLE


def _openings(sealed: SealedFact, found: Fact, key: X25519PrivateKey) -> Mapping[str, Opening]:
    """Those openings that really open a commitment of the fact; a bad one is as good as none."""
    if not sealed.openings:
        return {}
    try:
        openings = fact.decode_openings(envelope.unseal(key, sealed.openings, fact.SEAL_PURPOSE))
    except (CannotUnseal, ValueError):
        return {}
    return {
        name: opening
        for name, opening in openings.items()
        if name in found.commitments and _is_name(name) and opens(found.commitments[name], opening)
    }


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isascii() and name.replace("_", "").isalnum()
