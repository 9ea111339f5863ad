"""When facts are published again: soon at first, later every few seconds, and never put off by facts that follow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.topic import Address
from door_agent.events import Record
from door_agent.journal import Journal
from door_agent.uplink import FIRST_RESEND_S, RESEND_S, Uplink

CEDAR = Address("tokyo", "cedar")


class Line:
    """An uplink with its journal, a clock that the test moves, and what it published: (when, how many facts)."""

    def __init__(self, journal: Journal) -> None:
        self.now, self.told, self._journal, self._count = 0.0, list[tuple[float, int]](), journal, 0
        self.uplink = Uplink(CEDAR, Ed25519PrivateKey.generate(), journal, self._publish, lambda: self.now)

    def fact(self) -> None:
        self._count += 1
        self._journal.commit([Record(self._count, b"fact", b"", b"")])

    def step(self, to: float) -> int:
        """Let it be `to`, and let it send what is due; how many facts it sent."""
        self.now = to
        return self.uplink.send_due()

    def _publish(self, _topic: str, _envelope: bytes) -> bool:
        return True


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.resume(CEDAR)
    yield Line(journal)
    journal.close()


def test_facts_that_follow_do_not_put_off_what_was_lost(line: Line) -> None:
    """Behind a fact that was lost the centre takes none: waiting for a pause might be waiting for ever."""
    line.fact()
    assert line.step(0.0) == 1
    sent = []
    for place in range(1, 9):
        line.fact()
        sent.append(line.step(place * FIRST_RESEND_S / 4))
    assert sent == [1, 1, 1, 1, 6, 1, 1, 1]


def test_it_is_patient_with_a_controller_that_stays_away(line: Line) -> None:
    line.fact()
    times = [at / 4 for at in range(160) if line.step(at / 4)]
    pauses = [later - before for before, later in pairwise(times)]
    assert pauses[:3] == [1.25, 2.25, 4.25]
    assert set(pauses[3:]) == {RESEND_S + 0.25}


def test_an_acknowledgement_that_gets_somewhere_begins_anew_and_another_one_changes_nothing(line: Line) -> None:
    line.fact()
    line.fact()
    assert line.step(0.0) == 2
    line.uplink.acknowledged(1)
    assert line.step(0.9) == 0
    line.uplink.acknowledged(1)
    assert line.step(1.2) == 1
    line.uplink.acknowledged(2)
    assert line.step(60.0) == 0


def test_a_new_connection_begins_with_the_first_fact_that_is_not_acknowledged(line: Line) -> None:
    line.fact()
    assert line.step(0.0) == 1
    line.uplink.connected()
    assert line.step(0.1) == 1
