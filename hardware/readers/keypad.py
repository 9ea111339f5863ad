"""Keys of a Wiegand keypad: each is a short frame of its own; the keys of one entry are delivered together. Sans-I/O.

0 to 9 are their numbers, * is 10 and # is 11. Source: docs.baltech.de, Protocols / Wiegand / PinMessageFormat.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

KEYS: Final = "0123456789*#"
ENTRY_PAUSE: Final = 3.0
"""Seconds without a key after which an entry is over."""
LONGEST_ENTRY: Final = 16


class Keypad(StrEnum):
    """How a key is written: four bits; eight with the inverse nibble before it; eight with the inverse after it."""

    NONE = "none"
    FOUR_BITS = "4-bit"
    EIGHT_BITS = "8-bit"
    EIGHT_BITS_SWAPPED = "8-bit-swapped"

    @property
    def length(self) -> int:
        """Bits of one key; 0 without a keypad."""
        return {Keypad.NONE: 0, Keypad.FOUR_BITS: 4}.get(self, 8)


def burst_of(keypad: Keypad, key: str) -> str:
    """The bits with which this keypad sends one key. ValueError for what is no key, or without a keypad."""
    value = KEYS.index(key)
    nibble, inverse = f"{value:04b}", f"{value ^ 15:04b}"
    match keypad:
        case Keypad.FOUR_BITS:
            return nibble
        case Keypad.EIGHT_BITS:
            return inverse + nibble
        case Keypad.EIGHT_BITS_SWAPPED:
            return nibble + inverse
    raise ValueError("there is no keypad")


def key_of(keypad: Keypad, bits: str) -> str | None:
    """The key in such a frame; None if the halves do not fit or there is no such key."""
    return _MEANINGS[keypad].get(bits)


_MEANINGS: Final = {keypad: {burst_of(keypad, key): key for key in KEYS} if keypad.length else {} for keypad in Keypad}


@dataclass(frozen=True, slots=True)
class Entry:
    """Keys that belong together; `mono` is the stamp of the last one."""

    keys: str
    mono: float


class KeyCollector:
    """An entry ends with # or *, after `ENTRY_PAUSE` on the clock of the stamps, or at 16 keys."""

    def __init__(self) -> None:
        self._keys = ""
        self._last = 0.0

    def pressed(self, key: str, stamp: float) -> list[Entry]:
        """Take one key; return the entries that are over, in order."""
        found = self.tick(stamp)
        self._keys += key
        self._last = stamp
        if key in "#*" or len(self._keys) >= LONGEST_ENTRY:
            found += self.end()
        return found

    def tick(self, stamp: float) -> list[Entry]:
        """Let time pass."""
        return self.end() if self._keys and stamp - self._last >= ENTRY_PAUSE else []

    def end(self) -> list[Entry]:
        """A card came, or the time is over: what was pressed is an entry."""
        keys, self._keys = self._keys, ""
        return [Entry(keys, self._last)] if keys else []

    def wanted(self, stamp: float) -> float | None:
        """In how many seconds `tick` is wanted."""
        return max(0.0, self._last + ENTRY_PAUSE - stamp) if self._keys else None
