"""decision: identity → look-up → `decide()` among 100,000 credentials, against one bare SQLite primary-key look-up.

Two rows: the plain card path (goal 0.5x), and records with validity and schedule (must 1x)."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from mmap import ACCESS_READ, mmap
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.figure import Ratio, interleaved
from contract import formats
from contract.authorisation import AuthorisationList, Content, Version, build, open_list
from contract.credential import Identity, Source, lookup_key
from contract.decision import decide
from contract.outcome import Outcome
from contract.policy import AccessPointPolicy, AreaPolicy, Direction, DoorPolicy, Policy
from contract.record import FOREVER, Record
from contract.schedule import ALWAYS, Interval, compiled
from contract.site_time import SiteTime
from contract.situation import Attempt, Moment, Proof, Situation, Standing

TOKYO = SiteTime("Asia/Tokyo", ((946_652_400, 32_400),), 4_102_412_400)
CREDENTIALS = 100_000
SEED = 20261123
NOON = Moment(datetime(2026, 11, 24, 3, 0, tzinfo=UTC), timedelta(seconds=1), 1.0, trusted=True)
SITUATION = Situation(10, Proof(True, True, True), control_permitted=True, standing=Standing("hallway", 60))


def measure() -> list[Ratio]:
    """Both rows; the list holds every card twice: a plain record in one table, a timed one in the other."""
    rng = random.Random(SEED)  # noqa: S311 - a benchmark's card numbers
    agent_key = rng.randbytes(32)
    numbers = [f"{number:040b}" for number in rng.sample(range(2**40), CREDENTIALS)]
    keys = [lookup_key(agent_key, Identity(Source.SERIAL_HEX, bits)) for bits in numbers]
    tables = {
        "cedar-room": {key: Record(rng.randbytes(16), 1, 0, FOREVER) for key in keys},
        "maple-room": {key: Record(rng.randbytes(16), 1, 1, FOREVER - 1, 1) for key in keys},
    }
    signer = Ed25519PrivateKey.generate()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "list"
        file.write_bytes(build(Content(policy(), tables), Version(1, 1), NOON.wall, signer))
        with file.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as mapped:
            carried = open_list(mapped, signer.public_key())
            rows = (("decision", "cedar", (0.5, 1.0)), ("decision-timed", "maple", (0.75, 1.0)))
            bare = _Bare(Path(name) / "bare.sqlite", keys, rng)
            try:
                return [
                    interleaved(row, _card(carried, agent_key, numbers, room, rng), bare.name, bare.find, bounds)
                    for row, room, bounds in rows
                ]
            finally:
                bare.database.close()


def policy() -> Policy:
    """An entry into each of two rooms, and office hours to look up."""
    points = [
        AccessPointPolicy(f"{room}-in", room, Direction.ENTRY, "hallway", f"{room}-room", ("serial-40",))
        for room in ("cedar", "maple")
    ]
    office = compiled([Interval(day, 9 * 60, 18 * 60) for day in range(7)])
    return Policy(
        "tokyo",
        "cedar",
        TOKYO,
        {point.to_area: AreaPolicy(point.to_area, True, 3600, 7200) for point in points},
        {point.door: DoorPolicy(point.door, 5000, 30) for point in points},
        {point.id: point for point in points},
        (ALWAYS, office),
    )


def _card(
    carried: AuthorisationList, agent_key: bytes, numbers: list[str], room: str, rng: random.Random
) -> Callable[[], None]:
    presented, rules, area, point = cycle(rng.sample(numbers, 5000)), carried.policy, f"{room}-room", f"{room}-in"

    def card() -> None:
        identity = formats.read(Source.SERIAL_HEX, next(presented), ("serial-40",))
        assert identity is not None
        record = carried.find(area, lookup_key(agent_key, identity))
        decision = decide(rules, Attempt(point, True, record), SITUATION, NOON)
        assert decision.outcome is Outcome.GRANT

    return card


class _Bare:
    """The baseline: nothing but one primary-key look-up in SQLite."""

    name = "a bare SQLite look-up"

    def __init__(self, file: Path, keys: list[bytes], rng: random.Random) -> None:
        self.database = sqlite3.connect(file)
        self.database.execute("CREATE TABLE entry (key BLOB PRIMARY KEY, payload BLOB) WITHOUT ROWID")
        self.database.executemany("INSERT INTO entry VALUES (?, ?)", [(key, bytes(32)) for key in keys])
        self.database.commit()
        self._wanted = cycle(rng.sample(keys, 5000))

    def find(self) -> None:
        found = self.database.execute("SELECT payload FROM entry WHERE key = ?", (next(self._wanted),)).fetchone()
        assert found
