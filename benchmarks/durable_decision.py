"""durable-decision: card bits in, decision fact committed, against a one-row SQLite commit of the same bytes.

Both files lie in the same folder and commit with WAL and synchronous=FULL. SQLite's log makes a commit twice as slow
until it has grown to its length, which the journal gives it ahead: so the baseline's log has grown before it is timed.
Two more rows, without a promise: against a file just made, as SQLite comes, and against the raw `write` + `fdatasync`.
"""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from itertools import cycle
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.decision import NOON, policy
from benchmarks.figure import Ratio, interleaved
from contract.authorisation import Content, Version, build, open_list
from contract.credential import Identity, Source, lookup_key
from contract.policy import Direction
from contract.record import FOREVER, Flag, Record
from contract.topic import Address
from door_agent.agent import Agent
from door_agent.events import Card
from door_agent.events import Record as JournalRecord
from door_agent.journal import Journal
from door_agent.keys import Keys
from door_agent.wiring import WiredDoor

CARDS = 1000
SEED = 20261123
_GROWN = 1200
"""Commits after which SQLite has written its log back at least once, and begins it anew."""
_NO_BOUNDS = (float("inf"), float("inf"))


def measure() -> list[Ratio]:
    """Against SQLite (goal 1.2x, must 1.5x), against SQLite as it comes, and against the disk alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal, grown, fresh = Journal(folder / "journal.sqlite"), _Bare(folder, "grown"), _Bare(folder, "fresh")
        try:
            presented = _Presented(journal)
            presented.card()
            grown.row = fresh.row = presented.last
            for _ in range(_GROWN):
                grown.commit()
            against = [
                ("durable-decision", "a one-row SQLite commit", grown.commit, (1.2, 1.5)),
                ("durable-decision-fresh", "a one-row commit to a new SQLite file", fresh.commit, _NO_BOUNDS),
                ("durable-decision-raw", "write and fdatasync", fresh.sync, _NO_BOUNDS),
            ]
            return [
                interleaved(row, presented.card, what, baseline, bounds, rounds=40, repeat=25, idle=presented.idle)
                for row, what, baseline, bounds in against
            ]
        finally:
            for each in (journal, grown, fresh):
                each.close()


class _Presented:
    """Known cards at an entry, one after the other; each decision is committed as the journal thread would.

    They may only leave, so every decision is a refusal: its fact holds all that a grant's does, and nobody is left
    waiting for a door that never opens.
    """

    def __init__(self, journal: Journal) -> None:
        rng = random.Random(SEED)  # noqa: S311 - a benchmark's card numbers
        controller = Ed25519PrivateKey.generate()
        address, lookup = Address("tokyo", "cedar"), rng.randbytes(32)
        intake = X25519PrivateKey.generate().public_key()
        keys = Keys(Ed25519PrivateKey.generate(), X25519PrivateKey.generate(), lookup, controller.public_key(), intake)
        numbers = [f"{number:040b}" for number in rng.sample(range(2**40), CARDS)]
        table = {
            lookup_key(lookup, Identity(Source.SERIAL_HEX, bits)): Record(
                rng.randbytes(16), 1, 0, FOREVER, 0, Flag.EXIT_ONLY
            )
            for bits in numbers
        }
        wired = WiredDoor("cedar", {"cedar-in": Direction.ENTRY}, True, True, True, 10.0)
        self._agent = Agent([wired], keys, None, journal.resume(address), os.urandom)
        content = Content(policy(), {"cedar-room": table, "maple-room": {}})
        data = build(content, Version(1, 1), NOON.wall, controller)
        self._agent.lists.carried = open_list(data, controller.public_key())
        self._cards = cycle(Card("cedar-in", Source.SERIAL_HEX, bits) for bits in numbers)
        self._journal = journal
        self.last = b""
        self._keep(self._agent.start(NOON))

    def idle(self) -> None:
        """What the agent's loop does between two cards, or while the disk writes; not part of any decision."""
        while self._agent.prepare():
            pass

    def card(self) -> None:
        self._keep(self._agent.feed(next(self._cards), NOON))

    def _keep(self, commands: object) -> None:
        assert isinstance(commands, list)
        records = [each for each in commands if isinstance(each, JournalRecord)]
        self._journal.commit(records)
        self.last = records[-1].encoded + records[-1].openings


class _Bare:
    def __init__(self, folder: Path, name: str) -> None:
        self.row = b""
        self._database = sqlite3.connect(folder / f"{name}.sqlite", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE row (n INTEGER PRIMARY KEY, d)",
        ):
            self._database.execute(statement)
        self._file = os.open(folder / f"{name}.raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def commit(self) -> None:
        self._database.execute("INSERT INTO row (d) VALUES (?)", (self.row,))

    def sync(self) -> None:
        os.write(self._file, self.row)
        os.fdatasync(self._file)

    def close(self) -> None:
        self._database.close()
        os.close(self._file)
