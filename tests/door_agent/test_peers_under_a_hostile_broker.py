"""Whatever a broker does with presence messages: what an agent knows is true, and is all there is or said not to be.

Three agents share a room. The broker has every message ever sent and may deliver any of them to anybody, any number of
times, in any order, or never; agents restart, holders walk, time passes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.authorisation import Content, Version, build, open_list
from contract.fact import FactKind
from contract.neighbours import Neighbours, Peer
from contract.policy import AreaPolicy, Policy
from contract.presence import Passage, Whereabouts
from contract.situation import Moment
from contract.topic import Address, Up
from door_agent.chain import Chain
from door_agent.events import Arrived, Command, Send
from door_agent.hearing import PEERS_WITHIN_S
from door_agent.keys import Keys
from door_agent.lists import Lists
from door_agent.peers import Peers
from door_agent.presence import Presence
from door_agent.witness import Witness
from tests.door_agent.conftest import NOON, TOKYO

ROOM, HALL = "cedar-room", "hallway"
NAMES = ("cedar", "maple", "pine")
HOLDERS = (b"A" * 16, b"B" * 16)
AREA_KEY = bytes(range(32))
CONTROLLER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNING = {name: Ed25519PrivateKey.from_private_bytes(bytes([place]) * 32) for place, name in enumerate(NAMES, 1)}
SEALING = X25519PrivateKey.from_private_bytes(bytes(range(2, 34)))


def _random(count: int) -> bytes:
    return bytes(count)


def _listed(name: str) -> bytes:
    peers = {
        other: Peer(other, key.public_key().public_bytes_raw(), (ROOM,))
        for other, key in SIGNING.items()
        if other != name
    }
    policy = Policy("tokyo", name, TOKYO, {ROOM: AreaPolicy(ROOM, True, 60, 60)}, {}, {})
    content = Content(policy, {ROOM: {}}, neighbours=Neighbours(peers, {ROOM: AREA_KEY}))
    return build(content, Version(1, 1), NOON, CONTROLLER)


LISTS = {name: open_list(_listed(name), CONTROLLER.public_key()) for name in NAMES}


class Node:
    """The part of an agent that hears and tells; what it witnessed outlives a restart, as in its journal."""

    def __init__(self, name: str) -> None:
        self.name, self.address, self.session = name, Address("tokyo", name), 0
        self.seen: dict[bytes, Whereabouts] = {}
        self.refused = 0

    def start(self, moment: Moment) -> None:
        keys = Keys(SIGNING[self.name], SEALING, bytes(32), CONTROLLER.public_key(), SEALING.public_key())
        self.session += 1
        self.chain = Chain(self.address, self.session * 1000, bytes(32), keys.intake, _random)
        self.presence = Presence(self.seen, {}, lambda _: 0)
        self.witness = Witness(self.name, self.seen, self.presence)
        lists = Lists(self.address, keys, None, _random)
        lists.carried = LISTS[self.name]
        self.peers = Peers(
            self.address,
            keys,
            self.chain,
            lists,
            self.presence,
            self.witness,
            _random,
            self._refuse,
            lambda _: None,
        )
        self.peers.begin(self.session, moment)
        self.peers.committed(self.session, moment)
        self.peers.link(True, moment)

    def _refuse(self, _moment: Moment, _topic: str, _why: str) -> list[Command]:
        self.refused += 1
        return []

    def walk(self, holder: bytes, area: str, moment: Moment) -> Whereabouts:
        moved = Passage(holder, HALL if area == ROOM else ROOM, Whereabouts(area, certain=True))
        record = self.peers.witnessed(self.chain.record(FactKind.PASSAGE, moment, {}, moved=moved), moment)
        self.presence.fold(record)
        self.seen = dict(self.witness.seen)
        assert record.moved is not None
        return record.moved.to

    def says(self, moment: Moment) -> list[bytes]:
        """What is due."""
        said: list[bytes] = []
        while (deadline := self.peers.deadline) is not None and deadline <= moment.mono:
            said += [each.payload for each in self.peers.due(moment) if isinstance(each, Send)]
        return said


class Site:
    """All nodes, everything ever sent, and everything that ever happened."""

    def __init__(self) -> None:
        self.mono = 100.0
        self.nodes = {name: Node(name) for name in NAMES}
        self.sent: list[tuple[str, bytes]] = []
        self.happened: list[tuple[float, str, bytes, Whereabouts]] = []
        for node in self.nodes.values():
            node.start(self.moment)

    @property
    def moment(self) -> Moment:
        return Moment(NOON + timedelta(seconds=self.mono), timedelta(0), self.mono, trusted=True)

    def do(self, act: tuple[Any, ...]) -> None:
        match act:
            case ("walk", name, holder, area):
                self.mono += 0.01
                where = self.nodes[name].walk(holder, area, self.moment)
                self.happened.append((self.mono, name, holder, where))
            case ("deliver", name, back):
                if self.sent:
                    self.give(name, *self.sent[max(0, len(self.sent) - 1 - back)])
            case ("flow", name, count):
                for sender, payload in self.sent[-count:]:
                    self.give(name, sender, payload)
            case ("restart", name):
                self.nodes[name].start(self.moment)
            case ("time", seconds):
                self.mono += seconds
            case ("honest", steps):
                self.heal(steps)
        self.collect()

    def give(self, name: str, sender: str, payload: bytes) -> None:
        if name != sender:
            self.nodes[name].peers.arrived(Arrived(Address("tokyo", sender).up(Up.PRESENCE), payload), self.moment)

    def collect(self) -> list[tuple[str, bytes]]:
        fresh = [(name, each) for name, node in self.nodes.items() for each in node.says(self.moment)]
        self.sent += fresh
        return fresh

    def heal(self, steps: int = 60) -> None:
        """An honest broker for a while."""
        for _ in range(steps):
            self.mono += 0.5
            for sender, payload in self.collect():
                for name in self.nodes:
                    self.give(name, sender, payload)

    def require_truth(self) -> None:
        real = {(where.stamp, name): (holder, where) for _, name, holder, where in self.happened}
        for node in self.nodes.values():
            for holder in HOLDERS:
                known = node.presence.known(holder)
                assert known is None or real[known.stamp, known.witness] == (holder, known), "forged"
            if node.peers.current(ROOM, self.moment):
                self.require_everything(node)

    def require_everything(self, node: Node) -> None:
        """Who says that it is current knows all that happened until its peers last answered, or something later."""
        silent = node.peers.silent_s(ROOM, self.moment)
        assert silent is not None
        assert silent <= PEERS_WITHIN_S
        for at, witness, holder, where in self.happened:
            if witness == node.name or at <= self.mono - silent - 1:
                known = node.presence.known(holder)
                assert known is not None
                assert known.stamp >= where.stamp, "something is missing, and it is not said"


names, holders = st.sampled_from(NAMES), st.sampled_from(HOLDERS)
ACTS = st.one_of(
    st.tuples(st.just("walk"), names, holders, st.sampled_from((ROOM, HALL))),
    st.tuples(st.just("deliver"), names, st.integers(0, 40)),
    st.tuples(st.just("flow"), names, st.integers(1, 12)),
    st.tuples(st.just("restart"), names),
    st.tuples(st.just("honest"), st.sampled_from((4, 16))),
    st.tuples(st.just("time"), st.sampled_from((0.1, 1.0, 5.0, 5.0, 31.0))),
)


@settings(max_examples=60)
@given(st.lists(ACTS, max_size=40))
def test_what_is_known_is_true_and_whole_or_said_not_to_be(acts: list[tuple[Any, ...]]) -> None:
    site = Site()
    site.heal(16)
    for act in acts:
        site.do(act)
        site.require_truth()
    site.heal()
    site.require_truth()
    assert all(node.peers.current(ROOM, site.moment) for node in site.nodes.values())
    for holder in HOLDERS:
        passages = [(where.stamp, name) for _, name, moved, where in site.happened if moved == holder]
        found = [node.presence.known(holder) for node in site.nodes.values()]
        assert {None if each is None else (each.stamp, each.witness) for each in found} == {max(passages, default=None)}


@settings(max_examples=30)
@given(st.lists(st.tuples(names, names, holders, st.sampled_from((ROOM, HALL)), st.integers(0, 3)), max_size=20))
def test_a_lossy_broker_keeps_agents_current_or_silent_and_never_wrong(walks: list[tuple[Any, ...]]) -> None:
    """Messages arrive in order, but each may be lost: what is lost shows, and is mended by what comes after."""
    site = Site()
    site.heal()
    for place, (walker, deaf, holder, area, lost) in enumerate(walks):
        site.do(("walk", walker, holder, area))
        fresh = site.sent[-1:]
        for number, (sender, payload) in enumerate(fresh):
            for name in site.nodes:
                if not (name == deaf and number % 4 == lost % 4):
                    site.give(name, sender, payload)
        site.require_truth()
        if place % 3 == 0:
            site.heal()
            site.require_truth()
            assert all(node.peers.current(ROOM, site.moment) for node in site.nodes.values())
