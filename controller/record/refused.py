"""Refused messages: an auditor sees that they came, and garbage cannot fill the ledger.

The first ones of an agent and a topic are recorded one by one, then one row a window stands for all of them. Nothing
that a message holds is recorded: only which agent's topic it came on, how many there were, and one of our own reasons.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.record import alarm
from controller.record.chain import Flaw

WINDOW = timedelta(minutes=10)
A_WINDOW = 3
SILENT = frozenset({Flaw.HOLE, Flaw.CONTRADICTS})
"""Of these nobody need be told: a hole is filled when the agent sends again, and a broken chain has its own alarm."""


class Refusals:
    """The counts of one controller's life. Bounded by the number of agents and topics, because both are known names."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, str], _Count] = {}

    def note(self, session: Session, now: datetime, agent_id: int, topic: str, why: Flaw) -> None:
        """Record one refused message, or only count it."""
        count = self._counts.setdefault((agent_id, topic), _Count(now))
        told = count.told(now)
        if told is None:
            return
        plain = {"topic": topic, "why": why, "count": told}
        place = append(session, Kind.MESSAGE_REFUSED, "controller", now, {"agent": agent_id}, plain)
        if why not in SILENT and not alarm.is_waiting(session, alarm.MESSAGE_REFUSED, agent_id):
            alarm.raise_alarm(session, alarm.MESSAGE_REFUSED, now, place, agent_id, None)


class _Count:
    def __init__(self, now: datetime) -> None:
        self._window_from, self._recorded, self._unrecorded = now, 0, 0

    def told(self, now: datetime) -> int | None:
        """How many messages the row that is now due stands for; None when none is due."""
        self._unrecorded += 1
        if not timedelta(0) <= now - self._window_from < WINDOW:
            self._window_from, self._recorded = now, 0
        if self._recorded >= A_WINDOW:
            return None
        self._recorded += 1
        told, self._unrecorded = self._unrecorded, 0
        return told
