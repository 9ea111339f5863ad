"""Compiling: what each agent's list must say now, from premises, people and permissions.

One record per identity and guarded area. Grants of one cardholder that hold now are merged where that is exact:
with one schedule the validity is the union, with several the schedules are united and the validity ends with the
first grant. The list is compiled again at every boundary in time (`next_boundary`), so a record never permits more
than the grants do, and an agent that is cut off errs towards less. A card whose permission ended stays, exit-only, at
least EXIT_ONLY_DAYS and until its holder is recorded elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contract import canonical, envelope
from contract import schedule as week
from contract.authorisation import ALWAYS, FOREVER, Flag, Record, Version, build, set_hash
from contract.credential import lookup_key
from contract.policy import AccessPointPolicy, AreaPolicy, Direction, ExitMode, Policy
from controller.delivery.issued import IssuedList, newest
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow, State
from controller.people.permission import AccessLevelArea, Grant, GrantState
from controller.premises import area as area_rows
from controller.premises import door as doors
from controller.premises import format as formats
from controller.premises import schedule as schedule_rows
from controller.premises import site_clock
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint
from controller.premises.schedule import Schedule
from controller.premises.site import Site
from controller.record.occupancy import Presence
from controller.refusal import Refused

EXIT_ONLY_DAYS = timedelta(days=7)
RESERVE_BYTES = 4096
"""What is kept free when people ask for more, so that time and revocations always find room."""

_SEAL_BYTES = 32 + 16
_ENVELOPE_BYTES = 4 + 1 + len(envelope.Kind.LIST) + envelope.KEY_ID_BYTES + 4 + 64


@dataclass(frozen=True, slots=True)
class Content:
    """What a list says, before it has a version."""

    policy: Policy
    tables: dict[str, dict[bytes, Record]]


@dataclass(frozen=True, slots=True)
class _Right:
    """One grant as it bears on one area."""

    grant: Grant
    schedule_id: int | None


@dataclass(slots=True)
class _Schedules:
    """The schedules of one list, each once; number 0 is always."""

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


def content_for(session: Session, site: Site, agent: Agent, now: datetime) -> Content:
    """What `agent`'s list must say at `now`."""
    if agent.list_key is None:
        raise Refused("not-found", agent=agent.key)
    held = doors.of_agent(session, agent)
    points = [point for door in held for point in doors.access_points(session, door)]
    areas = {area.id: area for area in session.scalars(select(Area).where(Area.site_id == site.id))}
    guarded = {areas[point.guarded_area_id] for point in points}
    schedules = _Schedules(session, site_clock.years(site.clock, now))
    tables = {
        area.key: _table(session, agent.list_key, area, now, schedules)
        for area in sorted(guarded, key=lambda each: each.key)
    }
    policy = Policy(
        site.key,
        agent.key,
        site.zone,
        {
            area.key: AreaPolicy(area.key, area.private, area.fresh_s, area.essential_s, area.company)
            for area in guarded
        },
        {door.key: door.policy() for door in held},
        {point.key: _point(point, {door.id: door.key for door in held}, areas) for point in points},
        tuple(schedules.compiled),
        formats.named(session, site.id, (name for point in points for name in point.formats.split())),
    )
    return Content(policy, tables)


def issue(
    session: Session, site: Site, agent: Agent, now: datetime, reflects: int, signer: Ed25519PrivateKey
) -> IssuedList | None:
    """The newest list for `agent`, right up to ledger row `reflects`: a new version only if the content differs.

    None when it would not fit one message: nothing is cut, and the agent keeps what it has.
    """
    content, last = content_for(session, site, agent, now), newest(session, agent)
    found_set, found_policy = set_hash(content.tables), content.policy.hash()
    if last is not None and (last.set_hash, last.policy_hash) == (found_set, found_policy):
        last.reflects, last.outgrown_at = reflects, None
        return last
    version = Version(last.epoch, last.version + 1) if last else Version(1, 1)
    encoded = build(content.policy, version, now, content.tables, signer)
    if not _fits(encoded, 0):
        if last is not None:
            last.outgrown_at = now
        return None
    made = IssuedList(
        agent_id=agent.id,
        epoch=version.epoch,
        version=version.number,
        set_hash=found_set,
        list_hash=hashlib.sha256(encoded).digest(),
        policy_hash=found_policy,
        policy=canonical.encode(content.policy.as_object()).decode("utf-8"),
        encoded=encoded,
        compiled_at=now,
        reflects=reflects,
    )
    session.add(made)
    session.flush()
    return made


