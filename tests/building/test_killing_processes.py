"""`kill -9` in a loop while cards are presented: no committed fact is lost or doubled, nothing opens unrecorded."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from cli.demo.building import AGENTS
from contract.fact import FactKind
from hardware.bench.hand import BenchRefusedError, Hand
from tests.building.building_records import (
    Strike,
    require_a_decision_for_each,
    require_whole_chains,
    require_whole_ledger,
)
from tests.building.demo_hands import Demo, wait_until

pytestmark = [pytest.mark.building, pytest.mark.broker]

VICTIMS = ("cedar", "controller", "broker", "cedar", "web", "controller", "cedar-back", "broker")
LONGER_THAN_A_BOUNCE = 0.06
"""Seconds that a door stands open at least: a contact that closes sooner has only bounced."""

ENTRIES = ("cedar-in", "cedar-back-in")


class Visitor(threading.Thread):
    """Holds a card to one door's entry reader again and again, and walks through whenever it opens."""

    def __init__(self, socket: str, door: str, bits: str) -> None:
        super().__init__(daemon=True)
        self._socket, self._door, self._bits = socket, door, bits
        self._enough = threading.Event()
        self.let_in = 0

    def run(self) -> None:
        with Hand(self._socket) as hand:
            hand.watch()
            while not self._enough.is_set():
                try:
                    self._visit(hand)
                except (TimeoutError, BenchRefusedError):
                    continue  # the agent is dead, or its reader is not open yet

    def _visit(self, hand: Hand) -> None:
        presented = hand.present(f"{self._door}-in", bits=self._bits)
        hand.wait_for(f"{self._door}.strike", 1, 0.5, after=presented)
        self.let_in += 1
        hand.set(f"{self._door}.contact", 1)
        self._enough.wait(LONGER_THAN_A_BOUNCE)
        hand.set(f"{self._door}.contact", 0)
        hand.wait_for(f"{self._door}.strike", 0, 6.0, after=presented)

    def leave(self) -> None:
        self._enough.set()
        self.join(20)
        assert not self.is_alive()


class Watcher(threading.Thread):
    """Writes down every strike that is released."""

    def __init__(self, socket: str) -> None:
        super().__init__(daemon=True)
        self._hand = Hand(socket)
        self._hand.watch()
        self._enough = threading.Event()
        self.strikes: list[Strike] = []

    def run(self) -> None:
        with self._hand as hand:
            while not self._enough.is_set():
                for edge in hand.edges(0.2):
                    door, _, part = edge.output.partition(".")
                    if part == "strike" and edge.value:
                        self.strikes.append(Strike(door, edge.mono))

    def leave(self) -> None:
        self._enough.set()
        self.join(20)


def unacknowledged(folder: Path, agent: str) -> int:
    path = folder / "building" / "agents" / agent / "data" / "journal.sqlite"
    with closing(sqlite3.connect(path)) as journal:
        return int(journal.execute("SELECT count(*) FROM fact").fetchone()[0])


def test_no_fact_is_lost_or_doubled_and_nothing_opens_unrecorded(demo: Demo) -> None:
    socket, ada = demo.description["bench_socket"], demo.card("Ada")
    watcher = Watcher(socket)
    visitors = [Visitor(socket, "cedar", ada), Visitor(socket, "cedar-back", ada)]
    for thread in (watcher, *visitors):
        thread.start()
    for victim in VICTIMS:
        before = [visitor.let_in for visitor in visitors]
        wait_until(lambda: all(v.let_in > b for v, b in zip(visitors, before, strict=True)), 30)  # noqa: B023
        demo.kill(victim)
    for visitor in visitors:
        visitor.leave()
    wait_until(lambda: not any(unacknowledged(demo.folder, agent) for agent in AGENTS), 30)
    watcher.leave()
    assert demo.stop() == 0

    facts = require_whole_chains(demo.folder)
    require_whole_ledger(demo.folder)
    assert len(watcher.strikes) >= sum(visitor.let_in for visitor in visitors) > 2 * len(VICTIMS)
    require_a_decision_for_each(watcher.strikes, [each for agent in AGENTS for each in facts[agent]], ENTRIES)
    for agent in AGENTS:
        torn = [each for each in facts[agent] if each.kind is FactKind.STARTED and each.body["presence"] == "uncertain"]
        assert len(torn) >= VICTIMS.count(agent), "a restart that cut something must say so"
        require_an_end_for_each_admission(demo, agent)


def require_an_end_for_each_admission(demo: Demo, agent: str) -> None:
    """Every granted decision became a passage, an admission that ended, or a refusal because the journal was late."""
    facts = require_whole_chains(demo.folder)[agent]
    granted = {each.sequence for each in facts if each.kind is FactKind.DECISION and each.body["outcome"] == "GRANT"}
    ended = {each.body["decision"] for each in facts if each.kind in (FactKind.PASSAGE, FactKind.ADMISSION_ENDED)}
    late = sum(each.body.get("reason") == "JOURNAL_UNAVAILABLE" for each in facts)
    assert len(granted - ended) <= late
