"""What this agent has itself seen at its own doors: of every holder the latest passage, and the stamp that places it.

A stamp is the wall clock in microseconds, but always later than what was known of that holder when they passed; so what
an agent had heard of never seems to come after what it saw. A clock that cannot be believed goes on from the latest
stamp that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from contract.presence import Passage, Whereabouts
from contract.presence_message import LAST_STAMP
from contract.situation import Moment
from door_agent.events import Record
from door_agent.presence import Presence

_MICRO = 1_000_000


class Witness:
    """`seen`: by holder, in the order of the latest passages; `name`: this agent; `presence`: what is known already."""

    def __init__(self, name: str, seen: Mapping[bytes, Whereabouts], presence: Presence) -> None:
        self._name, self._presence = name, presence
        self.seen: dict[bytes, Whereabouts] = dict(seen)
        self._latest = max((each.stamp for each in seen.values()), default=0)
        self._latest_at = 0.0

    def stamped(self, record: Record, moment: Moment) -> Record:
        """The record with its passage placed; it is seen from now on."""
        moved = record.moved
        if moved is None:
            return record
        known = self._presence.known(moved.holder)
        before = known.stamp if known is not None else 0
        stamp = min(LAST_STAMP, max(self._clock(moment), before + 1))
        where = replace(moved.to, stamp=stamp, before=before, witness=self._name)
        self.learned(stamp, moment)
        self.seen.pop(moved.holder, None)
        self.seen[moved.holder] = where
        return msgspec.structs.replace(record, moved=Passage(moved.holder, moved.from_area, where))

    def learned(self, stamp: int, moment: Moment) -> None:
        """Somebody's clock has come this far."""
        if stamp > self._latest:
            self._latest, self._latest_at = stamp, moment.mono

    def _clock(self, moment: Moment) -> int:
        if moment.trusted:
            return max(0, int(moment.wall.timestamp() * _MICRO))
        return self._latest + max(0, int((moment.mono - self._latest_at) * _MICRO))
