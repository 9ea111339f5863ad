"""The one table of who may say and hear what on the broker. Pure: names in, permissions out.

A client's MQTT id is its certificate's common name, and the name says what it is: `agent.<site>.<agent>` or
`controller.<site>`. An agent writes only below its own `up`, reads only below its own `down`, and hears the presence
of the peers that are named to it. Everything that the table does not grant is denied. Both brokers are configured from
here; neither is the defence against a forged message (that is the signed envelope), but a door that cannot read its
neighbour's list cannot leak it either.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ROOT: Final = "sekisho/1"
COMMON_NAME_LIMIT: Final = 64
"""X.509's own upper bound (RFC 5280, ub-common-name)."""

_LABEL = re.compile(r"[a-z0-9-]+")


class Access(StrEnum):
    """The two directions, in the words of mosquitto's ACL file."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Permission:
    """`access` to every topic that `topic_filter` matches."""

    access: Access
    topic_filter: str


@dataclass(frozen=True, slots=True)
class AgentRules:
    """One agent of a site, and the peers (agents of the same site) whose presence it may hear."""

    site: str
    agent: str
    peers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for label in (self.site, self.agent, *self.peers):
            if not _LABEL.fullmatch(label):
                raise ValueError(f"{label!r} is not a site or agent id: small letters, digits and hyphens")
        if len(self.client_id) > COMMON_NAME_LIMIT:
            raise ValueError(f"{self.client_id} is longer than a certificate's common name may be")

    @property
    def client_id(self) -> str:
        return agent_client_id(self.site, self.agent)

    @property
    def own(self) -> str:
        """The topic level that is this agent's."""
        return f"{ROOT}/{self.site}/{self.agent}"


def agent_client_id(site: str, agent: str) -> str:
    """The common name of an agent's certificate, and so its MQTT client id."""
    return f"agent.{site}.{agent}"


def controller_client_id(site: str) -> str:
    """The common name of a controller's certificate, and so its MQTT client id."""
    return f"controller.{site}"


def agent_permissions(rules: AgentRules) -> tuple[Permission, ...]:
    """What an agent may do."""
    return (
        Permission(Access.WRITE, f"{rules.own}/up/#"),
        Permission(Access.READ, f"{rules.own}/down/#"),
        *(Permission(Access.READ, f"{ROOT}/{rules.site}/{peer}/up/presence") for peer in rules.peers),
    )


def controller_permissions(site: str) -> tuple[Permission, ...]:
    """What a controller may do: everything of its site, but never an agent's part of the talk."""
    return (
        Permission(Access.WRITE, f"{ROOT}/{site}/+/down/#"),
        Permission(Access.READ, f"{ROOT}/{site}/+/up/#"),
    )


@dataclass(frozen=True, slots=True)
class TopicTable:
    """The permissions of every client that exists, by client id; a client that is not in it has none."""

    permissions: Mapping[str, tuple[Permission, ...]]

    @classmethod
    def of(cls, agents: Iterable[AgentRules], sites: Iterable[str] = ()) -> "TopicTable":
        """The table of these agents, and of one controller for each of their sites and of `sites`."""
        table: dict[str, tuple[Permission, ...]] = {}
        for site in sites:
            table[controller_client_id(site)] = controller_permissions(site)
        for rules in agents:
            table[controller_client_id(rules.site)] = controller_permissions(rules.site)
            table[rules.client_id] = agent_permissions(rules)
        return cls(table)

    def knows(self, client_id: str) -> bool:
        return client_id in self.permissions

    def may_publish(self, client_id: str, topic: str) -> bool:
        """Whether the client may say something on `topic` (a topic, not a filter); its will is judged by this too."""
        return is_topic(topic) and self._allows(client_id, Access.WRITE, topic)

    def may_receive(self, client_id: str, topic: str) -> bool:
        """Whether a message on `topic` may be handed to the client."""
        return is_topic(topic) and self._allows(client_id, Access.READ, topic)

    def may_subscribe(self, client_id: str, topic_filter: str) -> bool:
        """Whether everything that `topic_filter` could ever match may be handed to the client."""
        return is_filter(topic_filter) and self._allows(client_id, Access.READ, topic_filter)

    def _allows(self, client_id: str, access: Access, wanted: str) -> bool:
        granted = self.permissions.get(client_id, ())
        return any(one.access is access and covers(one.topic_filter, wanted) for one in granted)


def is_topic(topic: str) -> bool:
    """A topic that may be published to (MQTT 3.1.1, 4.7.3): not empty, no wildcard, no NUL."""
    return 0 < len(topic.encode(errors="replace")) <= 65_535 and not set(topic) & set("+#\0")


def is_filter(topic_filter: str) -> bool:
    """A well-formed filter (MQTT 3.1.1, 4.7.1): wildcards fill their level, `#` stands last."""
    levels = topic_filter.split("/")
    wild_is_whole = all(level in ("+", "#") or not set(level) & set("+#\0") for level in levels)
    return bool(topic_filter) and wild_is_whole and "#" not in levels[:-1]


def covers(outer: str, inner: str) -> bool:
    """Whether every topic that filter (or topic) `inner` matches is matched by filter `outer` as well."""
    asked = inner.split("/")
    for index, level in enumerate(outer.split("/")):
        if level == "#":
            return len(asked) >= index
        if index >= len(asked) or asked[index] == "#" or level not in ("+", asked[index]):
            return False
    return len(asked) == len(outer.split("/"))
