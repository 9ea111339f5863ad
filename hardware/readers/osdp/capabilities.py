"""What a reader says it can do, and what it can no longer do (SIA OSDP v2.2: osdp_PDCAP, Annex B).

The law: a record is a value that is taken when a reader is paired, kept with its key, and compared ever after.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self


class Function(IntEnum):
    """The functions of Annex B."""

    CONTACTS = 1
    OUTPUTS = 2
    CARD_FORMAT = 3
    LIGHTS = 4
    SOUND = 5
    TEXT = 6
    TIME = 7
    CHECK = 8
    SECURITY = 9
    RECEIVE_BUFFER = 10
    LONGEST_MESSAGE = 11
    SMART_CARD = 12
    HEADS = 13
    BIOMETRICS = 14
    SECURE_PIN = 15
    VERSION = 16


SIZES: Final = {Function.RECEIVE_BUFFER, Function.LONGEST_MESSAGE}
"""Here the two bytes are one number, low byte first."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Triples of function, level and number, ordered by function, each function once."""

    entries: tuple[tuple[int, int, int], ...]

    def level(self, function: Function) -> int:
        """The level of compliance with this function; 0 if it is not offered."""
        return next((level for offered, level, _ in self.entries if offered == function), 0)

    def number(self, function: Function) -> int:
        """How many of it there are; 0 if it is not offered."""
        return next((number for offered, _, number in self.entries if offered == function), 0)

    def losses_since(self, paired: Self) -> tuple[str, ...]:
        """What was offered when the reader was paired and is not any more, in words. Empty: nothing was lost."""
        return tuple(_name(entry[0]) for entry in paired.entries if self._lost(entry))

    def _lost(self, entry: tuple[int, int, int]) -> bool:
        function, level, number = entry
        now = next((found for found in self.entries if found[0] == function), (function, 0, 0))
        if function in SIZES:
            return now[1] | now[2] << 8 < level | number << 8
        if function == Function.SECURITY:
            # Bits: AES among the algorithms; and whether the default key is in use, which it must not become.
            return bool(level & ~now[1] or now[2] & ~number & 1)
        return now[1] < level or now[2] < number

    @property
    def text(self) -> str:
        """One line for a file: hex of the triples."""
        return b"".join(bytes(entry) for entry in self.entries).hex()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The record in a line that `text` wrote. ValueError if it is none."""
        found = _entries(bytes.fromhex(text))
        if found is None:
            raise ValueError("a record of capabilities is triples of bytes, each function once")
        return cls(found)


def read_capabilities(data: bytes) -> Capabilities | None:
    """The record in a PDCAP reply, or None if it is no list of triples."""
    found = _entries(data)
    return None if found is None else Capabilities(found)


def _entries(data: bytes) -> tuple[tuple[int, int, int], ...] | None:
    if len(data) % 3:
        return None
    found = sorted((data[at], data[at + 1], data[at + 2]) for at in range(0, len(data), 3))
    return None if len({function for function, _, _ in found}) != len(found) else tuple(found)


def _name(function: int) -> str:
    try:
        return Function(function).name.lower().replace("_", " ")
    except ValueError:
        return f"function {function}"
