"""One door as a state machine: released, opened, relocked, held, forced. Sans-I/O: moments in, happenings out.

A grant opens an admission. When the door opens, the oldest waiting admission becomes a passage, a company's together.
If it is not certain who went through, the passage is inferred. An admission that ends unopened moves nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Admission:
    """A granted decision waiting for the door; `decision` is its fact's sequence, `holder` None without a record."""

    decision: int
    access_point: str
    holder: bytes | None
    from_area: str
    to_area: str


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
class HeldOpen:
    """The door has been open for too long."""


Happening: TypeAlias = Unlock | Relock | Passed | NotUsed | Opened | Closed | HeldOpen


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Admissions that go through together."""

    company: tuple[Admission, ...]


@dataclass(frozen=True, slots=True)
class Portal:
    """The state of one door. `open` is None where no contact is fitted. `latched`: released by fire, break-glass or a
    lost reader until that ends; nothing relocks it meanwhile."""

    held_open_s: float
    open: bool | None = None
    released_until: float | None = None
    held_at: float | None = None
    held: bool = False
    latched: bool = False
    waiting: tuple[_Waiting, ...] = ()

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called at the latest."""
        return min((each for each in (self.released_until, self.held_at) if each is not None), default=None)

    def released(self, now: float, seconds: float, company: Sequence[Admission] = ()) -> tuple[Portal, list[Happening]]:
        """The lock is released for `seconds`, for a company (one or more) or for nobody in particular (REX)."""
        until = max(now + seconds, self.released_until or 0.0)
        after = replace(self, released_until=until)
        if not company:
            return after, [Unlock()]
        if self.open is False:
            return replace(after, waiting=(*self.waiting, _Waiting(tuple(company)))), [Unlock()]
        # Already open, or no contact: somebody goes through now, and nothing shows who.
        return after, [Unlock(), *(Passed(each, inferred=True) for each in company)]

    def opened(self, now: float) -> tuple[Portal, list[Happening]]:
        """The contact opened."""
        if self.open is True:
            return self, []
        expected = self.latched or self.released_until is not None
        after = replace(self, open=True, held_at=now + self.held_open_s, held=False)
        if not self.waiting:
            return after, [Opened(forced=not expected)]
        first, *rest = self.waiting
        inferred = self._uncertain_who()
        passed: list[Happening] = [Passed(each, inferred) for each in first.company]
        return replace(after, waiting=tuple(rest)), [Opened(forced=not expected), *passed]

    def closed(self) -> tuple[Portal, list[Happening]]:
        """The contact closed; the lock is secured again once nobody is waiting to go through."""
        if self.open is not True:
            return replace(self, open=False), []
        after = replace(self, open=False, held_at=None, held=False)
        happened: list[Happening] = [Closed(held=self.held)]
        if self.waiting or self.released_until is None or self.latched:
            return after, happened
        return replace(after, released_until=None), [*happened, Relock()]

    def tick(self, now: float) -> tuple[Portal, list[Happening]]:
        """What time alone brings: the release ends, the door has been open for too long."""
        after, happened = self, list[Happening]()
        if self.released_until is not None and now >= self.released_until:
            unused = [NotUsed(each) for company in self.waiting for each in company.company]
            after = replace(after, released_until=None, waiting=())
            happened += unused if self.latched else [Relock(), *unused]
        if self.held_at is not None and now >= self.held_at:
            after = replace(after, held_at=None, held=True)
            happened.append(HeldOpen())
        return after, happened

    def latch(self) -> Portal:
        """Released until `unlatch`: by fire, break-glass or a lost reader."""
        return replace(self, latched=True)

    def unlatch(self) -> tuple[Portal, list[Happening]]:
        """The cause is gone and reset; the lock is secured unless a release is running."""
        after = replace(self, latched=False)
        return after, [] if self.released_until is not None else [Relock()]

    def _uncertain_who(self) -> bool:
        """Several companies wait: other holders, or entry and exit at once."""
        return len({each.holder for company in self.waiting for each in company.company}) > len(self.waiting[0].company)
