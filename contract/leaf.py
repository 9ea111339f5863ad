"""Ledger leaves: the bytes of one row of the controller's ledger, hashed and later built into a Merkle tree.

A leaf names kinds, numbers, opaque subjects and commitments; never a name, a card number or a holder handle.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from contract import canonical
from contract.canonical import Object

VERSION = 1
_WHOLE_SECONDS = len("2026-11-23T01:02:03")
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Leaf:
    """One ledger row as it is proven.

    sequence: 1, 2, 3 … without holes; kind: what happened, e.g. "grant-approved" or "fact";
    actor: "operator:7", "agent:tokyo/cedar", "controller", "host"; subjects: what the row touches, e.g. {"area": 3};
    content: commitments and plain, impersonal values.
    """

    sequence: int
    at: datetime
    kind: str
    actor: str
    subjects: Object
    content: Object

    def encoded(self) -> bytes:
        """The canonical bytes that are hashed; the time is written in UTC with microseconds."""
        return canonical.encode(
            {
                "version": VERSION,
                "sequence": self.sequence,
                "at": written(self.at),
                "kind": self.kind,
                "actor": self.actor,
                "subjects": self.subjects,
                "content": self.content,
            }
        )

    def hashed(self) -> bytes:
        return leaf_hash(self.encoded())


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 section 2.1: SHA-256(0x00 ‖ leaf)."""
    return hashlib.sha256(b"\x00" + data).digest()


def written(moment: datetime) -> str:
    """An aware moment as fixed-width UTC text, which sorts as time does: 2026-11-23T01:02:03.000004Z."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    text = _encoder.encode(utc)[1:-1].decode()
    return text if utc.microsecond else f"{text[:_WHOLE_SECONDS]}.000000Z"


def read_moment(text: str) -> datetime:
    """The moment that `written` wrote; ValueError for any other text."""
    moment = datetime.fromisoformat(text) if text.endswith("Z") else None
    if moment is None or written(moment) != text:
        raise ValueError("not in the fixed-width form")
    return moment
