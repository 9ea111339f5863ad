"""What a reader saw, and how an agent looks it up without knowing whose it is.

An identity is (source class, bit length, raw bits): the same card reads differently on different kinds of reader, so
each identity is enrolled on its own. Formats are data (`contract.formats`); nothing here knows a facility code.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from functools import lru_cache

import msgspec

KEY_BYTES = 16
AGENT_KEY_BYTES = 32
LONGEST_BITS = 512
_DOMAIN = b"sekisho/1/identity\x00"
_TEXT = re.compile(r"([a-z-]{1,16}):([0-9]{1,3}):([0-9a-f]{1,128})")


class Source(StrEnum):
    """The class of reader that made the bits; two classes never share an identity."""

    WIEGAND = "wiegand"
    SERIAL_HEX = "serial-hex"
    OSDP = "osdp"


class Identity(msgspec.Struct, frozen=True):
    """The raw bits of one credential as one class of reader delivers them, e.g. Identity(SERIAL_HEX, "0100…")."""

    source: Source
    bits: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.bits) <= LONGEST_BITS or self.bits.strip("01"):
            raise ValueError("bits are 1 to 512 characters 0 or 1")

    def __repr__(self) -> str:
        """Without the bits: a card number must not reach a log by way of a traceback."""
        return f"Identity({self.source}, {len(self.bits)} bits)"

    @property
    def length(self) -> int:
        return len(self.bits)

    def packed(self) -> bytes:
        """The bits, most significant first, right-padded with zeros to whole bytes."""
        return _packed(self.bits)

    def text(self) -> str:
        """`source:length:hex of the bits as one number`, e.g. serial-hex:40:1e0045a2b3; `parse` reads it back."""
        return f"{self.source}:{self.length}:{int(self.bits, 2):0{(self.length + 3) // 4}x}"

    @classmethod
    def parse(cls, text: str) -> Identity:
        """The identity that `text()` wrote; ValueError for anything else."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError("an identity is written source:length:hex")
        source, length, number = Source(found[1]), int(found[2]), int(found[3], 16)
        identity = cls(source, f"{number:0{length}b}")
        if identity.text() != text:
            raise ValueError("the number of the identity does not fit its length")
        return identity


def lookup_key(agent_key: bytes, identity: Identity) -> bytes:
    """The 16 bytes under which one agent's list holds `identity`: BLAKE2b-128 keyed with the agent's own key.

    A stolen list says nothing about cards without the key, and two agents' lists cannot be joined.
    """
    bits = identity.bits
    state = _begun(agent_key, identity.source, len(bits)).copy()
    state.update(_packed(bits))
    return state.digest()


@lru_cache(maxsize=64)
def _begun(agent_key: bytes, source: Source, length: int) -> hashlib.blake2b:
    """The hash once it has taken in all but the bits: the same for every card of a kind."""
    header = _DOMAIN + bytes((len(source),)) + source.encode() + length.to_bytes(2, "big")
    return hashlib.blake2b(header, digest_size=KEY_BYTES, key=agent_key)


def _packed(bits: str) -> bytes:
    length = len(bits)
    return (int(bits, 2) << -length % 8).to_bytes((length + 7) // 8, "big")
