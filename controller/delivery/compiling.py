"""Compiling: what each agent's list must say now, from premises, people and permissions.

The list is compiled again at every boundary in time (`next_boundary`), so a record never permits more than the grants
do, and an agent that is cut off errs towards less.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import canonical, envelope
from contract.authorisation import Content, Version, build
from controller.delivery import pins, policies, records, sharing
from controller.delivery.issued import IssuedList, newest
from controller.delivery.records import Schedules
from controller.people import permission as permissions
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.permission import Grant, GrantState
from controller.premises import area as area_rows
from controller.premises import door as doors
from controller.premises import sign_off, site_clock
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint
from controller.premises.site import Site
from controller.record import uses
from controller.refusal import Refused

RESERVE_BYTES = 4096
"""What is kept free when people ask for more, so that time and revocations always find room."""

_SEAL_BYTES = 32 + 16
_ENVELOPE_BYTES = 4 + 1 + len(envelope.Kind.LIST) + envelope.KEY_ID_BYTES + 4 + 64


def content_for(session: Session, site: Site, agent: Agent, now: datetime) -> Content:
    """What `agent`'s list must say at `now`."""
    return replace(judged_by(session, site, agent, now), neighbours=sharing.neighbours(session, site, agent))


def judged_by(session: Session, site: Site, agent: Agent, now: datetime) -> Content:
    """The same without what it says of other agents, for those who only judge by it."""
    if agent.list_key is None:
        raise Refused("not-found", agent=agent.key)
    own = doors.listed_of_agent(session, agent)
    points = doors.access_points_of_each(session, [door.id for door in own])
    held = {door: points.get(door.id, []) for door in own}
    guarded = area_rows.by_ids(session, (each.guarded_area_id for some in points.values() for each in some))
    schedules = Schedules(session, site_clock.years(site.clock, now))
    tables = {
        area.key: records.table(session, agent.list_key, agent.id, area, now, schedules)
        for area in sorted(guarded.values(), key=lambda each: each.key)
    }
    policy = policies.policy_for(session, site, agent, held, schedules, now)
    return Content(policy, tables, pins.pins_for(session, agent.list_key, policy, tables))


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
    _must_fit(session, site, permissions.areas_of(session, grant), grant.decided_at or grant.requested_at)


def card_must_fit(session: Session, card: Credential, now: datetime) -> None:
    """Refused list-too-large when, with `card` in use, the list of a door would exceed one message."""
    holder_must_fit(session, session.get_one(Cardholder, card.cardholder_id), now)


def holder_must_fit(session: Session, holder: Cardholder, now: datetime) -> None:
    """Refused list-too-large when, with all that `holder` has now, the list of a door would exceed one message."""
    given = session.scalars(select(Grant).where(Grant.cardholder_id == holder.id, Grant.state == GrantState.APPROVED))
    areas = {area.id: area for grant in given for area in permissions.areas_of(session, grant)}
    _must_fit(session, session.get_one(Site, holder.site_id), list(areas.values()), now)


def point_must_fit(session: Session, point: AccessPoint, now: datetime) -> None:
    """Refused list-too-large when, with the rules of `point`, the list of a door would exceed one message."""
    area = session.get_one(Area, point.guarded_area_id)
    _must_fit(session, session.get_one(Site, point.site_id), [area], now)


def all_must_fit(session: Session, site: Site, now: datetime) -> None:
    """Refused list-too-large when, as things stand now, the list of any door of the site would exceed one message."""
    _must_fit(session, site, area_rows.of_site(session, site), now)


def _must_fit(session: Session, site: Site, areas: Sequence[Area], now: datetime) -> None:
    throwaway = Ed25519PrivateKey.generate()
    checked: set[int] = set()
    guarded = doors.of_areas(session, [area.id for area in areas])
    for door in (door for area in areas for door in guarded.get(area.id, ())):
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
    """The next moment after `now` at which a grant begins or ends, the sign-off of an exit runs out, a card may have
    lain unused for too long, or the years that lists speak of move on."""
    approved = Grant.state == GrantState.APPROVED
    begins = select(Grant.valid_from).where(approved, Grant.valid_from > now).order_by(Grant.valid_from).limit(1)
    ends = select(Grant.valid_until).where(approved, Grant.valid_until > now).order_by(Grant.valid_until).limit(1)
    own = (sign_off.next_end(session, now), uses.next_idle(session, now))
    found = (session.scalar(begins), session.scalar(ends), *own)
    return min([each for each in found if each is not None] + [site_clock.next_new_year(site.clock, now)])
