"""The key of one reader's Secure Channel (SCBK): made at random, kept in a file that only its owner can read.

The law: a key is never shown, and none that somebody could have typed, published or left in from the factory is taken.
"""

import os
import secrets
import stat
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

KEY_BYTES: Final = 16
DEFAULT_KEY: Final = bytes(range(0x30, 0x40))
"""SCBK-D: it stands in the standard. For the moment of pairing on a bench, and for nothing else (Annex D)."""
FEWEST_DIFFERENT: Final = 8
LONGEST_FILE: Final = 256


class KeyRefused(ValueError):
    """This is no key for a reader; the sentence says why and shows nothing of it."""


@dataclass(frozen=True, slots=True)
class ReaderKey:
    """16 random bytes. KeyRefused for the default key, patterns, and keys that look typed."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        trouble = weakness(self.value)
        if trouble:
            raise KeyRefused(trouble)

    @classmethod
    def new(cls) -> Self:
        """A new random key."""
        while weakness(value := secrets.token_bytes(KEY_BYTES)):
            pass
        return cls(value)


def weakness(key: bytes) -> str:
    """Why this is no key, or nothing. Random bytes pass but for one in some million draws."""
    if len(key) != KEY_BYTES:
        return f"a key has {KEY_BYTES} bytes"
    if key == DEFAULT_KEY:
        return "this is the default key, which everybody knows"
    if len({(after - before) % 256 for before, after in pairwise(key)}) == 1:
        return "the bytes of this key only count"
    if len(set(key)) < FEWEST_DIFFERENT:
        return "the bytes of this key repeat"
    if all(0x20 <= byte < 0x7F for byte in key):
        return "this key consists of letters and digits that somebody typed"
    return ""


def read_key(path: Path) -> ReaderKey:
    """The key in a file of 32 hex digits. KeyRefused if others may read the file or it holds no key; OSError."""
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyRefused(f"{path} may be read by others: chmod 600 it, and pair the reader anew")
        content = file.read(LONGEST_FILE)
    try:
        value = bytes.fromhex(content.decode("ascii"))
    except ValueError as error:
        raise KeyRefused(f"{path} does not hold 32 hex digits") from error
    return ReaderKey(value)


def write_key(path: Path, key: ReaderKey) -> None:
    """Write a new file with mode 0600, durably. FileExistsError: an old key is never overwritten."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.value.hex().encode("ascii") + b"\n")
        file.flush()
        os.fsync(file.fileno())
