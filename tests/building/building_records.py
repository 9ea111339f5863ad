"""What a building recorded, read from its files after it has ended: for tests that compare both ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cli.demo.building import AGENTS
from contract import fact
from contract.fact import Fact, FactKind
from contract.leaf import leaf_hash


@dataclass(frozen=True, slots=True)
class Strike:
    """A rising edge of a strike, in seconds of CLOCK_MONOTONIC."""

    door: str
    mono: float


def received(folder: Path, agent: str) -> list[Fact]:
    """The facts of `agent` that the controller holds, in order; every row's hash is checked."""
    statement = (
        "SELECT f.sequence, f.encoded, f.fact_hash FROM fact f JOIN agent a ON a.id = f.agent_id WHERE a.key = ?"
        " ORDER BY f.sequence"
    )
    found: list[Fact] = []
    with closing(sqlite3.connect(folder / "building" / "controller.sqlite")) as database:
        for sequence, encoded, digest in database.execute(statement, (agent,)):
            assert fact.fact_hash(encoded) == digest
            found.append(fact.decoded(encoded))
            assert found[-1].sequence == sequence
    return found


def kept(folder: Path, agent: str) -> tuple[int, list[Fact]]:
    """How far the agent's journal was acknowledged, and the facts that it still keeps."""
    with closing(sqlite3.connect(folder / "building" / "agents" / agent / "data" / "journal.sqlite")) as journal:
        through = journal.execute("SELECT value FROM meta WHERE name = 'sequence'").fetchone()
        rows = journal.execute("SELECT encoded FROM fact ORDER BY sequence").fetchall()
    return int(through[0]) if through else 0, [fact.decoded(encoded) for (encoded,) in rows]


def require_whole_chains(folder: Path) -> dict[str, list[Fact]]:
    """Every agent's facts, once it is certain that nothing is missing, doubled, altered or known to one side only."""
    whole: dict[str, list[Fact]] = {}
    for agent in AGENTS:
        facts, (through, waiting) = received(folder, agent), kept(folder, agent)
        assert [each.sequence for each in facts] == list(range(1, len(facts) + 1))
        for earlier, later in pairwise(facts):
            assert later.previous == fact.fact_hash(earlier.encoded())
        assert through <= len(facts), "the agent forgot what the controller does not hold"
        for each in waiting:
            if each.sequence <= len(facts):
                assert each == facts[each.sequence - 1]
        unsent = [each for each in waiting if each.sequence > len(facts)]
        assert [each.sequence for each in unsent] == list(range(len(facts) + 1, len(facts) + 1 + len(unsent)))
        whole[agent] = [*facts, *unsent]
    return whole


def require_whole_ledger(folder: Path) -> int:
    """The number of ledger rows, once it is certain that they are without holes and that every fact has one."""
    with closing(sqlite3.connect(folder / "building" / "controller.sqlite")) as database:
        rows = database.execute("SELECT sequence, leaf, leaf_hash FROM ledger ORDER BY sequence").fetchall()
        facts = {place for (place,) in database.execute("SELECT ledger_sequence FROM fact")}
        fact_rows = {place for (place,) in database.execute("SELECT sequence FROM ledger WHERE kind = 'fact'")}
    assert [sequence for sequence, _, _ in rows] == list(range(1, len(rows) + 1))
    assert all(leaf_hash(leaf) == digest for _, leaf, digest in rows)
    assert facts == fact_rows
    return len(rows)


def require_a_decision_for_each(strikes: Sequence[Strike], facts: Sequence[Fact], entries: Sequence[str]) -> None:
    """Every strike edge must have a granted decision before it that no other edge used, made at most 0.5 s before."""
    granted = [
        (each.mono_us / 1e6, each.body["door"])
        for each in facts
        if each.kind is FactKind.DECISION and each.body["outcome"] == "GRANT" and each.body["access_point"] in entries
    ]
    for strike in strikes:
        mine = [each for each in granted if each[1] == strike.door and 0.0 <= strike.mono - each[0] < 0.5]
        assert mine, f"{strike.door} was released at {strike.mono} without a decision"
        granted.remove(mine[-1])
