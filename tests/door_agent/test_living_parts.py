"""What the watchdog asks: threads that must run do, a dead one is noticed, trouble outside is not death."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gpiozero.pins.mock import MockFactory

from contract.message import SealedFact
from contract.topic import Address
from door_agent.events import Committed, Event, Proven, ReaderState, Record
from door_agent.fittings import Fittings
from door_agent.journal import Journal, JournalThread
from door_agent.settings import AgentSettings
from door_agent.uplink import Uplink
from process.readiness import Watchdog
from tests.door_agent.wired import told

CEDAR = Address("tokyo", "cedar")
FACT = Record(1, b"fact", b"h" * 32, b"")


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a thread ends by an exception."""
    reported = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _told: reported.set())
    return reported


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.resume(CEDAR)
    yield journal
    journal.close()


def fed(probes: dict[str, Callable[[], bool]]) -> tuple[str, ...]:
    """Whom the watchdog misses."""
    return Watchdog({}, 7, probes).stale()


def ends(probe: Callable[[], bool]) -> bool:
    """Wait until it says False: a thread that has reported its end is gone a moment later."""
    deadline = threading.Event()
    return any(not probe() or deadline.wait(0.01) for _ in range(500))


def test_a_journal_thread_outlives_a_disk_that_fails_and_commits_when_it_works_again(
    journal: Journal, tmp_path: Path
) -> None:
    done: SimpleQueue[Committed] = SimpleQueue()
    journal._connection.execute("PRAGMA busy_timeout=1")
    writer = JournalThread(journal, done.put)
    assert fed({"journal": lambda: writer.alive}) == ("journal",)
    writer.start()
    with sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        writer.put(FACT)
        assert writer.alive
        holder.execute("ROLLBACK")
    holder.close()
    assert done.get(timeout=5) == Committed(1)
    assert writer.alive
    assert writer.stop()


def test_a_dead_journal_thread_stops_the_feeding(journal: Journal, reported: threading.Event) -> None:
    def broken(_done: Committed) -> None:
        raise RuntimeError("the queue is gone")

    writer = JournalThread(journal, broken)
    probes: dict[str, Callable[[], bool]] = {"journal": lambda: writer.alive}
    writer.start()
    writer.put(Proven(1))
    assert fed(probes) == ()
    writer.put(FACT)
    assert reported.wait(5)
    assert ends(probes["journal"])
    assert fed(probes) == ("journal",)


def test_the_uplink_outlives_a_journal_that_cannot_be_read_for_a_moment(tmp_path: Path) -> None:
    class Failing(Journal):
        reads = 0

        def unsent(self, after: int = 0, limit: int = 500) -> list[tuple[int, SealedFact]]:
            self.reads += 1
            if self.reads == 1:
                failed.set()
                raise sqlite3.OperationalError("disk I/O error")
            return super().unsent(after, limit)

    failed, sent = threading.Event(), threading.Event()
    journal = Failing(tmp_path / "journal.sqlite")
    journal.resume(CEDAR)
    journal.commit([FACT])

    def publish(_topic: str, _payload: bytes) -> bool:
        sent.set()
        return True

    uplink = Uplink(CEDAR, Ed25519PrivateKey.generate(), journal, publish)
    uplink.start()
    uplink.wake()
    assert failed.wait(5)
    uplink.wake()
    assert sent.wait(10)
    assert uplink.alive
    uplink.stop()
    journal.close()


def test_a_reader_that_is_not_plugged_in_is_alive_and_one_whose_thread_died_is_missed(
    factory: MockFactory, tmp_path: Path, reported: threading.Event
) -> None:
    lost: SimpleQueue[ReaderState] = SimpleQueue()

    def post(event: Event) -> None:
        if isinstance(event, ReaderState):
            lost.put(event)
            if event.access_point == "cedar-out":
                raise RuntimeError("the queue is gone")

    fittings = Fittings(settings := told(tmp_path), post)
    assert isinstance(settings, AgentSettings)
    assert len(fed(fittings.probes())) == len(fittings.probes())
    fittings.start()
    assert {lost.get(timeout=5).access_point for _ in range(4)} == {"cedar-in", "cedar-out", "maple-in", "maple-out"}
    assert reported.wait(5)
    assert ends(fittings.probes()["reader cedar-out"])
    assert fed(fittings.probes()) == ("reader cedar-out",)
    fittings.close()
