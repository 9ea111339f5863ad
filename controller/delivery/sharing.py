"""Which agents share an area, and the secret under which they tell each other who is in it.

A key is made when an area comes to be shared, and made anew as soon as one who had it may no longer read: an agent that
was revoked, enrolled under other keys, or has no door there any more. So who had a key is kept beside it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ForeignKey, LargeBinary, Text, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.neighbours import KEY_BYTES, MOST_PEERS, Neighbours, Peer
from controller.database import Base
from controller.premises import area as area_rows
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import GUARDED_AREA_ID, AccessPoint, Door, Moving
from controller.premises.site import Site


class AreaKey(Base):
    """secret: 32 bytes; holders: the signing keys (hex) of the agents that were given it, in order, by spaces."""

    __tablename__ = "area_key"

    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    holders: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Shared:
    """An area that several trusted agents guard."""

    area: Area
    agents: tuple[Agent, ...]


def shared(session: Session, site: Site, among: Collection[int] | None = None) -> Sequence[Shared]:
    """The areas of `site`, or those `among` them by their ids, that more than one trusted agent guards, in the order of
    their keys."""
    wanted = (AccessPoint.site_id == site.id, true() if among is None else GUARDED_AREA_ID.in_(among))
    rows = select(GUARDED_AREA_ID, Agent).join(Door, Door.id == AccessPoint.door_id)
    rows = rows.join(Agent, Agent.id == Door.agent_id).where(*wanted, Door.retired_at.is_(None), _listed())
    guarding: dict[int, dict[str, Agent]] = {}
    for area_id, agent in session.execute(rows):
        if agent.trusted:
            guarding.setdefault(area_id, {})[agent.key] = agent
    areas = area_rows.by_ids(session, guarding)
    found = [Shared(areas[area], tuple(own[key] for key in sorted(own))) for area, own in guarding.items()]
    return sorted((each for each in found if len(each.agents) > 1), key=lambda each: each.area.key)


def _listed() -> ColumnElement[bool]:
    """That an agent's list names the door: no other agent has it still."""
    return Door.moving.is_distinct_from(Moving.LEAVING)


def keep_keys(session: Session, site: Site) -> None:
    """Make the keys that are missing, and anew those that somebody had who may not read any more."""
    now_shared = {each.area.id: each for each in shared(session, site)}
    of_site = select(AreaKey).join(Area, Area.id == AreaKey.area_id).where(Area.site_id == site.id)
    kept = {row.area_id: row for row in session.scalars(of_site)}
    for area_id, row in kept.items():
        if area_id not in now_shared:
            session.delete(row)
    for area_id, each in now_shared.items():
        entitled, known = _holders(each.agents), kept.get(area_id)
        if known is None:
            row = AreaKey(area_id=area_id, secret=secrets.token_bytes(KEY_BYTES), holders=" ".join(entitled))
            session.add(row)
        elif known.holders != " ".join(entitled):
            if not set(known.holders.split()) <= set(entitled):
                known.secret = secrets.token_bytes(KEY_BYTES)
            known.holders = " ".join(entitled)
    session.flush()


def neighbours(session: Session, site: Site, agent: Agent) -> Neighbours:
    """What the list of `agent` says of others. An area whose key is not made yet is not shared yet."""
    keys: dict[str, bytes] = {}
    areas_of: dict[str, list[str]] = {}
    signing: dict[str, bytes] = {}
    own = select(GUARDED_AREA_ID).join(Door, Door.id == AccessPoint.door_id).where(Door.agent_id == agent.id)
    for each in shared(session, site, set(session.scalars(own))):
        row = session.get(AreaKey, each.area.id)
        if row is None or agent not in each.agents:
            continue
        keys[each.area.key] = row.secret
        for peer in each.agents:
            if peer.id != agent.id and peer.signing_key is not None:
                areas_of.setdefault(peer.key, []).append(each.area.key)
                signing[peer.key] = peer.signing_key
    return _told(areas_of, signing, keys)


def _told(areas_of: Mapping[str, list[str]], signing: Mapping[str, bytes], keys: Mapping[str, bytes]) -> Neighbours:
    """More than MOST_PEERS cannot be told; then nobody is, and the areas' policies for what is not heard apply."""
    named = areas_of if len(areas_of) <= MOST_PEERS else {}
    return Neighbours({name: Peer(name, signing[name], tuple(sorted(named[name]))) for name in sorted(named)}, keys)


def _holders(agents: Sequence[Agent]) -> list[str]:
    return sorted(agent.signing_key.hex() for agent in agents if agent.signing_key is not None)
