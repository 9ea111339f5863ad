"""What a card may be, what may be done with it, and what time and use make of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_USES = 10_000
MOST_DAYS = 3_660


class State(StrEnum):
    """The first seven are said by people; the others are found by `state_at`."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    SUPERSEDED = "superseded"
    INACTIVE = "inactive"
    EXHAUSTED = "exhausted"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"


class Act(StrEnum):
    """What may be done with a card, as the API's routes call it."""

    SUSPEND = "suspend"
    RESUME = "resume"
    LOSE = "lost"
    STEAL = "stolen"
    DAMAGE = "damaged"
    RETURN = "return"
    DESTROY = "destroy"
    RESTORE = "restore"


_USED = frozenset({State.ACTIVE, State.INACTIVE, State.SUSPENDED})
_GONE = frozenset({State.LOST, State.STOLEN})

ACTS: dict[Act, tuple[frozenset[State], State]] = {
    Act.SUSPEND: (frozenset({State.ACTIVE, State.INACTIVE}), State.SUSPENDED),
    Act.RESUME: (frozenset({State.SUSPENDED, State.INACTIVE}), State.ACTIVE),
    Act.LOSE: (_USED | {State.DAMAGED}, State.LOST),
    Act.STEAL: (_USED | {State.DAMAGED, State.LOST}, State.STOLEN),
    Act.DAMAGE: (_USED | _GONE, State.DAMAGED),
    Act.RETURN: (_USED | _GONE | {State.DAMAGED}, State.RETURNED),
    Act.DESTROY: (_USED | _GONE | {State.DAMAGED, State.RETURNED}, State.DESTROYED),
    Act.RESTORE: (_GONE | {State.DAMAGED, State.RETURNED}, State.ACTIVE),
}
"""From which states an act is possible, and to which it leads. A destroyed card is destroyed for ever."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a card is good: valid_from <= now < valid_until; entries at most max_uses; max_days from the first entry
    on; and while no unused_days go by without an entry. None: without that limit."""

    valid_from: datetime | None = None
    valid_until: datetime | None = None
    max_uses: int | None = None
    max_days: int | None = None
    unused_days: int | None = None

    @property
    def sound(self) -> bool:
        days = (self.max_days, self.unused_days)
        uses = self.max_uses is None or 1 <= self.max_uses <= MOST_USES
        return uses and all(each is None or 1 <= each <= MOST_DAYS for each in days)

    def ends(self, first_used: datetime | None) -> datetime | None:
        """When the card expires, once its first use is known; None: never."""
        counted = None if self.max_days is None or first_used is None else first_used + timedelta(days=self.max_days)
        return min((each for each in (self.valid_until, counted) if each is not None), default=None)


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class CardLife:
    """entries through every door; superseded_at: when a higher issue level was given."""

    entries: int = 0
    first_used: datetime | None = None
    last_used: datetime | None = None
    superseded_at: datetime | None = None


UNUSED = CardLife()


def state_at(said: State, limits: Limits, active_since: datetime, life: CardLife, now: datetime) -> State:
    """What a card is at `now`, of which people said `said`; the first that applies, in the order of reasons."""
    if said is not State.ACTIVE:
        return said
    if life.superseded_at is not None:
        return State.SUPERSEDED
    if idle(limits, active_since, life.last_used, now):
        return State.INACTIVE
    if limits.max_uses is not None and life.entries >= limits.max_uses:
        return State.EXHAUSTED
    if limits.valid_from is not None and now < limits.valid_from:
        return State.NOT_YET_VALID
    ends = limits.ends(life.first_used)
    return State.EXPIRED if ends is not None and now >= ends else State.ACTIVE


def idle(limits: Limits, active_since: datetime, last_used: datetime | None, now: datetime) -> bool:
    """Whether a card lay unused for longer than it may."""
    if limits.unused_days is None:
        return False
    return now >= max(active_since, last_used or active_since) + timedelta(days=limits.unused_days)
