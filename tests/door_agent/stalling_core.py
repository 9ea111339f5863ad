"""An agent's core whose disk stalls and whose power fails, at the three doors of one room, watched at every step.

The law: it holds what the agent orders and writes against `tests.door_agent.slow_room`, and decides nothing itself.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

from contract import fact
from contract.canonical import Object
from contract.fact import FactKind
from contract.policy import Direction
from contract.reason import Reason
from door_agent.events import (
    Command,
    Committed,
    Event,
    Forget,
    Kept,
    Lock,
    LockWish,
    Proven,
    Send,
    Tick,
    Tried,
)
from door_agent.events import Record as JournalRecord
from door_agent.wiring import WiredDoor
from tests.door_agent.conftest import CEDAR, Core
from tests.door_agent.slow_room import JOURNAL_S, Lasting, SlowRoom
from tests.door_agent.slow_room import Card as SlowCard

FITTED = {"cedar": (True, True, True), "maple": (True, False, True), "oak": (False, True, False)}
"""Of each door: whether it has a contact and a button, and whether its wiring permits a controlled exit."""


def wired(name: str) -> WiredDoor:
    contact, rex, controllable = FITTED[name]
    points = {f"{name}-in": Direction.ENTRY, f"{name}-out": Direction.EXIT}
    return WiredDoor(name, points, contact=contact, rex=rex, permits_control=controllable, max_release_s=10.0)


class StallingCore(Core):
    """A core whose disk may stall: what is to be kept waits then, in a lump for each event that the agent was fed. What
    the agent orders is held against what `room` says, and every fact is looked at."""

    def __init__(self, folder: Path, room: SlowRoom) -> None:
        self.room = room
        self.waiting: list[tuple[list[Kept], Lasting]] = []
        self.kept = deepcopy(room.lasting)
        self.durable = 0
        self.heads: list[bytes] = []
        self.asked: dict[int, tuple[str, SlowCard | None, float]] = {}
        self.tally = Counter[str]()
        self._lock_all()
        super().__init__(folder, *map(wired, FITTED))

    def feed(self, event: Event, after: float = 0.0) -> list[Command]:
        """Time passes in `elapses` only."""
        return super().feed(event, after)

    def elapses(self, seconds: float) -> None:
        """Time passes; the agent is woken whenever it asked to be."""
        until = self.mono + seconds
        while (due := self.agent.deadline) is not None and due <= until:
            self._wake(max(due, self.mono + 0.001))
        self._wake(max(until, self.mono))

    def _wake(self, now: float) -> None:
        self.mono = now
        self.room.time_is(now)
        self.feed(Tick())

    def carried_out(self, commands: Sequence[Command]) -> list[Command]:
        self.sent += [each for each in commands if isinstance(each, Send)]
        work: list[Kept] = [each for each in commands if isinstance(each, JournalRecord | Forget | Proven | Tried)]
        if work:
            self.waiting.append((work, deepcopy(self.room.lasting)))
        for each in commands:
            if isinstance(each, JournalRecord):
                self._recorded(each)
            elif isinstance(each, Lock):
                self._obey(each)
        self._require_what_is_due(commands)
        return self.writes(len(self.waiting)) if self.disk else []

    def writes(self, lumps: int) -> list[Command]:
        """The disk takes this many of the lumps that wait."""
        taken, self.waiting = self.waiting[:lumps], self.waiting[lumps:]
        if not taken:
            return []
        work = [each for lump, _ in taken for each in lump]
        self.journal.commit(work)
        self.kept = taken[-1][1]
        numbers = [each.sequence for each in work if isinstance(each, JournalRecord)]
        if not numbers:
            return []
        self.durable = numbers[-1]
        self.room.committed(self.durable, self.mono)
        more = self.agent.feed(Committed(self.durable), self.moment)
        return [*more, *self.carried_out(more)]

    def ends_and_starts(self, *, clean: bool) -> None:
        """The process ends; what the disk had not taken is gone, and every lock has fallen back."""
        if clean:
            self.journal.stop_cleanly()
        self.waiting.clear()
        del self.facts[self.durable :], self.heads[self.durable :]
        self._lock_all()
        self.room.restarts(self.kept, clean=clean)
        self.restart()

    def unlocked(self, door: str) -> bool:
        return self._released[door]

    def require_whole_chain(self) -> None:
        """What the journal still holds is the end of the chain, without a hole and as it was made."""
        rows = held(self.folder, "SELECT sequence, encoded, hash FROM fact ORDER BY sequence")
        first = self.durable - len(rows) + 1
        assert [sequence for sequence, _, _ in rows] == list(range(first, self.durable + 1))
        for sequence, encoded, digest in rows:
            assert encoded == self.facts[sequence - 1].encoded()
            assert digest == self.heads[sequence - 1] == fact.fact_hash(encoded)

    def _lock_all(self) -> None:
        self._released = dict.fromkeys(FITTED, False)
        self._causes: dict[str, set[str]] = {name: set() for name in FITTED}

    def _obey(self, command: Lock) -> None:
        """As an electric lock does (`hardware.lock`): what latches it wins over securing it."""
        door, causes = command.door, self._causes[command.door]
        match command.wish:
            case LockWish.RELEASE:
                self._released[door] = True
            case LockWish.HOLD | LockWish.LATCH:
                causes.add(command.cause)
                self._released[door] = True
            case LockWish.LIFT:
                causes.discard(command.cause)
            case LockWish.RESET:
                assert not self.room.doors[door].burning
                causes.clear()
            case LockWish.SECURE:
                self._released[door] = bool(causes)

    def _recorded(self, record: JournalRecord) -> None:
        """The chain goes on without a gap, a refusal says why, and an entry is released for a good reason."""
        made = fact.decoded(record.encoded)
        assert made.sequence == record.sequence == len(self.facts) + 1
        assert made.previous == (self.heads[-1] if self.heads else fact.first_previous(CEDAR))
        assert record.hash == fact.fact_hash(record.encoded)
        self.facts.append(made)
        self.heads.append(record.hash)
        self.tally[made.kind] += 1
        if made.kind is FactKind.DECISION:
            self._require_reasons(made.body)
        elif made.kind is FactKind.RELEASED and made.body["cause"] == "decision":
            decision = made.body["decision"]
            assert isinstance(decision, int)
            self._require_permission(decision)

    def _require_reasons(self, body: Object) -> None:
        reason, violations = Reason(str(body["reason"])), body["violations"]
        self.tally[reason] += 1
        assert isinstance(violations, list)
        if body["outcome"] != "GRANT":
            assert reason is not Reason.PERMITTED
            assert reason in violations

    def _require_permission(self, decision: int) -> None:
        """Of an entry: that its decision was a grant, is durable, is young, and was for a card in force."""
        point, card, asked_at = self.asked[decision]
        assert self.facts[decision - 1].body["outcome"] == "GRANT"
        if point.endswith("-in"):
            assert held(self.folder, f"SELECT 1 FROM fact WHERE sequence = {decision}")  # noqa: S608 - a number
            assert self.mono - asked_at <= JOURNAL_S + 1e-6
            assert card is not None
            assert self.room.in_force(card, asked_at)

    def _require_what_is_due(self, commands: Sequence[Command]) -> None:
        """Exactly the doors are released that must be."""
        released = [each.door for each in commands if isinstance(each, Lock) and each.wish is LockWish.RELEASE]
        assert released == self.room.released
        self.room.released.clear()


def held(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    """What the journal really holds, read by somebody else."""
    with closing(sqlite3.connect(folder / "journal.sqlite")) as journal:
        return journal.execute(statement).fetchall()
