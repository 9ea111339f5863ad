"""Hindsight: what a door granted while it carried an older list is decided again by the rules that were in force here.

It stands in this wing because only here both the facts and the lists that were issued are at hand; intake says which
grants are new. A decision whose input cannot be read, or that no newer list bears on, is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import canonical, shape
from contract.authorisation import AuthorisationList, Version
from contract.canonical import Object
from contract.decision import replayed
from contract.outcome import Decision, Outcome
from contract.policy import Policy
from contract.record import Record
from contract.situation import Attempt
from controller.delivery import issued
from controller.delivery.issued import IssuedList
from controller.premises.agent import Agent
from controller.record import overruled
from controller.record.fact import FactRow
from controller.record.opened import opening_of
from controller.record.overruled import OverruledGrant
from controller.record.presented import key_of


@dataclass(slots=True)
class _Newer:
    """An issued list, read once for all decisions of one message: its records by area and holder."""

    carried: AuthorisationList
    tables: dict[str, dict[bytes, list[Record]]] = field(default_factory=dict)

    def of_card(self, area: str, holder: bytes, key: bytes | None) -> Sequence[Record]:
        """What it holds for the card with this look-up key; for each card of the holder where that is not known, or is
        none of theirs: an agent may have been given other keys."""
        found = self.carried.find(area, key) if key is not None else None
        return [found] if found is not None and found.holder == holder else self._of_holder(area, holder)

    def _of_holder(self, area: str, holder: bytes) -> Sequence[Record]:
        if area not in self.tables:
            table: dict[bytes, list[Record]] = {}
            for _, record in self.carried.records(area):
                table.setdefault(record.holder, []).append(record)
            self.tables[area] = table
        return list(dict.fromkeys(self.tables[area].get(holder, ())))


def review(session: Session, now: datetime, agent: Agent, granted: Iterable[int]) -> int:
    """Mark those of the grants of entries at these places in the ledger that would have been refused; how many."""
    opened: dict[Version, _Newer | None] = {}
    marked = 0
    for place in granted:
        row = session.scalar(select(FactRow).where(FactRow.ledger_sequence == place))
        newer = _newer(session, agent, row) if row is not None else None
        if row is None or newer is None:
            continue
        version = Version(newer.epoch, newer.version)
        if version not in opened:
            carried = issued.opened(newer)
            opened[version] = None if carried is None else _Newer(carried)
        found = _overruled(session, row, opened[version])
        if found is not None:
            overruled.mark(session, row, now, found)
            marked += 1
    return marked


def _newer(session: Session, agent: Agent, row: FactRow) -> IssuedList | None:
    """The newest list that had been issued at the moment of a decision, if the door decided on an older one."""
    told = row.fact().body.get("list")
    epoch, version = (told.get("epoch"), told.get("version")) if isinstance(told, dict) else (None, None)
    if not (isinstance(epoch, int) and isinstance(version, int)):
        return None
    newest = issued.issued_by(session, agent, min(row.at, row.received_at) if row.trusted else row.received_at)
    return newest if newest is not None and (newest.epoch, newest.version) > (epoch, version) else None


def _overruled(session: Session, row: FactRow, newer: _Newer | None) -> OverruledGrant | None:
    fact = row.fact()
    opening = opening_of(session, fact, "input")
    if newer is None or opening is None or not isinstance(opening.value, dict):
        return None
    try:
        again = _decided_again(newer, opening.value, key_of(session, fact))
    except (ValueError, LookupError, ArithmeticError):  # an agent may commit to anything
        return None
    refused = [each for each in again if each.outcome is Outcome.REFUSE]
    if not refused:
        return None
    return OverruledGrant(
        ledger_sequence=row.ledger_sequence,
        reason=refused[0].reason,
        epoch=newer.carried.version.epoch,
        version=newer.carried.version.number,
        certain=row.trusted and len(refused) == len(again),
    )


def _decided_again(newer: _Newer, given: Object, key: bytes | None) -> Sequence[Decision]:
    """The same presentation under the newer list: of the card that was presented, or of each that it may have been."""
    attempt, policy = Attempt.from_object(shape.child(given, "attempt")), newer.carried.policy
    if attempt.record is None:
        return []
    point = policy.access_points.get(attempt.access_point)
    records = newer.of_card(point.guarded, attempt.record.holder, key) if point is not None else ()
    return [
        _once_more(policy, given, Attempt(attempt.access_point, attempt.clean, record)) for record in records or (None,)
    ]


def _once_more(policy: Policy, given: Object, attempt: Attempt) -> Decision:
    return replayed(policy, canonical.encode({**given, "attempt": attempt.as_object()}))