def must_fit(session: Session, grant: Grant) -> None:
    """Refused list-too-large when, with `grant` in force, the list of a door would exceed one message."""
    site = session.get_one(Site, session.get_one(Cardholder, grant.cardholder_id).site_id)
    _must_fit(session, site, _areas_of(session, grant), grant.decided_at or grant.requested_at)


def card_must_fit(session: Session, card: Credential, now: datetime) -> None:
    """Refused list-too-large when, with `card` in use, the list of a door would exceed one message."""
    holder = session.get_one(Cardholder, card.cardholder_id)
    given = session.scalars(select(Grant).where(Grant.cardholder_id == holder.id, Grant.state == GrantState.APPROVED))
    areas = {area.id: area for grant in given for area in _areas_of(session, grant)}
    _must_fit(session, session.get_one(Site, holder.site_id), list(areas.values()), now)


def all_must_fit(session: Session, site: Site, now: datetime) -> None:
    """Refused list-too-large when, as things stand now, the list of any door of the site would exceed one message."""
    _must_fit(session, site, area_rows.of_site(session, site), now)


def _must_fit(session: Session, site: Site, areas: Sequence[Area], now: datetime) -> None:
    throwaway = Ed25519PrivateKey.generate()
    checked: set[int] = set()
    for door in (door for area in areas for door in doors.of_area(session, area)):
        agent = session.get_one(Agent, door.agent_id)
        if agent.list_key is None or agent.id in checked:
            continue
        checked.add(agent.id)
        content = content_for(session, site, agent, now)
        if not _fits(build(content.policy, Version(1, 2**31), now, content.tables, throwaway), RESERVE_BYTES):
            raise Refused("list-too-large", door=door.name)


def _fits(encoded: bytes, reserve: int) -> bool:
    return len(encoded) + _SEAL_BYTES + _ENVELOPE_BYTES + min(reserve, envelope.LIMIT // 16) <= envelope.LIMIT


def next_boundary(session: Session, site: Site, now: datetime) -> datetime:
    """The next moment after `now` at which a grant begins or ends, or the years that lists speak of move on."""
    approved = Grant.state == GrantState.APPROVED
    begins = select(Grant.valid_from).where(approved, Grant.valid_from > now).order_by(Grant.valid_from).limit(1)
    ends = select(Grant.valid_until).where(approved, Grant.valid_until > now).order_by(Grant.valid_until).limit(1)
    moments = [moment for moment in (session.scalar(begins), session.scalar(ends)) if moment is not None]
    return min([*moments, site_clock.next_new_year(site.clock, now)])


def _areas_of(session: Session, grant: Grant) -> Sequence[Area]:
    if grant.area_id is not None:
        return [session.get_one(Area, grant.area_id)]
    of_level = select(AccessLevelArea.area_id).where(AccessLevelArea.access_level_id == grant.access_level_id)
    return session.scalars(select(Area).where(Area.id.in_(of_level))).all()


def _point(point: AccessPoint, held: dict[int, str], areas: dict[int, Area]) -> AccessPointPolicy:
    return AccessPointPolicy(
        point.key,
        held[point.door_id],
        Direction(point.direction),
        areas[point.from_area_id].key,
        areas[point.to_area_id].key,
        tuple(point.formats.split()),
        ExitMode(point.exit_mode) if point.exit_mode else None,
    )


def _table(session: Session, list_key: bytes, area: Area, now: datetime, schedules: _Schedules) -> dict[bytes, Record]:
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
    holder: Cardholder, card: Credential, rights: Sequence[_Right], now: datetime, schedules: _Schedules
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
