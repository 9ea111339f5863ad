"""Holders who wait at an access point for company: each until their time is up, until the company is complete, until
they present a card anywhere else, or until a new list says something else of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contract.record import Record
from contract.situation import Companion
from door_agent.portal import Admission


@dataclass(frozen=True, slots=True)
class _Waiting:
    holder: bytes
    until: float
    admission: Admission
    record: Record


class Company:
    """Everybody who waits, by access point."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Waiting]] = {}

    @property
    def deadline(self) -> float | None:
        """When the first of them has waited long enough."""
        if not self._waiting:
            return None
        return min((each.until for companions in self._waiting.values() for each in companions), default=None)

    def companions(self, access_point: str, now: float) -> tuple[Companion, ...]:
        """Who waits there now."""
        waiting = self._waiting.get(access_point)
        if waiting is None:
            return ()
        return tuple(Companion(each.holder, each.admission.flags) for each in waiting if each.until > now)

    def join(self, admission: Admission, record: Record | None, now: float, within_s: float) -> None:
        """The holder of this record begins to wait; an admission without a record cannot."""
        if record is not None:
            joined = _Waiting(record.holder, now + within_s, admission, record)
            self._waiting.setdefault(admission.access_point, []).append(joined)

    def leave(self, holder: bytes) -> None:
        """The holder presents a card somewhere: nobody stands at two readers."""
        self._keep(lambda each: each.holder != holder)

    def relisted(self, found: Callable[[str, bytes], Record | None]) -> None:
        """A new list came; `found` is what it says of a card at an access point."""
        self._keep(lambda each: found(each.admission.access_point, each.admission.key) == each.record)

    def complete(self, admission: Admission, now: float) -> tuple[Admission, ...]:
        """Everybody who goes through with this admission, it included; nobody waits there afterwards."""
        waiting = [each for each in self._waiting.pop(admission.access_point, ()) if each.until > now]
        return (*(each.admission for each in waiting), admission)

    def gone(self, now: float) -> list[str]:
        """The access points where the last one has just given up waiting."""
        left = {point: [each for each in companions if each.until > now] for point, companions in self._waiting.items()}
        given_up = [point for point, companions in left.items() if not companions]
        self._waiting = {point: companions for point, companions in left.items() if companions}
        return given_up

    def _keep(self, still: Callable[[_Waiting], bool]) -> None:
        if self._waiting:
            kept = {point: [each for each in waiting if still(each)] for point, waiting in self._waiting.items()}
            self._waiting = {point: waiting for point, waiting in kept.items() if waiting}
