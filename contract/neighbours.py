"""What an agent's list says of the other agents of its rooms: whose presence it may believe, and the keys to read it.

It stands beside the policy, not in it: the list is sealed to its agent, the policy is kept by the controller and named
in facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract import shape
from contract.canonical import Object, Value

KEY_BYTES = 32
MOST_PEERS = 256


@dataclass(frozen=True, slots=True)
class Peer:
    """Another agent with a door into one of this agent's areas. signing: its Ed25519 public key, 32 bytes; areas: the
    ones that both share."""

    agent: str
    signing: bytes
    areas: tuple[str, ...]

    def as_object(self) -> Object:
        return {"agent": self.agent, "signing": self.signing.hex(), "areas": list(self.areas)}

    @classmethod
    def from_object(cls, data: Object) -> Peer:
        shape.exactly(data, ("agent", "signing", "areas"))
        areas = shape.texts(data, "areas", 64)
        return cls(shape.text(data, "agent", 64), shape.octets(data, "signing", KEY_BYTES), areas)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """peers: by agent; area_keys: 32 secret bytes for every area that is shared, under which presence is sealed."""

    peers: Mapping[str, Peer] = field(default_factory=dict)
    area_keys: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(area not in self.area_keys for peer in self.peers.values() for area in peer.areas):
            raise ValueError("an area is shared without a key")

    def of(self, area: str) -> tuple[str, ...]:
        """The peers that share `area`."""
        return tuple(sorted(name for name, peer in self.peers.items() if area in peer.areas))

    def as_object(self) -> Object:
        peers: list[Value] = [self.peers[name].as_object() for name in sorted(self.peers)]
        return {"peers": peers, "area_keys": {area: self.area_keys[area].hex() for area in self.area_keys}}

    @classmethod
    def from_object(cls, data: Object) -> Neighbours:
        shape.exactly(data, ("peers", "area_keys"))
        peers = [Peer.from_object(each) for each in shape.children(data, "peers", MOST_PEERS)]
        if len({peer.agent for peer in peers}) != len(peers):
            raise shape.BadShape("a peer is named twice")
        keys = shape.child(data, "area_keys")
        return cls({peer.agent: peer for peer in peers}, {area: shape.octets(keys, area, KEY_BYTES) for area in keys})


NOBODY = Neighbours()
"""An agent whose areas are all its own."""
