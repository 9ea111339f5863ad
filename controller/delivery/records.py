"""The records of one area's table: one for each identity of everybody who may enter, or must be able to leave.

Grants of one cardholder that hold now are merged where that is exact: with one schedule the validity is the union, with
several the schedules are united and the validity ends with the first grant. Where only some are essential, the merged
one is essential no longer than those, and only if they alone permit the same hours. A card whose permission ended
stays, exit-only, and one that is out of use stays with its state, at least EXIT_ONLY_DAYS and until its holder is
recorded elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contract import schedule as week
from contract.credential import lookup_key
from contract.record import ALWAYS, FOREVER, Flag, Record
from controller.delivery.cards import CardPart, card_part, cards_of, seconds
from controller.people import training
from controller.people.access_level import AccessLevelArea, AccessLevelAreaLeft
from controller.people.attribute import AttributeRow, flags_and_clearance
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow
from controller.people.permission import Grant, GrantState
from controller.premises import schedule as schedule_rows
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.record.occupancy import Presence

EXIT_ONLY_DAYS = timedelta(days=7)
_FORGIVEN_MODULUS = 2**16
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Right:
    """One grant as it bears on one area; left_at: since when its access level opens this area no more."""

    grant: Grant
    schedule_id: int | None
    left_at: datetime | None = None

    def ended_at(self, now: datetime) -> datetime:
        """When it ended, of one that permits nothing any more."""
        ended = self.grant.revoked_at or self.grant.valid_until or now
        return ended if self.left_at is None else min(ended, self.left_at)


@dataclass(slots=True)
class Schedules:
    """The schedules of one list, each once, with the exceptional dates of `years`; number 0 is always. known: those
    that were read, by id."""

    session: Session
    years: range
    numbers: dict[frozenset[int], int] = field(default_factory=dict)
    compiled: list[week.Schedule] = field(default_factory=lambda: [week.ALWAYS])
    known: dict[int, week.Schedule] = field(default_factory=dict)

    def read(self, ids: Iterable[int | None]) -> None:
        """Read these together; None is always."""
        wanted = {each for each in ids if each is not None} - self.known.keys()
        if wanted:
            rows = self.session.scalars(select(Schedule).where(Schedule.id.in_(wanted))).all()
            self.known |= schedule_rows.compiled_each(self.session, rows, self.years)

    def number(self, ids: frozenset[int | None]) -> int:
        if None in ids:
            return ALWAYS
        named = frozenset(each for each in ids if each is not None)
        if named not in self.numbers:
            self.read(named)
            united = [self.known[each] for each in sorted(named)]
            self.numbers[named] = len(self.compiled)
            self.compiled.append(united[0] if len(united) == 1 else week.united(united))
        return self.numbers[named]


def table(
    session: Session, list_key: bytes, agent_id: int, area: Area, now: datetime, schedules: Schedules
) -> dict[bytes, Record]:
    """The table of `area` in the list of one agent, by look-up key."""
    rights, trained = _rights(session, area, now), training.trained_until(session, area)
    inside = set(session.scalars(select(Presence.cardholder_id).where(Presence.area_id == area.id)))
    schedules.read(right.schedule_id for each in rights.values() for right in each)
    table: dict[bytes, Record] = {}
    for some in _some_at_once(rights.keys() | inside):
        cards, held = cards_of(session, some, agent_id), _attributes(session, some)
        for holder, card, identity in _identities(session, some):
            part = card_part(card, identity, cards, now)
            permitted = _until_gone(_merged(rights.get(holder.id, ()), now), holder, now)
            gone = _gone(holder, part, rights.get(holder.id, ()), now, permitted=permitted is not None)
            if holder.id in inside or gone is None or now - gone < EXIT_ONLY_DAYS:
                person = _person(holder, held.get(holder.id, ()), trained)
                table[lookup_key(list_key, identity.identity())] = _record(person, part, permitted, schedules)
    return table


def _rights(session: Session, area: Area, now: datetime) -> dict[int, list[_Right]]:
    """Everything that ever permitted `area`, by cardholder; by an access level that it has left, lately."""
    levels = {
        row.access_level_id: row.schedule_id
        for row in session.scalars(select(AccessLevelArea).where(AccessLevelArea.area_id == area.id))
    }
    lately = (AccessLevelAreaLeft.area_id == area.id, AccessLevelAreaLeft.left_at > now - EXIT_ONLY_DAYS)
    left = {row.access_level_id: row.left_at for row in session.scalars(select(AccessLevelAreaLeft).where(*lately))}
    decided = Grant.state.in_((GrantState.APPROVED, GrantState.REVOKED)) & Grant.decided_at.is_not(None)
    mine = or_(Grant.area_id == area.id, Grant.access_level_id.in_(levels.keys() | left.keys()))
    found: dict[int, list[_Right]] = {}
    for grant in session.scalars(select(Grant).where(decided, mine).order_by(Grant.id)):
        level = grant.access_level_id
        right = _Right(grant, grant.schedule_id) if level is None else _Right(grant, levels.get(level), left.get(level))
        found.setdefault(grant.cardholder_id, []).append(right)
    return found


def _some_at_once(holders: Iterable[int]) -> Iterator[Sequence[int]]:
    wanted = sorted(holders)
    for start in range(0, len(wanted), _AT_ONCE):
        yield wanted[start : start + _AT_ONCE]


def _identities(session: Session, holders: Sequence[int]) -> Iterable[tuple[Cardholder, Credential, IdentityRow]]:
    statement = (
        select(Cardholder, Credential, IdentityRow)
        .join(Credential, Credential.cardholder_id == Cardholder.id)
        .join(IdentityRow, IdentityRow.credential_id == Credential.id)
        .where(Cardholder.id.in_(holders))
    )
    for row in session.execute(statement.order_by(IdentityRow.id)):
        yield row[0], row[1], row[2]


def _attributes(session: Session, holders: Sequence[int]) -> Mapping[int, Sequence[AttributeRow]]:
    found: dict[int, list[AttributeRow]] = {}
    for row in session.scalars(select(AttributeRow).where(AttributeRow.cardholder_id.in_(holders))):
        found.setdefault(row.cardholder_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class _Person:
    """What a record says of the holder whatever the card: trained_until as a record holds it."""

    handle: bytes
    flags: int
    clearance: int
    forgiven: int
    trained_until: int


def _person(holder: Cardholder, attributes: Sequence[AttributeRow], trained: Mapping[int, datetime] | None) -> _Person:
    flags, clearance = flags_and_clearance(attributes)
    if holder.extended:
        flags |= Flag.EXTENDED
    ends = FOREVER if trained is None else seconds(trained[holder.id]) if holder.id in trained else 0
    return _Person(holder.handle, flags, clearance, holder.forgiven % _FORGIVEN_MODULUS, ends)


@dataclass(frozen=True, slots=True)
class _Permitted:
    """What grants permit together: the first of them, the validity, the schedules, and whether on a stale list too."""

    grant: int
    valid_from: int
    valid_until: int
    schedules: frozenset[int | None]
    essential: bool


def _merged(rights: Sequence[_Right], now: datetime) -> _Permitted | None:
    """What `rights` permit now or, when they permit nothing yet, the next of them; None: nothing any more."""
    live = [each for each in rights if each.grant.state == GrantState.APPROVED and each.left_at is None]
    current = [each for each in live if each.grant.in_force(now)]
    coming = sorted((each for each in live if each.grant.valid_from > now), key=lambda each: each.grant.valid_from)
    merged = current or coming[:1]
    if not merged:
        return None
    essential = [each for each in merged if each.grant.essential]
    schedules, begins, ends = _together(merged)
    as_essential = _together(essential) if essential else None
    if as_essential is None or as_essential[0] != schedules:
        return _Permitted(merged[0].grant.id, begins, ends, schedules, essential=False)
    begins, ends = max(begins, as_essential[1]), min(ends, as_essential[2])
    return _Permitted(merged[0].grant.id, begins, ends, schedules, essential=True)


def _until_gone(permitted: _Permitted | None, holder: Cardholder, now: datetime) -> _Permitted | None:
    """No longer than until the holder leaves, and nothing when they have left."""
    if permitted is None or not holder.present(now):
        return None
    if holder.leaves_at is None:
        return permitted
    return replace(permitted, valid_until=min(permitted.valid_until, seconds(holder.leaves_at)))


def _together(rights: Sequence[_Right]) -> tuple[frozenset[int | None], int, int]:
    """The schedules of rights that hold now, and when what all of them permit together begins and ends."""
    schedules = frozenset(each.schedule_id for each in rights)
    starts = [seconds(each.grant.valid_from) for each in rights]
    ends = [_until(each.grant) for each in rights]
    alike = len(schedules) == 1
    return schedules, min(starts) if alike else max(starts), max(ends) if alike else min(ends)


def _record(person: _Person, part: CardPart, permitted: _Permitted | None, schedules: Schedules) -> Record:
    """The record of a card with what is permitted, or exit-only."""
    if permitted is None:
        return Record(
            person.handle,
            0,
            0,
            FOREVER,
            flags=person.flags | Flag.EXIT_ONLY,
            forgiven=person.forgiven,
            state=part.state,
        )
    return Record(
        person.handle,
        permitted.grant,
        permitted.valid_from,
        permitted.valid_until,
        schedules.number(permitted.schedules),
        person.flags | (Flag.ESSENTIAL if permitted.essential else Flag.NONE),
        part.valid_from,
        part.valid_until,
        person.trained_until,
        part.uses,
        person.forgiven,
        part.state,
        person.clearance,
    )


def _gone(
    holder: Cardholder, part: CardPart, rights: Sequence[_Right], now: datetime, *, permitted: bool
) -> datetime | None:
    """Since when this card lets nobody in here, for want of a permission or because the card is of no more use; None:
    it does, or it is only set aside."""
    present = holder.present(now)
    ends = [part.gone_at, None if present else holder.gone_at]
    if not permitted and present:
        last = [each.ended_at(now) for each in rights]
        ends.append(min(max(last), now) if last else now - EXIT_ONLY_DAYS)
    elif not rights:
        ends.append(now - EXIT_ONLY_DAYS)
    return min((each for each in ends if each is not None), default=None)


def _until(grant: Grant) -> int:
    return FOREVER if grant.valid_until is None else seconds(grant.valid_until)
