"""Holders who wait at an access point for company: each until their time is up, or until the company is complete."""

from __future__ import annotations

from dataclasses import dataclass

from contract.situation import Companion
from door_agent.portal import Admission


@dataclass(frozen=True, slots=True)
class _Waiting:
    holder: bytes
    until: float
    admission: Admission


class Company:
    """Everybody who waits, by access point. A holder who presents again waits anew."""

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

    def join(self, admission: Admission, now: float, within_s: float) -> None:
        """The holder of this admission begins to wait; an admission without a holder cannot."""
        if admission.holder is None:
            return
        others = [each for each in self._waiting.get(admission.access_point, ()) if each.holder != admission.holder]
        joined = _Waiting(admission.holder, now + within_s, admission)
        self._waiting[admission.access_point] = [*others, joined]

    def complete(self, admission: Admission, now: float) -> tuple[Admission, ...]:
        """Everybody who goes through with this admission, it included; nobody waits there afterwards."""
        waiting = [each for each in self._waiting.pop(admission.access_point, ()) if each.until > now]
        return (*(each.admission for each in waiting if each.holder != admission.holder), admission)

    def gone(self, now: float) -> list[str]:
        """The access points where the last one has just given up waiting."""
        left = {point: [each for each in companions if each.until > now] for point, companions in self._waiting.items()}
        given_up = [point for point, companions in left.items() if not companions]
        self._waiting = {point: companions for point, companions in left.items() if companions}
        return given_up
