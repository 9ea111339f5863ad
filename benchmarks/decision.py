"""decision: identity → look-up → `decide()` among 100,000 credentials, against one bare SQLite primary-key look-up.

Three rooms: the plain card path, records with dates and hours, and every rule on. A last row is the look-up among
100,000 credentials against the same among 1,000."""

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
from contract.record import FOREVER, PAYLOAD, Flag, Record
from contract.room_rules import Company, Enforcement, Passback, PinRule, Posture, Tier, Unheard
from contract.schedule import ALWAYS, Interval, compiled
from contract.site_time import SiteTime
from contract.situation import Attempt, Before, Companion, Inside, Moment, PinVerdict, Proof, Situation, Standing

TOKYO = SiteTime("Asia/Tokyo", ((946_652_400, 32_400),), 4_102_412_400)
CREDENTIALS, FEW = 100_000, 1_000
ROWS = (
    ("decision", "cedar", (0.5, 1.0)),
    ("decision-timed", "maple", (0.75, 1.0)),
    ("decision-every-rule", "oak", (1.0, 1.0)),
)
SEED = 20261123
NOON = Moment(datetime(2026, 11, 24, 3, 7, tzinfo=UTC), timedelta(seconds=1), 1.0, trusted=True)
SITUATION = Situation(10, Proof(True, True, True), control_permitted=True, standing=Standing("hallway", 60))
RULED = Situation(
    10,
    Proof(True, True, True),
    True,
    Standing("hallway", 60),
    Inside(people=3, supervisors=1, hosts=1, visitors=1),
    (Companion(b"B" * 16),),
    Before(card_s=60, last_s=60, host_s=30),
    interlocked=False,
    uses=7,
    pin=PinVerdict.RIGHT,
    peers_s=2,
)


def measure() -> list[Ratio]:
    """Every row; the list holds every card three times, in three rooms, and the first thousand in a fourth."""
    rng = random.Random(SEED)  # noqa: S311 - a benchmark's card numbers
    agent_key = rng.randbytes(32)
    numbers = [f"{number:040b}" for number in rng.sample(range(2**40), CREDENTIALS)]
    keys = [lookup_key(agent_key, Identity(Source.SERIAL_HEX, bits)) for bits in numbers]
    signer = Ed25519PrivateKey.generate()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "list"
        file.write_bytes(build(Content(policy(), _tables(keys, rng)), Version(1, 1), NOON.wall, signer))
        with file.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as mapped:
            carried = open_list(mapped, signer.public_key())
            bare = _Bare(Path(name) / "bare.sqlite", keys, rng)
            try:
                rows = [
                    interleaved(row, _card(carried, agent_key, numbers, room, rng), bare.name, bare.find, bounds)
                    for row, room, bounds in ROWS
                ]
            finally:
                bare.database.close()
            many, few = (_look_up(carried, room, among, rng) for room, among in (("cedar", keys), ("pine", keys[:FEW])))
            return [*rows, interleaved("decision-growth", many, "the look-up among 1,000", few, (2.5, 4.0))]


def policy() -> Policy:
    """An entry into each of three rooms, and office hours to look up. The maple room is the simplest with hours; in the
    oak room every rule is on that `decide()` knows."""
    ruled = AreaPolicy(
        "oak-room",
        True,
        3600,
        7200,
        Passback(Enforcement.HARD, Enforcement.HARD, 3600),
        Company(2, 10, 20, Enforcement.HARD, 2, Enforcement.HARD, Enforcement.HARD),
        Posture(threat=1),
        Tier.ESSENTIAL,
        Unheard.REFUSE,
    )
    rooms = [AreaPolicy(f"{name}-room", True, 3600, 7200) for name in ("cedar", "maple", "pine")]
    points = [
        AccessPointPolicy(f"{name}-in", name, Direction.ENTRY, "hallway", f"{name}-room", ("serial-40",))
        for name in ("cedar", "maple", "pine")
    ]
    oak = ("oak-in", "oak", Direction.ENTRY, "hallway", "oak-room", ("serial-40",))
    points.append(AccessPointPolicy(*oak, pin=PinRule(), card_again_s=5, door_again_s=3))
    office = compiled([Interval(day, 9 * 60, 18 * 60) for day in range(7)])
    return Policy(
        "tokyo",
        "cedar",
        TOKYO,
        {room.id: room for room in (*rooms, ruled)},
        {point.door: DoorPolicy(point.door, 5000, 30) for point in points},
        {point.id: point for point in points},
        (ALWAYS, office),
    )


def _tables(keys: list[bytes], rng: random.Random) -> dict[str, dict[bytes, Record]]:
    plain, timed = Record(bytes(16), 1, 0, FOREVER), Record(bytes(16), 1, 1, FOREVER - 1, 1)
    ruled = timed._replace(
        card_from=1, card_until=FOREVER - 1, trained_until=FOREVER - 1, uses=100, clearance=1, flags=Flag.ESSENTIAL
    )
    rooms = {"cedar-room": plain, "maple-room": timed, "oak-room": ruled}
    tables = {room: {key: record._replace(holder=rng.randbytes(16)) for key in keys} for room, record in rooms.items()}
    return {**tables, "pine-room": dict.fromkeys(keys[:FEW], plain)}


def _card(
    carried: AuthorisationList, agent_key: bytes, numbers: list[str], room: str, rng: random.Random
) -> Callable[[], None]:
    presented, rules, area, point = cycle(rng.sample(numbers, 5000)), carried.policy, f"{room}-room", f"{room}-in"
    situation = RULED if room == "oak" else SITUATION

    def card() -> None:
        identity = formats.read(Source.SERIAL_HEX, next(presented), ("serial-40",))
        assert identity is not None
        record = carried.find(area, lookup_key(agent_key, identity))
        decision = decide(rules, Attempt(point, True, record), situation, NOON)
        assert decision.outcome is Outcome.GRANT

    return card


def _look_up(carried: AuthorisationList, room: str, keys: list[bytes], rng: random.Random) -> Callable[[], None]:
    """Among as many different keys as fit, so that the larger table is not made quick by asking for few of it."""
    wanted, area = cycle(rng.sample(keys, min(len(keys), 50_000))), f"{room}-room"

    def find() -> None:
        assert carried.find(area, next(wanted)) is not None

    return find


class _Bare:
    """The baseline: nothing but one primary-key look-up in SQLite."""

    name = "a bare SQLite look-up"

    def __init__(self, file: Path, keys: list[bytes], rng: random.Random) -> None:
        self.database = sqlite3.connect(file)
        self.database.execute("CREATE TABLE entry (key BLOB PRIMARY KEY, payload BLOB) WITHOUT ROWID")
        self.database.executemany("INSERT INTO entry VALUES (?, ?)", [(key, bytes(PAYLOAD.size)) for key in keys])
        self.database.commit()
        self._wanted = cycle(rng.sample(keys, 5000))

    def find(self) -> None:
        found = self.database.execute("SELECT payload FROM entry WHERE key = ?", (next(self._wanted),)).fetchone()
        assert found
