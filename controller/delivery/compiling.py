"""Compiling: what each agent's list must say now, from premises, people and permissions.

The list is compiled again at every boundary in time (`next_boundary`), so a record never permits more than the grants
do, and an agent that is cut off errs towards less.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import canonical, envelope
from contract.authorisation import Content, Version, build
from contract.policy import AccessPointPolicy, AreaPolicy, Direction, ExitMode, Policy
from contract.room_rules import Company
from controller.delivery import records, sharing
from controller.delivery.issued import IssuedList, newest
from controller.delivery.records import Schedules
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.permission import AccessLevelArea, Grant, GrantState
from controller.premises import area as area_rows
from controller.premises import door as doors
from controller.premises import format as formats
from controller.premises import site_clock
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint
from controller.premises.site import Site
from controller.refusal import Refused

RESERVE_BYTES = 4096
"""What is kept free when people ask for more, so that time and revocations always find room."""

_SEAL_BYTES = 32 + 16
_ENVELOPE_BYTES = 4 + 1 + len(envelope.Kind.LIST) + envelope.KEY_ID_BYTES + 4 + 64


def content_for(session: Session, site: Site, agent: Agent, now: datetime) -> Content:
    """What `agent`'s list must say at `now`."""
    if agent.list_key is None:
        raise Refused("not-found", agent=agent.key)
    held = doors.of_agent(session, agent)
    points = [point for door in held for point in doors.access_points(session, door)]
    areas = {area.id: area for area in session.scalars(select(Area).where(Area.site_id == site.id))}
    guarded = {areas[point.guarded_area_id] for point in points}
    schedules = Schedules(session, site_clock.years(site.clock, now))
    tables = {
        area.key: records.table(session, agent.list_key, area, now, schedules)
        for area in sorted(guarded, key=lambda each: each.key)
    }
    policy = Policy(
        site.key,
        agent.key,
        site_clock.site_time(site.clock, now),
        {
            area.key: AreaPolicy(area.key, area.private, area.fresh_s, area.essential_s, company=Company(area.company))
            for area in guarded
        },
        {door.key: door.policy() for door in held},
        {point.key: _point(point, {door.id: door.key for door in held}, areas) for point in points},
        tuple(schedules.compiled),
        formats.named(session, site.id, (name for point in points for name in point.formats.split())),
    )
    return Content(policy, tables, neighbours=sharing.neighbours(session, site, agent))


def issue(
    session: Session, site: Site, agent: Agent, now: datetime, reflects: int, signer: Ed25519PrivateKey
) -> IssuedList | None:
    """The newest list for `agent`, right up to ledger row `reflects`: a new version only if the content differs.

    None when it would not fit one message: nothing is cut, and the agent keeps what it has.
    """
    content, last = content_for(session, site, agent, now), newest(session, agent)
    found_set, found_policy = content.set_hash(), content.policy.hash()
    if last is not None and (last.set_hash, last.policy_hash) == (found_set, found_policy):
        last.reflects, last.outgrown_at = reflects, None
        return last
    version = Version(last.epoch, last.version + 1) if last else Version(1, 1)
    encoded = build(content, version, now, signer)
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
        if not _fits(build(content, Version(1, 2**31), now, throwaway), RESERVE_BYTES):
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
