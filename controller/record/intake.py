"""Intake: an agent's facts are verified, inserted once and appended to the ledger, and only then acknowledged.

What is refused here was never the agent's own: a wrong signature, another address, or a chain that does not continue
what is already committed. A duplicate is silently skipped; behind a hole nothing is taken, because the agent sends it
again; a fork is recorded as a broken chain and raises an alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from contract import envelope, fact
from contract.commitment import Opening, opens
from contract.envelope import BadEnvelope, CannotUnseal, Kind
from contract.fact import Clock, Fact, FactKind
from contract.message import Ack, Events, SealedFact
from controller.ledger import kinds
from controller.ledger.ledger import Entry, append, append_all, head, keep_openings
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow
from controller.premises.agent import Agent, address
from controller.premises.door import AccessPoint, Door
from controller.premises.site import Site
from controller.record import alarm, occupancy
from controller.record.fact import AgentChain, FactRow


@dataclass(frozen=True, slots=True)
class Adopted:
    """An agent recorded that it adopted a list."""

    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class Received:
    """ack: to be signed and sent after the commit (None when the message was not the agent's); stored: how many facts
    were new; refused: why something was not taken; adopted: the lists that new facts say were adopted."""

    ack: Ack | None
    stored: int = 0
    refused: str | None = None
    adopted: tuple[Adopted, ...] = ()


@dataclass(frozen=True, slots=True)
class _Taken:
    sealed: SealedFact
    fact: Fact
    hash: bytes
    openings: Mapping[str, Opening]


@dataclass(slots=True)
class _Places:
    """The rows behind the keys that facts name; an unknown key stays unresolved."""

    doors: dict[str, Door] = field(default_factory=dict)
    points: dict[str, AccessPoint] = field(default_factory=dict)


def receive(session: Session, now: datetime, site: Site, agent: Agent, data: bytes, key: X25519PrivateKey) -> Received:
    """Take in one events envelope of `agent`; `key` unseals openings. Commit before sending the acknowledgement."""
    try:
        events = _opened(site, agent, data)
    except ValueError as flaw:
        return Received(None, refused=str(flaw))
    chain = _chain(session, site, agent)
    taken, refused = _continuing(chain, site, agent, events, key)
    if taken:
        _store(session, now, site, agent, taken)
        chain.through, chain.head = taken[-1].fact.sequence, taken[-1].hash
    if refused is not None and refused.startswith("chain"):
        _broken(session, now, agent, refused)
    adopted = tuple(_adopted(each.fact) for each in taken if each.fact.kind is FactKind.LIST_ADOPTED)
    ack = Ack(address(site, agent), chain.through, chain.head)
    return Received(ack, len(taken), refused, adopted)


def _opened(site: Site, agent: Agent, data: bytes) -> Events:
    if agent.signing_key is None or agent.revoked_at is not None:
        raise BadEnvelope("the agent is not trusted")
    public = Ed25519PublicKey.from_public_bytes(agent.signing_key)
    events = Events.decoded(envelope.opened(data, Kind.EVENTS, {envelope.key_id(public): public}).payload)
    if events.address != address(site, agent):
        raise BadEnvelope("made for another address")
    return events


def _chain(session: Session, site: Site, agent: Agent) -> AgentChain:
    chain = session.get(AgentChain, agent.id, with_for_update=True)
    if chain is None:
        chain = AgentChain(agent_id=agent.id, through=0, head=fact.first_previous(address(site, agent)))
        session.add(chain)
        session.flush()
    return chain


def _continuing(
    chain: AgentChain, site: Site, agent: Agent, events: Events, key: X25519PrivateKey
) -> tuple[list[_Taken], str | None]:
    """The facts that continue the chain, and why the rest was refused."""
    through, previous, taken = chain.through, chain.head, list[_Taken]()
    for sealed in events.facts:
        try:
            found = fact.decoded(sealed.fact)
        except ValueError as flaw:
            return taken, f"a fact is malformed: {flaw}"
        if (found.site, found.agent) != (site.key, agent.key):
            return taken, "a fact names another agent"
        if found.sequence < through or (found.sequence == through and fact.fact_hash(sealed.fact) == previous):
            continue
        if found.sequence > through + 1:
            return taken, f"hole: fact {through + 1} is missing"
        if found.sequence == through or found.previous != previous:
            return taken, f"chain: fact {found.sequence} does not follow what was committed"
        through, previous = found.sequence, fact.fact_hash(sealed.fact)
        taken.append(_Taken(sealed, found, previous, _openings(sealed, found, key)))
    return taken, None


def _openings(sealed: SealedFact, found: Fact, key: X25519PrivateKey) -> Mapping[str, Opening]:
    """Those openings that really open a commitment of the fact; a bad one is as good as none."""
    if not sealed.openings:
        return {}
    try:
        openings = fact.decode_openings(envelope.unseal(key, sealed.openings, fact.SEAL_PURPOSE))
    except (CannotUnseal, ValueError):
        return {}
    return {
        name: opening
        for name, opening in openings.items()
        if name in found.commitments and opens(found.commitments[name], opening)
    }


def _store(session: Session, now: datetime, site: Site, agent: Agent, taken: list[_Taken]) -> None:
    actor = f"agent:{address(site, agent)}"
    entries = [Entry(kinds.Kind.FACT, actor, now, {"agent": agent.id}, _plain(each), {}) for each in taken]
    last = append_all(session, entries)
    first = last - len(taken) + 1
    for place, each in enumerate(taken, first):
        keep_openings(session, place, each.openings)
    places = _places(session, site)
    holders = {**_by_handle(session, taken), **_by_identity(session, site, taken)}
    rows = [_row(now, agent, place, each, places, holders) for place, each in enumerate(taken, first)]
    session.execute(insert(FactRow), rows)
    for place, each in enumerate(taken, first):
        _consequences(session, agent, place, each, places)


def _plain(taken: _Taken) -> dict[str, object]:
    return {"sequence": taken.fact.sequence, "fact": taken.hash.hex()}


def _places(session: Session, site: Site) -> _Places:
    doors = session.scalars(select(Door).where(Door.site_id == site.id))
    points = session.scalars(select(AccessPoint).where(AccessPoint.site_id == site.id))
    return _Places({door.key: door for door in doors}, {point.key: point for point in points})


def _by_handle(session: Session, taken: list[_Taken]) -> dict[str, int]:
    """Cardholders by the handle that a door's list gave."""
    wanted = {str(each.openings["holder"].value) for each in taken if "holder" in each.openings}
    handles = [bytes.fromhex(handle) for handle in wanted if len(handle) == 32]
    found = session.execute(select(Cardholder.handle, Cardholder.id).where(Cardholder.handle.in_(handles)))
    return {handle.hex(): holder_id for handle, holder_id in found}


def _by_identity(session: Session, site: Site, taken: list[_Taken]) -> dict[str, int]:
    """Cardholders by the identity of a card that was on no list there: it may be somebody's all the same."""
    wanted = {str(each.openings["identity"].value) for each in taken if "identity" in each.openings}
    if not wanted:
        return {}
    found = (
        select(IdentityRow.text, Credential.cardholder_id)
        .join(Credential, Credential.id == IdentityRow.credential_id)
        .where(IdentityRow.site_id == site.id, IdentityRow.text.in_(wanted))
    )
    return {row[0]: row[1] for row in session.execute(found)}


def _row(
    now: datetime, agent: Agent, place: int, taken: _Taken, places: _Places, holders: Mapping[str, int]
) -> dict[str, object]:
    body = taken.fact.body
    point = places.points.get(str(body.get("access_point")))
    door = places.doors.get(str(body.get("door")))
    holder = taken.openings.get("holder") or taken.openings.get("identity")
    return {
        "agent_id": agent.id,
        "sequence": taken.fact.sequence,
        "ledger_sequence": place,
        "received_at": now,
        "at": taken.fact.wall,
        "trusted": taken.fact.clock is Clock.TRUSTED,
        "kind": str(taken.fact.kind),
        "outcome": _short(body.get("outcome"), 8),
        "reason": _short(body.get("reason"), 32) if taken.fact.kind is FactKind.DECISION else None,
        "inferred": body.get("inferred") is True if taken.fact.kind is FactKind.PASSAGE else None,
        "access_point_id": point.id if point else None,
        "door_id": door.id if door else point.door_id if point else None,
        "area_id": point.guarded_area_id if point else None,
        "cardholder_id": holders.get(str(holder.value)) if holder else None,
        "encoded": taken.sealed.fact,
        "fact_hash": taken.hash,
    }


def _consequences(session: Session, agent: Agent, place: int, taken: _Taken, places: _Places) -> None:
    body, at = taken.fact.body, taken.fact.wall
    point = places.points.get(str(body.get("access_point")))
    door = places.doors.get(str(body.get("door")))
    if taken.fact.kind is FactKind.PASSAGE and point is not None:
        row = session.get_one(FactRow, (agent.id, taken.fact.sequence))
        occupancy.passed(session, row, point.to_area_id)
        session.flush()
    unseen = taken.fact.kind in (FactKind.FORCED_OPEN,) or body.get("presence") == "uncertain"
    if unseen:
        for each in places.points.values():
            if door is None or each.door_id == door.id:
                occupancy.became_uncertain(session, each.guarded_area_id, at, taken.fact.kind)
        session.flush()
    kind = alarm.kind_of(taken.fact)
    if kind is not None:
        alarm.raise_alarm(session, kind, at, place, agent.id, door.id if door else point.door_id if point else None)


def _broken(session: Session, now: datetime, agent: Agent, why: str) -> None:
    """Record a broken chain once for each place where it breaks."""
    known = select(alarm.Alarm.id).where(
        alarm.Alarm.agent_id == agent.id,
        alarm.Alarm.kind == alarm.CHAIN_BROKEN,
        alarm.Alarm.acknowledged_at.is_(None),
    )
    if session.scalar(known.limit(1)) is not None:
        return
    append(session, kinds.Kind.FACT_CHAIN_BROKEN, "controller", now, {"agent": agent.id}, {"why": why})
    alarm.raise_alarm(session, alarm.CHAIN_BROKEN, now, head(session), agent.id, None)


def _adopted(found: Fact) -> Adopted:
    epoch, version = found.body.get("epoch"), found.body.get("version")
    return Adopted(epoch if isinstance(epoch, int) else 0, version if isinstance(version, int) else 0)


def _short(value: object, most: int) -> str | None:
    return value[:most] if isinstance(value, str) else None
