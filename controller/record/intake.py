"""Intake: what an agent recorded is verified, stored once, appended to the ledger, and only then acknowledged.

What is refused here was never the agent's own: a wrong signature, another address, or a chain that does not continue
what is already committed. A duplicate is silently skipped; behind a hole nothing is taken, because the agent sends it
again; what it no longer keeps is recorded as a gap; a fork is recorded as a broken chain. Both raise an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import insert
from sqlalchemy.orm import Session

from contract import envelope, fact
from contract.envelope import BadEnvelope, Kind
from contract.fact import Fact, FactKind
from contract.message import Ack, Events
from contract.outcome import Outcome
from contract.policy import Direction
from controller.ledger import kinds
from controller.ledger.ledger import Entry, append, append_all, keep_openings
from controller.premises.agent import Agent, address
from controller.premises.site import Site
from controller.record import alarm, door_state, filing, occupancy, presented_after, stay, uses
from controller.record.chain import Examined, Flaw, Gap, Taken, examined
from controller.record.fact import AgentChain, FactRow
from controller.record.filing import Places


@dataclass(frozen=True, slots=True)
class Adopted:
    """An agent recorded that it adopted the list of this version, whose bytes have this hash (hex)."""

    epoch: int
    version: int
    hash: str


@dataclass(frozen=True, slots=True)
class Received:
    """ack: to be signed and sent after the commit (None when the message was not the agent's); stored: how many facts
    were new; flaw: why something was not taken; adopted: the lists that new facts say were adopted; granted: the places
    in the ledger of new decisions that granted an entry."""

    ack: Ack | None
    stored: int = 0
    flaw: Flaw | None = None
    adopted: tuple[Adopted, ...] = ()
    granted: tuple[int, ...] = ()


def receive(session: Session, now: datetime, site: Site, agent: Agent, data: bytes, key: X25519PrivateKey) -> Received:
    """Take in one events envelope of `agent`; `key` unseals openings. Commit before sending the acknowledgement."""
    events = _opened(site, agent, data)
    if isinstance(events, Flaw):
        return Received(None, flaw=events)
    chain = _chain(session, site, agent)
    found = examined(session, chain, address(site, agent), events, key)
    known = filing.places(session, agent)
    if found.gap is not None:
        _gap(session, now, agent, found.gap, known)
    granted: tuple[int, ...] = ()
    if found.taken:
        granted = _store(session, now, site, agent, found.taken, known)
        chain.through, chain.head = found.through, found.head
    if found.flaw is Flaw.CONTRADICTS:
        _broken(session, now, agent, found)
    adopted = tuple(_adopted(each.fact) for each in found.taken if each.fact.kind is FactKind.LIST_ADOPTED)
    return Received(
        Ack(address(site, agent), chain.through, chain.head), len(found.taken), found.flaw, adopted, granted
    )


def _opened(site: Site, agent: Agent, data: bytes) -> Events | Flaw:
    if agent.signing_key is None or agent.revoked_at is not None:
        return Flaw.UNTRUSTED
    public = Ed25519PublicKey.from_public_bytes(agent.signing_key)
    try:
        events = Events.decoded(envelope.opened(data, Kind.EVENTS, {envelope.key_id(public): public}).payload)
    except BadEnvelope:
        return Flaw.SIGNATURE
    except ValueError:
        return Flaw.MALFORMED
    return events if events.address == address(site, agent) else Flaw.ADDRESS


def _chain(session: Session, site: Site, agent: Agent) -> AgentChain:
    chain = session.get(AgentChain, agent.id, with_for_update=True)
    if chain is None:
        chain = AgentChain(agent_id=agent.id, through=0, head=fact.first_previous(address(site, agent)))
        session.add(chain)
        session.flush()
    return chain


def _store(
    session: Session, now: datetime, site: Site, agent: Agent, taken: list[Taken], known: Places
) -> tuple[int, ...]:
    """Store new facts and what follows from them; the places of those that granted an entry."""
    actor = f"agent:{address(site, agent)}"
    entries = [Entry(kinds.Kind.FACT, actor, now, {"agent": agent.id}, _plain(each), {}) for each in taken]
    last = append_all(session, entries)
    placed = list(enumerate(taken, last - len(taken) + 1))
    keep_openings(session, [(place, each.openings) for place, each in placed])
    whose = filing.holders(session, site, taken)
    rows = [
        filing.row(now, agent, place, each, known, holder) for (place, each), holder in zip(placed, whose, strict=True)
    ]
    session.execute(insert(FactRow), rows)
    named = [(place, each, holder) for (place, each), holder in zip(placed, whose, strict=True)]
    uses.fold(session, now, agent, known, [(place, each.fact, holder) for place, each, holder in named])
    presented_after.fold(session, now, agent, known, named)
    door_state.fold(session, now, known, [(place, each.fact) for place, each in placed])
    for place, each in placed:
        _consequences(session, now, agent, place, each.fact, known)
    return tuple(place for place, each in placed if _entered(each.fact, known))


def _entered(found: Fact, known: Places) -> bool:
    point = known.point(found)
    granted = found.kind is FactKind.DECISION and found.body.get("outcome") == Outcome.GRANT
    return granted and point is not None and point.direction == Direction.ENTRY


def _plain(taken: Taken) -> dict[str, object]:
    return {"sequence": taken.fact.sequence, "fact": taken.hash.hex()}


def _consequences(session: Session, now: datetime, agent: Agent, place: int, found: Fact, known: Places) -> None:
    point, door = known.point(found), known.door(found)
    if found.kind is FactKind.PASSAGE and point is not None:
        row = session.get_one(FactRow, (agent.id, found.sequence))
        occupancy.passed(session, row, point.to_area_id)
        stay.passed(session, row, point)
    at = filing.moment(found, now)
    if _unseen(found):
        for area_id in known.guarded(found):
            occupancy.became_uncertain(session, area_id, at, found.kind)
        session.flush()
    for observed in alarm.observed(found):
        alarm.raise_once(session, observed, at, session.get_one(FactRow, (agent.id, found.sequence)))
    kind = alarm.kind_of(found)
    unneeded = door is not None and door.retired_at is not None and kind in alarm.OF_EQUIPMENT
    if kind is not None and not unneeded:
        alarm.raise_alarm(session, kind, at, place, agent.id, door.id if door else None)


def _unseen(found: Fact) -> bool:
    """Whether somebody may have come or gone whom no card names (DESIGN 4, hard anti-passback)."""
    match found.kind:
        case FactKind.FORCED_OPEN:
            return True
        case FactKind.RELEASED:
            return found.body.get("cause") != "decision"
        case FactKind.REX:
            return found.body.get("opened") is True
        case FactKind.DOOR_MODE:
            return found.body.get("mode") == "unlocked"
        case _:
            return found.body.get("presence") == "uncertain"


def _gap(session: Session, now: datetime, agent: Agent, gap: Gap, known: Places) -> None:
    """Record that facts are lost: an auditor sees which, and who is inside behind those doors is not certain."""
    plain = {"first": gap.first, "last": gap.last}
    place = append(session, kinds.Kind.FACTS_MISSING, "controller", now, {"agent": agent.id}, plain)
    alarm.raise_alarm(session, alarm.FACTS_MISSING, now, place, agent.id, None)
    door_state.forget(session, known)
    last = session.get(FactRow, (agent.id, gap.first - 1))
    since = min(last.at, now) if last is not None else agent.enrolled_at or now
    for area_id in sorted({point.guarded_area_id for point in known.points.values()}):
        occupancy.became_uncertain(session, area_id, since, alarm.FACTS_MISSING)
    session.flush()


def _broken(session: Session, now: datetime, agent: Agent, found: Examined) -> None:
    """Record a broken chain, once until somebody has looked at it."""
    if alarm.is_waiting(session, alarm.CHAIN_BROKEN, agent.id):
        return
    plain = {"why": found.flaw, "at": found.at}
    place = append(session, kinds.Kind.FACT_CHAIN_BROKEN, "controller", now, {"agent": agent.id}, plain)
    alarm.raise_alarm(session, alarm.CHAIN_BROKEN, now, place, agent.id, None)


def _adopted(found: Fact) -> Adopted:
    epoch, version, digest = (found.body.get(name) for name in ("epoch", "version", "hash"))
    return Adopted(epoch if isinstance(epoch, int) else 0, version if isinstance(version, int) else 0, str(digest))
