"""SQLite's log beneath the journal: it has its room before the first card, and is written back when nobody waits."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.topic import Address
from door_agent import journal
from door_agent.events import Record
from door_agent.journal import Journal, JournalThread
from door_agent.portal import Admission

CEDAR = Address("tokyo", "cedar")
FACT = b"a fact of about the length that decisions have. " * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def opened(path: Path) -> Iterator[Journal]:
    with closing(Journal(path)) as found:
        yield found


def log_length(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def without_the_log(path: Path) -> int:
    """How many facts are in their place, whatever the log still holds."""
    copy = path.with_name("copy.sqlite")
    shutil.copyfile(path, copy)
    with closing(sqlite3.connect(copy)) as found:
        if not found.execute("SELECT * FROM sqlite_master").fetchall():
            return 0
        return int(found.execute("SELECT count(*) FROM fact").fetchone()[0])


def test_a_commit_finds_its_room_in_the_log(path: Path, opened: Journal) -> None:
    opened.resume(CEDAR)
    length = log_length(path)
    assert length >= 4 * 2**20
    for number in range(1, 101):
        opened.commit([Record(number, FACT, b"", b"")])
    assert log_length(path) == length


def test_room_is_made_without_a_trace_in_the_journal(path: Path, opened: Journal) -> None:
    opened.commit([Record(1, FACT, b"hash", b"")])
    opened.resume(CEDAR)
    opened.close()
    with closing(sqlite3.connect(path)) as found:
        tables = {name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables == {"fact", "presence", "admission", "uncertain", "latch", "meta", "entered", "tried"}
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert path.stat().st_size < 2**20
    with closing(Journal(path)) as again:
        assert again.resume(CEDAR).sequence == 1


def test_a_disk_without_room_still_takes_facts(path: Path, opened: Journal) -> None:
    opened._connection.execute("PRAGMA max_page_count = 40")
    opened.resume(CEDAR)
    opened.commit([Record(1, FACT, b"", b"")])
    assert opened.first_unsent() == 1


def test_what_a_kill_leaves_in_the_log_is_only_what_was_committed(path: Path, opened: Journal, tmp_path: Path) -> None:
    """The files are copied while the journal is open: what a power cut would leave."""
    opened.resume(CEDAR)
    opened.commit([Record(1, FACT, b"one", b"")])
    opened.commit([Record(2, FACT, b"two", b"", opened=(Admission(2, "cedar-in", b"h" * 16, "hall", "room"),))])
    cut = tmp_path / "cut"
    cut.mkdir()
    for name in (path.name, path.name + "-wal"):
        shutil.copyfile(path.with_name(name), cut / name)
    with closing(Journal(cut / path.name)) as after:
        resumed = after.resume(CEDAR)
        assert (resumed.sequence, resumed.head, resumed.clean) == (2, b"two", False)
        assert [each.decision for each in resumed.unfinished] == [2]
        assert [number for number, _ in after.unsent()] == [1, 2]


def test_a_few_commits_are_not_worth_writing_back(path: Path, opened: Journal) -> None:
    opened.resume(CEDAR)
    for number in range(1, 64):
        opened.commit([Record(number, FACT, b"", b"")])
    opened.write_back()
    assert without_the_log(path) == 0
    opened.commit([Record(64, FACT, b"", b"")])
    opened.write_back()
    assert without_the_log(path) == 64


def test_the_log_is_written_back_in_a_pause(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_PAUSE_S", 0.01)
    written = threading.Event()

    class Watched(Journal):
        def write_back(self) -> None:
            super().write_back()
            if without_the_log(path) == 64:
                written.set()

    with closing(Watched(path)) as opened:
        thread = JournalThread(opened, lambda _: None)
        thread.start()
        for number in range(1, 65):
            thread.put(Record(number, FACT, b"", b""))
        assert written.wait(20)
        thread.put(Record(65, FACT, b"", b""))
        assert thread.stop()
        assert [number for number, _ in opened.unsent(after=63)] == [64, 65]
