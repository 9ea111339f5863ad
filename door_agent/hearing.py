"""What this agent has heard of one peer about one area, and whether it may rely on it.

A peer is current when nothing of what it witnessed is missing, when it has answered a message of ours that is young
enough, and when it has announced no later list than ours. An answer proves more than an arrival: a message that a
hostile broker kept back arrives now, but it cannot know of what we sent meanwhile.
"""

from __future__ import annotations

from contract.presence_message import Announced, Part, Presence, Told

PEERS_WITHIN_S = 30.0
"""How long ago the message of ours may be sent that the peer has answered."""


class Hearing:
    """Begins knowing nothing. `since`: when (monotonic) it began."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.session = self.sequence = 0
        self.whole = False
        self.uncertain = False
        self.answered: float | None = None
        """When we sent the latest message that the peer is known to have received before it spoke."""
        self.announced: Announced | None = None
        self.announced_at = since
        self.failing_since: float | None = None
        self.lost = False
        """Whether it was recorded that this peer may not be relied on."""
        self._next_part = 0

    def follows(self, message: Presence) -> bool:
        """Whether it is newer than what was heard; ValueError when it belongs to an earlier session."""
        if message.session < self.session:
            raise ValueError("from before the sender's last start")
        return message.session > self.session or message.sequence > self.sequence

    def take(self, message: Presence, told: Told, now: float) -> None:
        """A newer message; what is missing before it, or not, shows by its number."""
        gapless = (message.session, message.sequence) == (self.session, self.sequence + 1)
        self.session, self.sequence = message.session, message.sequence
        if not gapless:
            self.whole, self._next_part = False, 0
        if told.part is not None:
            self._piece(told.part)
        self.uncertain = told.uncertain
        if told.announced != self.announced:
            self.announced, self.announced_at = told.announced, now

    def answers(self, sent_at: float | None) -> None:
        """The peer has received what we sent then."""
        if sent_at is not None:
            self.answered = sent_at if self.answered is None else max(self.answered, sent_at)

    def silent_s(self, now: float) -> float:
        """Seconds since it is proven to have been there; since we began to listen when it never was."""
        return now - (self.since if self.answered is None else self.answered)

    def failing(self, now: float, carried: Announced, proven_at: float | None) -> str:
        """Why it may not be relied on; empty when it may. proven_at: when our list was last proven the newest."""
        if self.answered is None or self.silent_s(now) > PEERS_WITHIN_S:
            return "silent"
        if not self.whole:
            return "incomplete"
        if self.announced is not None and self.announced.later_than(carried):
            return "" if proven_at is not None and proven_at >= self.announced_at else "later list"
        return ""

    def _piece(self, part: Part) -> None:
        """One piece of everything; all of them without a hole make it whole."""
        self._next_part = part.number + 1 if part.number in (1, self._next_part) else 0
        if self._next_part > part.of:
            self.whole, self._next_part = True, 0
