"""The journal: every fact durable before an entry opens, kept until the controller's own acknowledgement covers it.

SQLite, WAL, synchronous=FULL. `commit` is one transaction for many facts with the presence and admissions that change
with them (group commit). `JournalThread` runs it; nobody else writes the file. SQLite's log has its room on the disk
before the first card, and is written back in pauses: somebody waits for a commit, nobody for these.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from contract.fact import first_previous
from contract.message import SealedFact
from contract.presence import Whereabouts
from contract.topic import Address
from door_agent.entered import Entered
from door_agent.events import Committed, Forget, Kept, Latch, Proven, Record, Resumed, Tried
from door_agent.portal import Admission
from process import logs

_log = logs.logger("journal")
_GROUP = 200
_RETRY_S = 1.0
_PAUSE_S = 1.0
_ROOM = 4 * 2**20
"""What the log grows to before SQLite writes it back by itself: 1,000 pages."""
_WORTH_WRITING_BACK = 64
"""Facts; far fewer than fill the room, and enough that a flash card is not written twice for each."""
_FORMATS = (
    """
CREATE TABLE IF NOT EXISTS fact (
    sequence INTEGER PRIMARY KEY, encoded BLOB NOT NULL, hash BLOB NOT NULL, openings BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS presence (
    holder BLOB PRIMARY KEY, area TEXT NOT NULL, certain INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS admission (
    decision INTEGER PRIMARY KEY, access_point TEXT NOT NULL, holder BLOB, from_area TEXT NOT NULL,
    to_area TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS uncertain (area TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latch (door TEXT PRIMARY KEY, causes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
""",
    """
ALTER TABLE presence ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;
ALTER TABLE presence ADD COLUMN forgiven INTEGER NOT NULL DEFAULT 0;
ALTER TABLE presence ADD COLUMN posture INTEGER NOT NULL DEFAULT 0;
ALTER TABLE presence ADD COLUMN at INTEGER;
ALTER TABLE uncertain ADD COLUMN posture INTEGER NOT NULL DEFAULT 0;
CREATE TABLE entered (
    access_point TEXT NOT NULL, card BLOB NOT NULL, uses INTEGER NOT NULL, at INTEGER,
    PRIMARY KEY (access_point, card)) WITHOUT ROWID;
""",
    "CREATE TABLE tried (salt BLOB PRIMARY KEY, wrong INTEGER NOT NULL, at INTEGER) WITHOUT ROWID;",
    """
ALTER TABLE presence ADD COLUMN stamp INTEGER NOT NULL DEFAULT 0;
ALTER TABLE presence ADD COLUMN before INTEGER NOT NULL DEFAULT 0;
""",
)
"""Each brings a journal of the format before it to its own; `user_version` counts how many were run."""


class Journal:
    """One open journal file. Use it from one thread; `unsent` may be called on another Journal of the same file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._upgrade()
        self._unplaced = 0
        path.chmod(0o600)

    def _upgrade(self) -> None:
        (done,) = self._connection.execute("PRAGMA user_version").fetchone()
        for number, script in enumerate(_FORMATS[done:], done + 1):
            self._connection.executescript(f"BEGIN IMMEDIATE;{script}PRAGMA user_version = {number};COMMIT;")

    def close(self) -> None:
        self._connection.close()

    def resume(self, address: Address) -> Resumed:
        """What the agent of this journal remembers. From here on the journal counts as not stopped cleanly."""
        execute = self._connection.execute
        meta = dict(execute("SELECT name, value FROM meta").fetchall())
        last = execute("SELECT sequence, hash FROM fact ORDER BY sequence DESC LIMIT 1").fetchone()
        sequence, head = last or (meta.get("sequence", 0), meta.get("head", first_previous(address)))
        resumed = Resumed(
            address,
            sequence,
            head,
            {
                holder: Whereabouts(area, bool(certain), *rest)
                for holder, area, certain, *rest in execute(
                    "SELECT holder, area, certain, flags, forgiven, posture, at, stamp, before, ? FROM presence",
                    (address.agent,),
                )
            },
            tuple(Admission(*row) for row in execute("SELECT * FROM admission ORDER BY decision")),
            dict(execute("SELECT area, posture FROM uncertain").fetchall()),
            dict(execute("SELECT card, sum(uses) FROM entered GROUP BY card").fetchall()),
            tuple(Entered(*row) for row in execute("SELECT access_point, card, at FROM entered")),
            tuple(Latch(door, tuple(causes.split())) for door, causes in execute("SELECT * FROM latch ORDER BY door")),
            tuple(Tried(*row) for row in execute("SELECT salt, wrong, at FROM tried")),
            meta.get("proven_at"),
            first=sequence == 0,
            clean=bool(meta.get("clean", 0)),
        )
        self._make_room()
        self._keep("clean", 0)
        return resumed

    def stop_cleanly(self) -> None:
        """Say that nothing was open and nothing is unwritten: the next start finds presence whole."""
        self._keep("clean", 1)

    def commit(self, work: Sequence[Kept]) -> None:
        """All of `work` in one durable transaction, in order."""
        self._unplaced += len(work)
        match work:
            case [Record(moved=None, opened=(), ended=None, uncertain=(), latch=None, entered=None) as alone]:
                self._fact(alone)  # one statement is a transaction of its own, and somebody waits
                return
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            for each in work:
                match each:
                    case Record():
                        self._record(each)
                    case Forget():
                        self._forget(each)
                    case Proven():
                        self._keep("proven_at", each.at)
                    case Tried():
                        self._tried(each)
            execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise

    def write_back(self) -> None:
        """Bring what is committed from the log to its place, if that is worth it; the log begins anew."""
        if self._unplaced >= _WORTH_WRITING_BACK:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._unplaced = 0

    def unsent(self, after: int = 0, limit: int = 500) -> list[tuple[int, SealedFact]]:
        """The next facts that the controller has not acknowledged, after number `after`, in order."""
        statement = "SELECT sequence, encoded, openings FROM fact WHERE sequence > ? ORDER BY sequence LIMIT ?"
        rows = self._connection.execute(statement, (after, limit)).fetchall()
        return [(sequence, SealedFact(encoded, openings)) for sequence, encoded, openings in rows]

    def first_unsent(self) -> int | None:
        """The number of the first fact that the controller has not acknowledged; None when there is none."""
        found = self._connection.execute("SELECT min(sequence) FROM fact").fetchone()
        return int(found[0]) if found and found[0] is not None else None

    def _make_room(self) -> None:
        """Give the log its full length ahead: a commit that makes the file longer takes twice as long, for the file
        system then has a length to commit too. A transaction that does not fit into the cache is written to the log,
        and rolling it back leaves the database as it was."""
        execute = self._connection.execute
        (cached,) = execute("PRAGMA cache_size").fetchone()
        execute("PRAGMA cache_size = 1")
        execute("BEGIN IMMEDIATE")
        try:
            execute("CREATE TABLE room (filled BLOB)")
            execute("INSERT INTO room VALUES (zeroblob(?))", (_ROOM,))
        except sqlite3.OperationalError as flaw:  # a disk that has no room for it may still have some for facts
            logs.event(_log, "journal_without_room", level="warning", error=flaw)
        if self._connection.in_transaction:
            execute("ROLLBACK")
        execute(f"PRAGMA cache_size = {cached}")

    def _record(self, record: Record) -> None:
        execute = self._connection.execute
        self._fact(record)
        if record.moved is not None:
            where = record.moved.to
            learned = (where.area, where.certain, where.flags, where.forgiven, where.posture, where.at)
            row = (record.moved.holder, *learned, where.stamp, where.before)
            execute("INSERT OR REPLACE INTO presence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for admission in record.opened:
            values = (
                admission.decision,
                admission.access_point,
                admission.holder,
                admission.from_area,
                admission.to_area,
            )
            execute("INSERT OR REPLACE INTO admission VALUES (?, ?, ?, ?, ?)", values)
        if record.ended is not None:
            execute("DELETE FROM admission WHERE decision = ?", (record.ended,))
        for area in record.uncertain:
            execute("INSERT OR REPLACE INTO uncertain VALUES (?, ?)", (area, record.posture))
        if record.latch is not None:
            self._latch(record.latch)
        if record.entered is not None:
            self._entered(record.entered)

    def _fact(self, record: Record) -> None:
        row = (record.sequence, record.encoded, record.hash, record.openings)
        self._connection.execute("INSERT INTO fact VALUES (?, ?, ?, ?)", row)

    def _entered(self, entered: Entered) -> None:
        self._connection.execute(
            "INSERT INTO entered VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET uses = uses + 1, at = excluded.at",
            (entered.access_point, entered.key, entered.at),
        )

    def _latch(self, latch: Latch) -> None:
        if latch.causes:
            row = (latch.door, " ".join(latch.causes))
            self._connection.execute("INSERT OR REPLACE INTO latch VALUES (?, ?)", row)
        else:
            self._connection.execute("DELETE FROM latch WHERE door = ?", (latch.door,))

    def _tried(self, tried: Tried) -> None:
        if tried.wrong:
            row = (tried.salt, tried.wrong, tried.at)
            self._connection.execute("INSERT OR REPLACE INTO tried VALUES (?, ?, ?)", row)
        else:
            self._connection.execute("DELETE FROM tried WHERE salt = ?", (tried.salt,))

    def _forget(self, forget: Forget) -> None:
        """Only if the acknowledged head is really our fact's hash; otherwise it acknowledges something else."""
        execute = self._connection.execute
        found = execute("SELECT hash FROM fact WHERE sequence = ?", (forget.through,)).fetchone()
        if found is None or found[0] != forget.head:
            return
        execute("DELETE FROM fact WHERE sequence <= ?", (forget.through,))
        self._keep("sequence", forget.through)
        self._keep("head", forget.head)

    def _keep(self, name: str, value: int | bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


class JournalThread:
    """Commits what is put, in order and in groups, and posts `Committed` after each transaction.

    A disk that fails is tried again every second; meanwhile nothing is posted, so entries are refused by time.
    """

    def __init__(self, journal: Journal, post: Callable[[Committed], None]) -> None:
        self._journal, self._post = journal, post
        self._work: queue.SimpleQueue[Kept | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    @property
    def alive(self) -> bool:
        """Does it run? (It must, between `start` and `stop`; a disk that fails is no reason not to.)"""
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def put(self, work: Kept) -> None:
        self._work.put(work)

    def stop(self, within: float = 5.0) -> bool:
        """Commit what was put and end; False when it could not in time."""
        self._stopping.set()
        self._work.put(None)
        self._thread.join(within)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            first = self._next()
            group = [] if first is None else [first]
            ended = first is None
            while len(group) < _GROUP and not self._work.empty():
                more = self._work.get()
                if more is None:
                    ended = True
                    break
                group.append(more)
            if group and not self._committed(group):
                return
            if ended:
                return

    def _next(self) -> Kept | None:
        """What is to be committed next; nobody waits for the log to be written back, so that is for a pause."""
        try:
            return self._work.get(timeout=_PAUSE_S)
        except queue.Empty:
            self._written_back()
            return self._work.get()

    def _written_back(self) -> None:
        try:
            self._journal.write_back()
        except sqlite3.Error as flaw:
            logs.event(_log, "journal_failed", level="error", error=flaw)

    def _committed(self, group: list[Kept]) -> bool:
        while True:
            try:
                self._journal.commit(group)
            except sqlite3.Error as flaw:
                logs.event(_log, "journal_failed", level="error", error=flaw)
                if self._stopping.wait(_RETRY_S):
                    return False
                continue
            numbers = [each.sequence for each in group if isinstance(each, Record)]
            if numbers:
                self._post(Committed(numbers[-1]))
            return True
