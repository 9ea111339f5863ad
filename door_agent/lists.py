"""The list an agent carries: taken from its envelope, verified, kept on disk, adopted; and proven fresh by nonce.

What is refused keeps the carried list untouched. The file on disk is the signed list itself, verified again at start.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from contract import envelope
from contract.authorisation import AuthorisationList, BadList, open_list
from contract.envelope import Kind
from contract.message import NONCE_BYTES, Carried, Fresh, Status
from contract.situation import Moment
from contract.topic import Address
from door_agent.keys import Keys

_NONCES_KEPT = 8
NONCE_LIFE_S = 30.0


class ListStore:
    """One file in the agent's data folder, replaced atomically and read through a map."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "authorisation.list"

    def read(self) -> mmap | None:
        """The stored file, mapped; None when there is none."""
        try:
            with self._path.open("rb") as file:
                return mmap(file.fileno(), 0, access=ACCESS_READ)
        except (FileNotFoundError, ValueError):
            return None

    def write(self, data: bytes) -> mmap:
        """Replace the file by `data`, durably and atomically, and map it."""
        part = self._path.with_suffix(".part")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb+") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
        part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return mapped


@dataclass(frozen=True, slots=True)
class _Asked:
    nonce: bytes
    mono: float
    wall: int
    trusted: bool


class Lists:
    """The carried list and the proof that it is the newest. `store` is None in tests that keep nothing."""

    def __init__(self, address: Address, keys: Keys, store: ListStore | None, random: Callable[[int], bytes]) -> None:
        self._address, self._keys, self._store, self._random = address, keys, store, random
        self._purpose = f"list:{address}".encode()
        self._signers = {envelope.key_id(keys.controller): keys.controller}
        self._asked: list[_Asked] = []
        self._proven_mono: float | None = None
        self.carried: AuthorisationList | None = None
        self.lost = False
        """The stored list could not be adopted again; until there is another one, no area is known to be watched."""

    def restore(self, moment: Moment, proven_at: int | None) -> str | None:
        """Adopt the stored list; the reason when it cannot be, None when it was or there is none."""
        try:
            stored = self._store.read() if self._store else None
        except OSError as flaw:
            self.lost = True
            return f"the stored list cannot be read: {flaw.strerror}"
        if stored is None:
            return None
        try:
            self.carried = self._ours(open_list(stored, self._keys.controller))
        except BadList as flaw:
            self.lost = True
            return str(flaw)
        if proven_at is not None and moment.trusted:
            self._proven_mono = moment.mono - max(0.0, moment.wall.timestamp() - proven_at)
        return None

    def take(self, payload: bytes) -> AuthorisationList | None:
        """Adopt the list in a `down/list` message. None when it is the one already carried; BadList, BadEnvelope or
        CannotUnseal when it is not ours, not newer, or not whole."""
        sealed = envelope.opened(payload, Kind.LIST, self._signers).payload
        data = envelope.unseal(self._keys.sealing, sealed, self._purpose)
        found = self._ours(open_list(data, self._keys.controller))
        if self.carried is not None and found.version <= self.carried.version:
            if found.hash == self.carried.hash:
                return None
            raise BadList("not newer than the carried one")
        if self._store is not None:
            found = open_list(self._kept(self._store, data), self._keys.controller)
        self.carried, self._proven_mono = found, None
        return found

    def ask(self, moment: Moment) -> bytes:
        """The payload of a status message with a new nonce."""
        nonce = self._random(NONCE_BYTES)
        asked = _Asked(nonce, moment.mono, int(moment.wall.timestamp()), moment.trusted)
        self._asked = [*self._asked, asked][-_NONCES_KEPT:]
        carried = self.carried
        known = Carried(carried.version, carried.set_hash) if carried else None
        return Status(self._address, nonce, known).encoded()

    def prove(self, payload: bytes, moment: Moment) -> int | None:
        """Take a `down/fresh` message. The wall-clock second since which the carried list is proven, if it can be kept
        for the next start; None when this answer proves nothing. ValueError when it is not the controller's."""
        fresh = Fresh.decoded(envelope.opened(payload, Kind.FRESH, self._signers).payload)
        if fresh.address != self._address:
            raise ValueError("made for another address")
        asked = next((each for each in self._asked if each.nonce == fresh.nonce), None)
        if asked is None or moment.mono - asked.mono > NONCE_LIFE_S:
            return None
        self._asked.remove(asked)
        carried = self.carried
        if carried is None or fresh.newest != Carried(carried.version, carried.set_hash):
            return None
        self._proven_mono = max(asked.mono, self._proven_mono or asked.mono)
        return asked.wall if asked.trusted else None

    @property
    def proven_mono(self) -> float | None:
        """The monotonic moment as of which the carried list was last proven the newest."""
        return self._proven_mono

    def proven_s(self, moment: Moment) -> int | None:
        """Seconds since the carried list was proven fresh; None when it never was since it came."""
        return None if self._proven_mono is None else max(0, int(moment.mono - self._proven_mono))

    def _kept(self, store: ListStore, data: bytes) -> mmap:
        """What cannot be kept is not adopted: after the next start an older list would be believed again."""
        try:
            return store.write(data)
        except OSError as flaw:
            raise BadList(f"it cannot be kept: {flaw.strerror}") from flaw

    def _ours(self, found: AuthorisationList) -> AuthorisationList:
        if (found.policy.site, found.policy.agent) != (self._address.site, self._address.agent):
            raise BadList("made for another agent")
        return found
