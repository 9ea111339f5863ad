"""Salted commitments: a chained fact or ledger leaf holds the commitment, an erasable opening holds salt and value.

With the opening anyone can check that the value is the one that was recorded; without it the commitment says nothing
about the value, so erasing the opening erases the personal data and leaves the record verifiable.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from contract import canonical, shape
from contract.canonical import Object, Value

SALT_BYTES = 32
_DOMAIN = b"sekisho/1/commitment\x00"


@dataclass(frozen=True, slots=True)
class Opening:
    """What turns a commitment back into its value: the salt (32 random bytes, used once) and the value."""

    salt: bytes
    value: Value

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES:
            raise ValueError("a salt is 32 bytes")

    def as_object(self) -> Object:
        return {"salt": self.salt.hex(), "value": self.value}

    @classmethod
    def from_object(cls, data: Object) -> Opening:
        shape.exactly(data, ("salt", "value"))
        return cls(shape.octets(data, "salt", SALT_BYTES), data["value"])


def commit(opening: Opening) -> bytes:
    """The 32-byte commitment: HMAC-SHA256 keyed with the salt over the domain and the value's canonical bytes."""
    return hmac.digest(opening.salt, _DOMAIN + canonical.encode(opening.value), "sha256")


def opens(commitment: bytes, opening: Opening) -> bool:
    """Whether `opening` is the one that was committed to."""
    return hmac.compare_digest(commitment, commit(opening))
