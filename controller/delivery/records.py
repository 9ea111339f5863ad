"""The records of one area's table: one for each identity of everybody who may enter, or must be able to leave.

Grants of one cardholder that hold now are merged where that is exact: with one schedule the validity is the union, with
several the schedules are united and the validity ends with the first grant. A card whose permission ended stays,
exit-only, at least EXIT_ONLY_DAYS and until its holder is recorded elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contract import schedule as week
from contract.credential import lookup_key
from contract.record import ALWAYS, FOREVER, Flag, Record
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow, State
from controller.people.permission import AccessLevelArea, Grant, GrantState
from controller.premises import schedule as schedule_rows
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.record.occupancy import Presence

EXIT_ONLY_DAYS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Right:
    """One grant as it bears on one area."""

    grant: Grant
    schedule_id: int | None


@dataclass(slots=True)
class Schedules:
    """The schedules of one list, each once, with the exceptional dates of `years`; number 0 is always."""

    session: Session
    years: range
    numbers: dict[frozenset[int], int] = field(default_factory=dict)
    compiled: list[week.Schedule] = field(default_factory=lambda: [week.ALWAYS])

    def number(self, ids: frozenset[int | None]) -> int:
        if None in ids:
            return ALWAYS
        named = frozenset(each for each in ids if each is not None)
        if named not in self.numbers:
            found = [self.session.get_one(Schedule, each) for each in sorted(named)]
            united = [schedule_rows.compiled(self.session, each, self.years) for each in found]
            self.numbers[named] = len(self.compiled)
            self.compiled.append(united[0] if len(united) == 1 else week.united(united))
        return self.numbers[named]


def table(session: Session, list_key: bytes, area: Area, now: datetime, schedules: Schedules) -> dict[bytes, Record]:
    rights = _rights(session, area)
    inside = set(session.scalars(select(Presence.cardholder_id).where(Presence.area_id == area.id)))
    table: dict[bytes, Record] = {}
    for holder, card, identity in _cards(session, rights.keys() | inside):
        own = rights.get(holder.id, [])
        record = _record(holder, card, own, now, schedules)
        if record is None and (holder.id in inside or now - _ended(holder, card, own, now) < EXIT_ONLY_DAYS):
            record = Record(holder.handle, 0, 0, FOREVER, ALWAYS, Flag.EXIT_ONLY | _time(holder))
        if record is not None:
            table[lookup_key(list_key, identity.identity())] = record
    return table


def _rights(session: Session, area: Area) -> dict[int, list[_Right]]:
    """Everything that ever permitted `area`, by cardholder."""
    levels = {
        row.access_level_id: row.schedule_id
        for row in session.scalars(select(AccessLevelArea).where(AccessLevelArea.area_id == area.id))
    }
    decided = Grant.state.in_((GrantState.APPROVED, GrantState.REVOKED)) & Grant.decided_at.is_not(None)
    mine = or_(Grant.area_id == area.id, Grant.access_level_id.in_(levels))
    found: dict[int, list[_Right]] = {}
    for grant in session.scalars(select(Grant).where(decided, mine).order_by(Grant.id)):
        of_level = levels.get(grant.access_level_id) if grant.access_level_id is not None else None
        right = _Right(grant, grant.schedule_id if grant.area_id is not None else of_level)
        found.setdefault(grant.cardholder_id, []).append(right)
    return found


def _cards(session: Session, holders: Iterable[int]) -> Iterable[tuple[Cardholder, Credential, IdentityRow]]:
    wanted = sorted(holders)
    statement = (
        select(Cardholder, Credential, IdentityRow)
        .join(Credential, Credential.cardholder_id == Cardholder.id)
        .join(IdentityRow, IdentityRow.credential_id == Credential.id)
    )
    for start in range(0, len(wanted), 500):
        some = statement.where(Cardholder.id.in_(wanted[start : start + 500]))
        for row in session.execute(some.order_by(IdentityRow.id)):
            yield row[0], row[1], row[2]


def _record(
    holder: Cardholder, card: Credential, rights: Sequence[_Right], now: datetime, schedules: Schedules
) -> Record | None:
    """The record that permits what `rights` permit, or None when they permit nothing to this card any more."""
    if not holder.active or card.state != State.ACTIVE:
        return None
    live = [each for each in rights if each.grant.state == GrantState.APPROVED]
    current = [each for each in live if each.grant.in_force(now)]
    coming = sorted((each for each in live if each.grant.valid_from > now), key=lambda each: each.grant.valid_from)
    merged = current or coming[:1]
    if not merged:
        return None
    ids = frozenset(each.schedule_id for each in merged)
    alike = len(ids) == 1
    starts = [_seconds(each.grant.valid_from) for each in merged]
    ends = [_until(each.grant) for each in merged]
    essential = any(each.grant.essential for each in merged)
    return Record(
        holder.handle,
        merged[0].grant.id,
        min(starts) if alike else max(starts),
        max(ends) if alike else min(ends),
        schedules.number(ids),
        (Flag.ESSENTIAL if essential else Flag.NONE) | _time(holder),
    )


def _time(holder: Cardholder) -> Flag:
    return Flag.EXTENDED if holder.extended else Flag.NONE


def _until(grant: Grant) -> int:
    return FOREVER if grant.valid_until is None else _seconds(grant.valid_until)


def _seconds(moment: datetime) -> int:
    """As a record holds it: whole UTC seconds from 1970 to 2106."""
    return max(0, min(FOREVER, int(moment.timestamp())))


def _ended(holder: Cardholder, card: Credential, rights: Sequence[_Right], now: datetime) -> datetime:
    """When this card lost its last permission here."""
    if not rights:
        return now - EXIT_ONLY_DAYS
    ends = [each.grant.revoked_at or each.grant.valid_until or now for each in rights]
    last = min(max(ends), now)
    return min(each for each in (holder.ended_at, card.ended_at, last) if each is not None)
