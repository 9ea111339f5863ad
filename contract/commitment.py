"""Salted commitments: a chained fact or ledger leaf holds the commitment, an erasable opening holds salt and value.

With the opening anyone can check that the value is the one that was recorded; without it the commitment says nothing
about the value, so erasing the opening erases the personal data and leaves the record verifiable.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from contract import canonical, shape
from contract.canonical import Object, Value

SALT_BYTES = 32
_DOMAIN = b"sekisho/1/commitment\x00"
_OPENING = b'{"salt":"%b","value":%b}'


class Salt:
    """32 random bytes for one commitment, and the hash that they key, begun before there is anything to commit to.

    Spent by its first `commit`, which ends that hash; the commitment of a second value would open to neither.
    """

    __slots__ = ("_keyed", "_octets")

    def __init__(self, octets: bytes) -> None:
        if len(octets) != SALT_BYTES:
            raise ValueError("a salt is 32 bytes")
        self._octets = octets
        self._keyed = hmac.new(octets, _DOMAIN, "sha256")

    def commit(self, plain: bytes) -> bytes:
        """The 32-byte commitment to canonical bytes: HMAC-SHA256 keyed with the salt over the domain and them."""
        self._keyed.update(plain)
        return self._keyed.digest()

    def opening(self, plain: bytes) -> bytes:
        """What `Opening.encoded` gives for the value with these canonical bytes."""
        return _OPENING % (self._octets.hex().encode(), plain)


@dataclass(frozen=True, slots=True)
class Opening:
    """What turns a commitment back into its value: the salt (32 random bytes, used once) and the value."""

    salt: bytes
    value: Value
    plain: bytes = field(init=False, repr=False, compare=False)
    """The canonical bytes of the value: committed to, and written into the sealed openings, but encoded once."""

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES:
            raise ValueError("a salt is 32 bytes")
        object.__setattr__(self, "plain", canonical.encode(self.value))

    def encoded(self) -> bytes:
        """The canonical bytes of its object form."""
        return _OPENING % (self.salt.hex().encode(), self.plain)

    @classmethod
    def from_object(cls, data: Object) -> Opening:
        shape.exactly(data, ("salt", "value"))
        return cls(shape.octets(data, "salt", SALT_BYTES), data["value"])


def commit(opening: Opening) -> bytes:
    """The commitment to the opening's value with its salt."""
    return Salt(opening.salt).commit(opening.plain)


def opens(commitment: bytes, opening: Opening) -> bool:
    """Whether `opening` is the one that was committed to."""
    return hmac.compare_digest(commitment, commit(opening))
