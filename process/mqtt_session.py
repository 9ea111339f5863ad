"""One MQTT 3.1.1 session over TLS 1.3, kept alive for as long as the process wants it.

The law: this carries bytes and promises nothing. `publish` returning True means "handed to the network", not "stored"
(a killed broker loses what it acknowledged, and a refused publish is acknowledged too); whoever needs more waits for
the receiver's own signed answer. The broker's certificate must be signed by the given authority and name the host.
Callbacks run on the session's own thread: they should only put things into a queue.
"""

import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from process.logs import event, logger

LIMIT: Final = 65_536
"""Most bytes in one payload, both ways."""

BACK_OFF_FIRST: Final = 0.2
BACK_OFF_LAST: Final = 5.0
KEEP_ALIVE: Final = 20
ANSWER_WITHIN: Final = 5.0
"""Seconds for the TCP connection, the TLS handshake and the broker's CONNACK, each."""

STOP_WITHIN: Final = 1.0
QUEUE_LIMIT: Final = 1_000
"""Messages handed over but not yet acknowledged by the broker; `publish` says False above it."""

_SPREAD: Final = secrets.SystemRandom()

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the authority that signed the other side, our certificate (chain), our private key."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Trust:
    """PEM file of the authority that signed the other side, where we show no certificate of our own."""

    ca: Path


def nothing(*_told: object) -> None:
    """Do nothing: the default of the session's callbacks."""


def back_off(attempt: int, chance: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 0); `chance` in [0, 1) spreads a crowd apart.

    Between 0.2 s and a ceiling that doubles from 0.4 s to 5 s.
    """
    ceiling = min(BACK_OFF_LAST, BACK_OFF_FIRST * 2.0 ** (min(attempt, 30) + 1))
    return BACK_OFF_FIRST + chance * (ceiling - BACK_OFF_FIRST)


class _ClosingSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho would leave that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (OSError, ValueError):
            self.close()
            raise


def client_context(files: TlsFiles | Trust) -> ssl.SSLContext:
    """TLS 1.3 as a client that verifies the server's chain and host name, and shows its own certificate if any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and host name unless told otherwise
    context.sslsocket_class = _ClosingSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cafile=files.ca)
    if isinstance(files, TlsFiles):
        context.load_cert_chain(files.certificate, files.key)
    return context


