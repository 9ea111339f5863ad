"""The link to the agents: the only place of the centre that speaks MQTT.

Everything that arrives is verified before it is believed: the topic names an agent of this site, the envelope is
signed by that agent's key, and the payload names the same address. Whatever fails is counted, recorded a few times and
dropped; nothing a message holds reaches a log. Acknowledgements and lists go out after the commit they stand for.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from contract import envelope, topic
from contract.authorisation import Version
from contract.envelope import BadEnvelope, Kind
from contract.message import Carried, Fresh, Receipt, Status
from contract.topic import Address, Down, Up
from controller.database import reading, transaction
from controller.delivery import distribution, hindsight, issued, receipts
from controller.delivery.authority import Authority
from controller.delivery.issued import IssuedList
from controller.premises import agent as agents
from controller.premises import site as sites
from controller.premises.agent import Agent
from controller.premises.site import Site
from controller.record import hearing, intake
from controller.record.chain import Flaw
from controller.record.refused import Refusals

INBOX = 2000
OF_ONE = 200
"""Most messages of one sender in the inbox: a flooding agent waits for itself and for nobody else."""

Send = Callable[[str, bytes], bool]
Called = Callable[[Session, Site, datetime, Ed25519PrivateKey], list[tuple[Agent, IssuedList]]]
"""`distribution.overtake` or `follow`: which lists are to be made."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to be signed and sent after the commit."""

    address: Address
    name: Down
    kind: Kind
    payload: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    topic: str
    payload: bytes


