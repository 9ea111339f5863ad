"""The cast of the broker tests: an authority that certifies, hands that may do wrong, a building of agents.

Certificates are made at run time and live in a temporary folder only.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cli.brokers import running
from cli.brokers.rules import AgentRules, agent_client_id, controller_client_id
from process.mqtt_session import TlsFiles, client_context

SITE = "main"
WITHIN = 5.0
AGENTS = tuple(f"door-{number:02}" for number in range(60))


class Authority:
    """A certificate authority that lives as long as the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self._certificate(self.name, self.key, "localhost", is_authority=True))

    def issue(self, common_name: str, host: str = "localhost") -> TlsFiles:
        """A certificate good for both ends of a connection to 127.0.0.1, or to another `host` only."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        certificate_file, key_file = self.folder / f"{common_name}.pem", self.folder / f"{common_name}.key"
        certificate_file.write_bytes(self._certificate(name, key, host, is_authority=False))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return TlsFiles(self.ca, certificate_file, key_file)

    def _certificate(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, host: str, *, is_authority: bool) -> bytes:
        now = datetime.now(UTC)
        address = [x509.IPAddress(IPv4Address("127.0.0.1"))] if host == "localhost" else []
        hosts = x509.SubjectAlternativeName([x509.DNSName(host), *address])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(hosts, critical=False)
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Hand:
    """A client that may do wrong: any certificate, any client id, any will. One connection, no second try."""

    def __init__(
        self,
        broker: running.RunningBroker,
        tls: TlsFiles,
        client_id: str,
        *,
        clean: bool = False,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.granted: list[bool] = []
        self.accepted: bool | None = None
        self.session_present = False
        self.ended = False
        self._changed = threading.Condition()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=clean,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.tls_set_context(client_context(tls))
        if will is not None:
            self._client.will_set(*will, qos=1)
        self._client.on_connect = self._when_connected
        self._client.on_disconnect = self._when_disconnected
        self._client.on_message = self._when_message
        self._client.on_subscribe = self._when_subscribed
        try:
            self._client.connect(broker.host, broker.port)
            self._client.loop_start()
        except OSError:
            self.accepted, self.ended = False, True
        self.until(lambda: self.accepted is not None or self.ended)

    def until(self, holds: Callable[[], bool]) -> bool:
        with self._changed:
            return self._changed.wait_for(holds, WITHIN)

    def subscribe(self, *filters: str) -> list[bool]:
        """Which of them the broker granted."""
        self.granted = []
        self._client.subscribe([(one, 1) for one in filters])
        assert self.until(lambda: len(self.granted) == len(filters))
        return self.granted

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain)

    def hears(self, payload: bytes) -> bool:
        return self.until(lambda: payload in [said for _topic, said in self.heard])

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def vanish(self) -> None:
        """Be gone without a goodbye: the broker sends the will."""
        held: Any = self._client.socket()
        held.shutdown(2)
        self.until(lambda: self.ended)
        self._client.loop_stop()

    def _note(self, **changes: object) -> None:
        with self._changed:
            for name, value in changes.items():
                setattr(self, name, value)
            self._changed.notify_all()

    def _when_connected(self, _client: Any, _data: Any, flags: mqtt.ConnectFlags, code: Any, _props: Any) -> None:
        self._note(accepted=not code.is_failure, session_present=flags.session_present)

    def _when_disconnected(self, *_told: Any) -> None:
        self._note(ended=True)

    def _when_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._note(heard=[*self.heard, (message.topic, bytes(message.payload))])

    def _when_subscribed(self, _client: Any, _data: Any, _mid: int, codes: list[Any], _props: Any) -> None:
        self._note(granted=[not code.is_failure for code in codes])


@dataclass(frozen=True)
class Building:
    """A running broker and everybody who may come to it."""

    broker: running.RunningBroker
    authority: Authority
    fresh: Iterator[str]
    hands: list[Hand]

    def agent(self) -> str:
        """The id of an agent that no other test has used."""
        return next(self.fresh)

    def comes(
        self,
        agent: str,
        *,
        as_client: str | None = None,
        by: Authority | None = None,
        clean: bool = False,
        will: tuple[str, bytes] | None = None,
    ) -> Hand:
        """`agent` connects with its own certificate, under its own client id unless told otherwise."""
        name = agent_client_id(SITE, agent)
        return self._hand((by or self.authority).issue(name), as_client or name, clean, will)

    def controller(self) -> Hand:
        """The controller, hearing everything its site says."""
        name = controller_client_id(SITE)
        hand = self._hand(self.authority.issue(name), name, clean=True, will=None)
        assert hand.subscribe(f"sekisho/1/{SITE}/+/up/#") == [True]
        return hand

    def _hand(self, tls: TlsFiles, client_id: str, clean: bool, will: tuple[str, bytes] | None) -> Hand:
        self.hands.append(Hand(self.broker, tls, client_id, clean=clean, will=will))
        return self.hands[-1]


def rules_of_all() -> list[AgentRules]:
    """Every even-numbered agent may hear the presence of the one after it."""
    neighbour = dict(itertools.pairwise(AGENTS))
    return [AgentRules(SITE, one, (neighbour[one],) if index % 2 == 0 else ()) for index, one in enumerate(AGENTS)]
