"""What this agent tells its peers of one area: what it sees as it sees it, everything when one of them lacks something,
and that it is there.

Numbers have no holes. What is lost on the way is not sent again: the peer sees the hole and asks, and gets everything.
While the link is down nothing is made, but the numbers go on, so that the peers see that they missed something.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from contract.presence import Whereabouts
from contract.presence_message import MOST_MOVES, Heard, Part

HEARTBEAT_S = 5.0
EVERYTHING_AFTER_S = 1.0
"""Everything is told again at most this often, and asked for too."""
_SENT_KEPT = 256


class Telling:
    """One area. `seen`: what this agent has witnessed, by holder; it grows while this object lives."""

    def __init__(self, seen: Mapping[bytes, Whereabouts], now: float) -> None:
        self._seen = seen
        self.sequence = 0
        self.due = now
        self._sent: deque[tuple[int, float]] = deque(maxlen=_SENT_KEPT)
        self._moves: dict[bytes, Whereabouts] = {}
        self._pieces: list[list[bytes]] = []
        self._pieces_of = 0
        self._everything_at = now - EVERYTHING_AFTER_S
        self._everything_until = 0
        self._asked_at = now - EVERYTHING_AFTER_S
        self._wanted = False

    def moved(self, holder: bytes, where: Whereabouts, now: float) -> None:
        """Tell it as soon as the thinking thread has a moment."""
        self._moves[holder] = where
        self.due = now

    def soon(self, now: float) -> None:
        """Say that we are there, and what changed, at once."""
        self.due = min(self.due, now)

    def ask(self, now: float) -> None:
        """Something of a peer is missing: it will read so in our next message, which is soon."""
        self.due = min(self.due, max(now, self._asked_at + EVERYTHING_AFTER_S))

    def heard(self, session: int, known: Heard | None, now: float) -> None:
        """How far a peer has heard us (None: it does not say); it gets everything when it lacks something, unless that
        is on its way."""
        if known is None:
            return
        ours = known.session == session
        if (ours and known.whole) or (ours and known.sequence < self._everything_until) or self._pieces:
            return
        self._wanted = True
        self.due = min(self.due, max(now, self._everything_at + EVERYTHING_AFTER_S))

    def sent_at(self, session: int, known: Heard | None) -> float | None:
        """When we sent the message up to which a peer says it heard us in this session."""
        if known is None or known.session != session:
            return None
        return next((at for sequence, at in self._sent if sequence == known.sequence), None)

    def skip(self) -> None:
        """The link is down: what there was to tell is lost, and that shows by the number."""
        if self._moves or self._pieces:
            self.sequence += 1
            self._moves, self._pieces = {}, []

    def next(self, now: float) -> tuple[dict[bytes, Whereabouts], Part | None]:
        """The moves of the next message, whose number is `sequence` from now on."""
        if self._wanted and now >= self._everything_at + EVERYTHING_AFTER_S:
            self._begin_everything(now)
        moves, part = self._piece() if self._pieces else (self._some_moves(), None)
        self.sequence += 1
        self._sent.append((self.sequence, now))
        self._asked_at = now
        self.due = now if self._moves or self._pieces else now + HEARTBEAT_S
        if self._wanted:
            self.due = min(self.due, self._everything_at + EVERYTHING_AFTER_S)
        return moves, part

    def _begin_everything(self, now: float) -> None:
        holders = list(self._seen)
        self._pieces = [holders[at : at + MOST_MOVES] for at in range(0, len(holders), MOST_MOVES)] or [[]]
        self._pieces_of = len(self._pieces)
        self._everything_at, self._wanted = now, False
        self._everything_until = self.sequence + self._pieces_of

    def _piece(self) -> tuple[dict[bytes, Whereabouts], Part]:
        """As it stands now: who passed since the first piece is told of again beside."""
        number = self._pieces_of - len(self._pieces) + 1
        holders = self._pieces.pop(0)
        return {holder: self._seen[holder] for holder in holders}, Part(number, self._pieces_of)

    def _some_moves(self) -> dict[bytes, Whereabouts]:
        taken = dict(list(self._moves.items())[:MOST_MOVES])
        self._moves = {holder: where for holder, where in self._moves.items() if holder not in taken}
        return taken