class MqttSession:
    """A persistent session (clean_session=False) that reconnects by itself until `stop`.

    `will` is (topic, payload), sent by the broker with QoS 1 when we vanish. `account` is
    user and password, where the broker knows us by them. `on_refused_filter` hears of a
    subscription that the broker denied (0x80). `tls=None` is for a broker on a private pipe in tests only.
    """

    def __init__(
        self,
        client_id: str,
        host: str,
        port: int,
        tls: TlsFiles | Trust | None,
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None] = nothing,
        on_disconnected: Callable[[], None] = nothing,
        will: tuple[str, bytes] | None = None,
        *,
        will_retained: bool = False,
        account: tuple[str, str] | None = None,
        on_refused_filter: Callable[[str], None] = nothing,
        chance: Callable[[], float] = _SPREAD.random,
    ) -> None:
        self._on_message, self._on_connected, self._on_disconnected = on_message, on_connected, on_disconnected
        self._on_refused_filter, self._chance = on_refused_filter, chance
        self._lock = threading.Lock()
        self._filters: dict[str, None] = {}
        self._asked: dict[int, list[str]] = {}
        self._refused: dict[str, None] = {}
        self._stopping = threading.Event()
        self._connected = False
        self._refusal = ""
        self._thread: threading.Thread | None = None
        self._client = self._make_client(client_id, tls)
        if will is not None:
            self._client.will_set(will[0], will[1], qos=1, retain=will_retained)
        if account is not None:
            self._client.username_pw_set(*account)
        self._client.connect_async(host, port, keepalive=KEEP_ALIVE)
        self.oversized = 0
        """Incoming messages dropped because they were larger than `LIMIT` or had no readable topic."""
        self.last_failure = ""
        """Why the last connection failed or ended, in a few words without payloads; empty when none did."""

    def _make_client(self, client_id: str, tls: TlsFiles | Trust | None) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        client.connect_timeout = ANSWER_WITHIN
        client.max_inflight_messages_set(64)
        client.max_queued_messages_set(QUEUE_LIMIT)
        if tls is not None:
            client.tls_set_context(client_context(tls))
        client.on_connect = self._when_connected
        client.on_disconnect = self._when_disconnected
        client.on_message = self._when_message
        client.on_subscribe = self._when_subscribed
        # Its mere presence makes paho leave all writing to the thread that calls loop(): two threads writing to one
        # TLS socket would garble it. Waking that thread is done by paho's own socket pair.
        client.on_socket_register_write = lambda _client, _userdata, _socket: None
        return client

    @property
    def connected(self) -> bool:
        """True between the broker's acceptance and the loss of the connection."""
        return self._connected

    @property
    def alive(self) -> bool:
        """Does its thread run? (It must, between `start` and `stop`, broker or no broker.)"""
        return self._thread is not None and self._thread.is_alive()

    @property
    def subscribed(self) -> bool:
        """True when connected and the broker has answered every subscription asked for, with yes or no."""
        with self._lock:
            return self._connected and not self._asked

    @property
    def refused_filters(self) -> tuple[str, ...]:
        """The filters that the broker denied on this connection."""
        with self._lock:
            return tuple(self._refused)

    def start(self) -> None:
        """Start connecting; returns at once. Once only."""
        if self._thread is not None:
            raise RuntimeError("an MQTT session is started once")
        self._thread = threading.Thread(target=self._run, name="mqtt-session", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye to the broker (no will is sent) and end the thread, within a second or without the goodbye."""
        self._stopping.set()
        self._client.disconnect()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_WITHIN)

    def subscribe(self, filters: Iterable[str]) -> None:
        """Ask for these topics (QoS 1) now if connected, and again on every connection."""
        wanted = list(dict.fromkeys(filters))
        with self._lock:
            self._filters |= dict.fromkeys(wanted)
            if self._connected:
                self._ask(wanted)

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> bool:
        """Hand a message to the network. False when not connected or too much is waiting: nothing was promised.

        Raises ValueError for a payload above `LIMIT` bytes. A message may arrive twice, or although False was said.
        """
        if len(payload) > LIMIT:
            raise ValueError(f"a payload of {len(payload)} bytes is above the limit of {LIMIT}")
        if not self._connected:
            return False
        return self._client.publish(topic, payload, qos=qos, retain=retain).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            attempt = 0 if self._one_connection() else attempt + 1
            self._stopping.wait(back_off(attempt, self._chance()))

    def _one_connection(self) -> bool:
        """Connect and serve until the connection ends; True when the broker had accepted it."""
        self._refusal = ""
        try:
            self._client.reconnect()
        except (OSError, ValueError) as error:  # unreachable; refused; certificate not trusted or not for this host
            self._fail(_connect_failure(error), error)
            return False
        accepted = self._serve()
        if not accepted and not self._stopping.is_set():
            self._fail(self._refusal or "no answer: the broker may have refused our certificate", None)
        return accepted

    def _serve(self) -> bool:
        """Run the network loop until the connection ends, is not accepted in time, or the goodbye is said."""
        deadline, accepted, leaving = time.monotonic() + ANSWER_WITHIN, False, False
        while self._client.socket() is not None:
            if self._stopping.is_set() and not leaving:
                leaving, deadline = True, time.monotonic() + STOP_WITHIN
                self._client.disconnect()
            if self._client.loop(timeout=0.5) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            accepted = accepted or self._connected
            if (leaving or not accepted) and time.monotonic() > deadline:
                break
        if (socket := self._client.socket()) is not None:  # paho closes it itself unless we ran out of patience
            socket.close()
        return accepted

    def _fail(self, reason: str, error: BaseException | None) -> None:
        self.last_failure = reason
        event(log, "broker_not_reached", level="warning", reason=reason, error=error)

    def _ask(self, filters: list[str]) -> None:
        """Send SUBSCRIBE; the caller holds the lock, so that the answer finds its question."""
        if not filters:
            return
        _result, message_id = self._client.subscribe([(one, 1) for one in filters])
        if message_id is not None:
            self._asked[message_id] = filters

    def _when_connected(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, code: ReasonCode, _props: Properties | None
    ) -> None:
        if code.is_failure:
            self._refusal = f"the broker refused us: {code}"
            return
        with self._lock:
            self._connected, self.last_failure = True, ""
            self._asked.clear()
            self._refused.clear()
            self._ask(list(self._filters))
        event(log, "broker_connected")
        self._guarded(self._on_connected)

    def _when_disconnected(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.DisconnectFlags, code: ReasonCode, _props: Any
    ) -> None:
        with self._lock:
            was, self._connected = self._connected, False
        if not was:
            return
        self.last_failure = "" if self._stopping.is_set() else f"the connection ended: {code}"
        event(log, "broker_disconnected", reason=str(code))
        self._guarded(self._on_disconnected)

    def _when_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        if not topic or len(message.payload) > LIMIT:
            self.oversized += 1
            event(log, "message_dropped", level="warning", size=len(message.payload), dropped_so_far=self.oversized)
            return
        payload = bytes(message.payload)
        self._guarded(partial(self._on_message, topic, payload))

    def _when_subscribed(
        self, _client: mqtt.Client, _data: Any, message_id: int, codes: list[ReasonCode], _props: Any
    ) -> None:
        with self._lock:
            asked = self._asked.pop(message_id, [])
            denied = [one for one, code in zip(asked, codes, strict=False) if code.is_failure]
            self._refused |= dict.fromkeys(denied)
        for one in denied:
            event(log, "subscription_refused", level="warning", topic_filter=one)
            self._guarded(partial(self._on_refused_filter, one))

    def _guarded(self, call: Callable[[], None]) -> None:
        """Run a foreign callback. What it raises is logged and goes no further.

        Broad on purpose, the one place here: the callback is the owner's code on our thread, and whatever is wrong
        with one message must not end the link over which revocations and acknowledgements arrive.
        """
        try:
            call()
        except Exception as error:  # noqa: BLE001 - see the docstring
            event(log, "callback_failed", level="error", error=error)


def _connect_failure(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the broker's certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return "the broker cannot be reached"