class Link:
    """Takes arrived messages one by one, each in its own transaction, and sends what follows from them.

    `arrive` may be called from any thread and never waits: when the inbox is full, or the sender has its share of it,
    the message is dropped, because agents send again until they are acknowledged. Everything else belongs to one
    thread. An exception of the database leaves `take` and `follow` with nothing changed and nothing sent, but for lists
    that `follow` had sent before it counts their doors.
    """

    def __init__(self, engine: Engine, site: str, authority: Authority, send: Send) -> None:
        self._engine, self._site, self._authority, self._send = engine, site, authority, send
        self.inbox: queue.Queue[Arrived | None] = queue.Queue(INBOX)
        self.refused: Counter[str] = Counter()
        self._refusals = Refusals()
        self._waiting: Counter[str] = Counter()
        self._waiting_lock = threading.Lock()

    def arrive(self, name: str, payload: bytes) -> None:
        if _between_agents(name):
            return
        sender = _sender(name)
        with self._waiting_lock:
            if self._waiting[sender] >= OF_ONE:
                self.refused["full"] += 1
                return
            try:
                self.inbox.put_nowait(Arrived(name, payload))
            except queue.Full:
                self.refused["full"] += 1
                return
            self._waiting[sender] += 1

    def wake(self) -> None:
        """Make the thread that waits on the inbox look at the ledger."""
        with contextlib.suppress(queue.Full):
            if self.inbox.empty():
                self.inbox.put_nowait(None)

    def take(self, arrived: Arrived, now: datetime) -> bool:
        """Deal with one message; True when facts were stored."""
        with self._waiting_lock:
            self._waiting -= Counter((_sender(arrived.topic),))
        parsed = topic.parse_up(arrived.topic)
        if parsed is None or parsed[0].site != self._site:
            self.refused["topic"] += 1
            return False
        address, name = parsed
        if name is Up.PRESENCE:
            return False
        try:
            with transaction(self._engine) as session:
                outgoing, stored = self._taken(session, address, name, arrived.payload, now)
        except (DataError, IntegrityError):
            # Not an outage: these values would be refused at every try, and must not stop the others.
            with transaction(self._engine) as session:
                self._refuse(session, address, name, now, Flaw.DATABASE)
            return False
        self._send_all(outgoing)
        return stored

    def overtake(self, now: datetime) -> int:
        """Issue and send the lists that a change of posture calls for, ahead of everything else; returns how many."""
        with reading(self._engine) as session:
            if not distribution.overtaking(session, self._own_site(session)):
                return 0
        return self._issue(distribution.overtake, now)

    def follow(self, now: datetime) -> int:
        """Issue and send the lists that posture and ledger call for; returns how many. Once they are on their way, the
        doors are counted that ends of cards must reach."""
        sent = self.overtake(now) + self._issue(distribution.follow, now)
        with reading(self._engine) as session:
            if not receipts.waiting(session):
                return sent
        with transaction(self._engine) as session:
            receipts.count(session, self._own_site(session))
        return sent

    def _issue(self, called: Called, now: datetime) -> int:
        with transaction(self._engine) as session:
            site = self._own_site(session)
            made = called(session, site, now, self._authority.signing)
            outgoing = [self._list(site, agent, each) for agent, each in made]
        self._send_all(outgoing)
        return len(outgoing)

    def _own_site(self, session: Session) -> Site:
        site = sites.by_key(session, self._site)
        if site is None:
            raise LookupError(f"the database knows no site {self._site}")
        return site

    def _taken(
        self, session: Session, address: Address, name: Up, payload: bytes, now: datetime
    ) -> tuple[Sequence[Outgoing], bool]:
        site = self._own_site(session)
        agent = agents.by_key(session, site, address.agent)
        if agent is None or not agent.trusted:
            self._refuse(session, address, name, now, Flaw.UNTRUSTED)
            return [], False
        if name is Up.EVENTS:
            return self._events(session, site, agent, payload, now)
        try:
            if name is Up.STATUS:
                return self._status(session, site, agent, payload, now), False
            if name is Up.RECEIPT:
                self._receipt(session, agent, payload, address)
                return [], False
        except BadEnvelope:
            self._refuse(session, address, name, now, Flaw.SIGNATURE)
            return [], False
        except ValueError:
            self._refuse(session, address, name, now, Flaw.MALFORMED)
            return [], False
        self._refuse(session, address, name, now, Flaw.MALFORMED)
        return [], False

    def _refuse(self, session: Session, address: Address, name: Up, now: datetime, why: Flaw) -> None:
        """Count a refused message; record it when it came on the topic of an agent that exists."""
        self.refused[why.name] += 1
        agent = agents.by_key(session, self._own_site(session), address.agent)
        if agent is not None:
            self._refusals.note(session, now, agent.id, name, why)

    def _events(
        self, session: Session, site: Site, agent: Agent, payload: bytes, now: datetime
    ) -> tuple[Sequence[Outgoing], bool]:
        received = intake.receive(session, now, site, agent, payload, self._authority.intake)
        if received.flaw is not None:
            self._refuse(session, agents.address(site, agent), Up.EVENTS, now, received.flaw)
        for each in received.adopted:
            adopted = issued.adopted(session, now, agent, each.epoch, each.version, each.hash)
            if adopted is not None:
                receipts.confirm(session, now, adopted)
        hindsight.review(session, now, agent, received.granted)
        if received.ack is None:
            return [], False
        hearing.heard(session, agent, now)
        ack = Outgoing(received.ack.address, Down.ACK, Kind.ACK, received.ack.encoded())
        return [ack], received.stored > 0

    def _status(self, session: Session, site: Site, agent: Agent, payload: bytes, now: datetime) -> Sequence[Outgoing]:
        address = agents.address(site, agent)
        asked = Status.decoded(envelope.opened(payload, Kind.STATUS, _signer(agent)).payload)
        if asked.address != address:
            raise ValueError("made for another address")
        hearing.heard(session, agent, now)
        # What the ledger already calls for must be compiled before anything is called the newest.
        made = distribution.follow(session, site, now, self._authority.signing)
        others = [self._list(site, each, new) for each, new in made if each.id != agent.id]
        last = issued.newest(session, agent)
        if last is None:
            return others
        newest = Carried(Version(last.epoch, last.version), last.set_hash)
        answer = Outgoing(address, Down.FRESH, Kind.FRESH, Fresh(address, asked.nonce, newest).encoded())
        if last.outgrown_at is not None:
            # It is the newest, but not right any more: nothing may be proven by it.
            return others if asked.carried == newest else [*others, self._list(site, agent, last)]
        if asked.carried == newest:
            return [*others, answer]
        return [*others, self._list(site, agent, last), answer]

    def _receipt(self, session: Session, agent: Agent, payload: bytes, address: Address) -> None:
        receipt = Receipt.decoded(envelope.opened(payload, Kind.RECEIPT, _signer(agent)).payload)
        if receipt.address != address:
            raise ValueError("made for another address")
        if receipt.carried is None:
            return
        version = receipt.carried.version
        found = issued.of_version(session, agent, version.epoch, version.number)
        if found is not None:
            told = " ".join((receipt.outcome, receipt.reason, ", ".join(receipt.not_permitted))).strip()
            found.receipt = "".join(letter if letter.isprintable() else "?" for letter in told[:240])

    def _list(self, site: Site, agent: Agent, made: IssuedList) -> Outgoing:
        address = agents.address(site, agent)
        if agent.sealing_key is None:
            raise LookupError("an agent without keys has no list")
        reader = X25519PublicKey.from_public_bytes(agent.sealing_key)
        sealed = envelope.seal(reader, made.encoded, f"list:{address}".encode(), X25519PrivateKey.generate())
        return Outgoing(address, Down.LIST, Kind.LIST, sealed)

    def _send_all(self, outgoing: Sequence[Outgoing]) -> None:
        for each in outgoing:
            data = envelope.signed(each.kind, each.payload, self._authority.signing)
            # Not connected: agents ask again, and facts are sent again until they are acknowledged.
            self._send(each.address.down(each.name), data)


def _between_agents(name: str) -> bool:
    """What agents tell each other is none of the centre's business: it takes passages as facts."""
    parsed = topic.parse_up(name)
    return parsed is not None and parsed[1] is Up.PRESENCE


def _sender(name: str) -> str:
    """The levels of a topic that say whose it is; a topic that is none of ours counts as one sender."""
    parsed = topic.parse_up(name)
    return "" if parsed is None else str(parsed[0])


def _signer(agent: Agent) -> dict[bytes, Ed25519PublicKey]:
    if agent.signing_key is None:
        return {}
    public = Ed25519PublicKey.from_public_bytes(agent.signing_key)
    return {envelope.key_id(public): public}
