"""One door as a state machine: released, opened, relocked, held, forced. Sans-I/O: moments in, happenings out.

A grant opens an admission. When the door opens, the oldest waiting admission becomes a passage, a company's together.
If it is not certain who went through, the passage is inferred. An admission that ends unopened moves nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import msgspec


class Admission(msgspec.Struct, frozen=True):
    """A granted decision waiting for the door; `decision` is its fact's sequence, `holder` None without a record.

    key: the card's look-up key; flags, forgiven: of the record. A restart forgets these three, and ends the admission.
    """

    decision: int
    access_point: str
    holder: bytes | None
    from_area: str
    to_area: str
    key: bytes = b""
    flags: int = 0
    forgiven: int = 0


@dataclass(frozen=True, slots=True)
class Unlock:
    """Release the lock."""


@dataclass(frozen=True, slots=True)
class Relock:
    """Secure the lock."""


@dataclass(frozen=True, slots=True)
class Passed:
    admission: Admission
    inferred: bool


@dataclass(frozen=True, slots=True)
class NotUsed:
    admission: Admission


@dataclass(frozen=True, slots=True)
class Opened:
    """The door was opened; forced: nothing had released it."""

    forced: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """The door was closed; held: the held-open alarm ends with it."""

    held: bool


@dataclass(frozen=True, slots=True)
class SoonHeld:
    """The door will have been open for too long in a moment: warn who stands there."""


@dataclass(frozen=True, slots=True)
class HeldOpen:
    """The door has been open for too long."""


@dataclass(frozen=True, slots=True)
class Lingered:
    """The door stayed open for longer than those who were let through need."""


Happening: TypeAlias = Unlock | Relock | Passed | NotUsed | Opened | Closed | SoonHeld | HeldOpen | Lingered


@dataclass(frozen=True, slots=True)
class Times:
    """How this door is timed, in seconds: `contract.policy.DoorPolicy`, as the list says it.

    pre_alarm: before the held-open alarm (0: no warning); shunt: an opening this soon after a closing is bounce;
    passing: what one person needs to pass (0: not looked at).
    """

    held_open: float = 30.0
    extended_held_open: float = 60.0
    pre_alarm: float = 0.0
    shunt: float = 0.0
    relock_on_open: bool = False
    passing: float = 0.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Admissions that go through together."""

    company: tuple[Admission, ...]


@dataclass(frozen=True, slots=True)
class Portal:
    """The state of one door. `open` is None where no contact is fitted. `latched`: released by fire, break-glass or a
    lost reader, or unlocked, until that ends; nothing relocks it meanwhile. `extended`: somebody who needs more time
    goes through."""

    times: Times = Times()
    open: bool | None = None
    released_until: float | None = None
    warn_at: float | None = None
    held_at: float | None = None
    closed_at: float | None = None
    lingers_at: float | None = None
    held: bool = False
    latched: bool = False
    extended: bool = False
    waiting: tuple[_Waiting, ...] = ()

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called at the latest."""
        if self.released_until is self.warn_at is self.held_at is self.lingers_at is None:
            return None
        moments = (self.released_until, self.warn_at, self.held_at, self.lingers_at)
        return min(each for each in moments if each is not None)

    @property
    def secured(self) -> bool:
        """Closed as far as the contact knows, and locked: nobody is going through."""
        return not self.open and self.released_until is None and not self.latched

    def released(
        self, now: float, seconds: float, company: Sequence[Admission] = (), *, extended: bool = False
    ) -> tuple[Portal, list[Happening]]:
        """The lock is released for `seconds`, for a company (one or more) or for nobody in particular (REX)."""
        until = max(now + seconds, self.released_until or 0.0)
        after = replace(self, released_until=until, extended=self.extended or extended)
        if not company:
            return replace(after, lingers_at=None), [Unlock()]
        if self.open is False:
            return replace(after, waiting=(*self.waiting, _Waiting(tuple(company)))), [Unlock()]
        # Already open, or no contact: somebody goes through now, and nothing shows who.
        if after.lingers_at is not None:
            after = replace(after, lingers_at=after.lingers_at + self.times.passing * len(company))
        return after, [Unlock(), *(Passed(each, inferred=True) for each in company)]

    def opened(self, now: float) -> tuple[Portal, list[Happening]]:
        """The contact opened."""
        if self.open is True:
            return self, []
        bounced = self.closed_at is not None and now - self.closed_at <= self.times.shunt
        forced = not (self.latched or self.released_until is not None or bounced)
        after, passed = self._opened(now)
        happened: list[Happening] = [Opened(forced), *passed]
        if self.times.relock_on_open and after.released_until is not None and not after.waiting and not after.latched:
            return replace(after, released_until=None), [*happened, Relock()]
        return after, happened

    def closed(self, now: float) -> tuple[Portal, list[Happening]]:
        """The contact closed; the lock is secured again once nobody is waiting to go through."""
        if self.open is not True:
            return replace(self, open=False), []
        after = replace(
            self, open=False, warn_at=None, held_at=None, lingers_at=None, held=False, extended=False, closed_at=now
        )
        happened: list[Happening] = [Closed(held=self.held)]
        if self.waiting or self.released_until is None or self.latched:
            return after, happened
        return replace(after, released_until=None), [*happened, Relock()]

    def tick(self, now: float) -> tuple[Portal, list[Happening]]:
        """What time alone brings: the release ends, the door has been open for too long."""
        after, happened = self, list[Happening]()
        if self.released_until is not None and now >= self.released_until:
            unused = [NotUsed(each) for company in self.waiting for each in company.company]
            extended = self.extended and self.open is True
            after = replace(after, released_until=None, waiting=(), extended=extended)
            happened += unused if self.latched else [Relock(), *unused]
        if self.held_at is not None and now >= self.held_at:
            after = replace(after, warn_at=None, held_at=None, held=True)
            happened.append(HeldOpen())
        elif self.warn_at is not None and now >= self.warn_at:
            after = replace(after, warn_at=None)
            happened.append(SoonHeld())
        if self.lingers_at is not None and now >= self.lingers_at:
            after = replace(after, lingers_at=None)
            happened.append(Lingered())
        return after, happened

    def latch(self) -> Portal:
        """Released until `unlatch`: by fire, break-glass or a lost reader, or unlocked."""
        return replace(self, latched=True)

    def unlatch(self, now: float) -> tuple[Portal, list[Happening]]:
        """The cause is gone and reset; the lock is secured unless a release is running. From now on the door may be
        open for too long."""
        after = replace(self, latched=False)
        if self.open and not self.held:
            after = replace(after, held_at=now + self.times.held_open)
        return after, [] if self.released_until is not None else [Relock()]

    def _opened(self, now: float) -> tuple[Portal, list[Happening]]:
        """Open from now on; the company that waited longest has gone through."""
        held_at = now + (self.times.extended_held_open if self.extended else self.times.held_open)
        warn_at = held_at - self.times.pre_alarm if self.times.pre_alarm > 0 else None
        after = replace(self, open=True, held_at=held_at, warn_at=warn_at, held=False)
        if not self.waiting:
            return after, []
        first, *rest = self.waiting
        inferred = self._uncertain_who()
        if self.times.passing and not self.extended and not self.latched:
            after = replace(after, lingers_at=now + self.times.passing * len(first.company))
        return replace(after, waiting=tuple(rest)), [Passed(each, inferred) for each in first.company]

    def _uncertain_who(self) -> bool:
        """Several companies wait: other holders, or entry and exit at once."""
        waiting = {(each.holder, each.access_point) for company in self.waiting for each in company.company}
        return len(waiting) > len(self.waiting[0].company)
