"""Starting and ending a broker, and the one session of `process` over it."""

import queue
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cli.brokers import mosquitto, running
from cli.brokers.rules import AgentRules, agent_client_id, controller_client_id
from process.mqtt_session import LIMIT, MqttSession
from tests.cli_brokers.broker_hands import AGENTS, SITE, WITHIN, Authority
from tests.conftest import need

pytestmark = pytest.mark.broker
CEDAR = AGENTS[-1]
UP, DOWN = f"sekisho/1/{SITE}/{CEDAR}/up/events", f"sekisho/1/{SITE}/{CEDAR}/down/list"


@dataclass
class Talk:
    """A session, and everything it told us, in the order of its telling."""

    session: MqttSession
    told: "queue.Queue[tuple[str, str, bytes]]"

    def next(self, what: str) -> tuple[str, bytes]:
        """The next thing told must be `what`."""
        kind, topic, payload = self.told.get(timeout=WITHIN)
        assert kind == what
        return topic, payload


def talk(broker: running.RunningBroker, authority: Authority, client_id: str, **options: object) -> Talk:
    told: queue.Queue[tuple[str, str, bytes]] = queue.Queue()
    session = MqttSession(
        client_id,
        broker.host,
        broker.port,
        authority.issue(client_id),
        on_message=lambda topic, payload: told.put(("message", topic, payload)),
        on_connected=lambda: told.put(("connected", "", b"")),
        on_disconnected=lambda: told.put(("disconnected", "", b"")),
        on_refused_filter=lambda refused: told.put(("refused", refused, b"")),
        chance=lambda: 0.0,
        **options,  # type: ignore[arg-type]
    )
    return Talk(session, told)


@pytest.fixture
def pair(broker: running.RunningBroker, authority: Authority) -> Iterator[tuple[Talk, Talk]]:
    """A door and a controller, connected, each subscribed to what is its own."""
    door = talk(broker, authority, agent_client_id(SITE, CEDAR))
    centre = talk(broker, authority, controller_client_id(SITE))
    door.session.subscribe([f"sekisho/1/{SITE}/{CEDAR}/down/#"])
    centre.session.subscribe([f"sekisho/1/{SITE}/+/up/#"])
    for one in (door, centre):
        one.session.start()
        one.next("connected")
        _until(lambda one=one: one.session.subscribed)  # type: ignore[misc]
    yield door, centre
    for one in (door, centre):
        one.session.stop()


def test_a_session_carries_bytes_both_ways(pair: tuple[Talk, Talk]) -> None:
    door, centre = pair
    assert door.session.publish(UP, b"\x00\xff" * 10)
    assert centre.next("message") == (UP, b"\x00\xff" * 10)
    assert centre.session.publish(DOWN, b"x" * LIMIT)
    assert door.next("message") == (DOWN, b"x" * LIMIT)


def test_a_session_stops_within_a_second_and_publishes_no_more(pair: tuple[Talk, Talk]) -> None:
    door, _centre = pair
    began = time.monotonic()
    door.session.stop()
    assert time.monotonic() - began < 1.0
    door.next("disconnected")
    assert not door.session.connected
    assert door.session.publish(UP, b"late") is False


def test_a_payload_above_the_limit_is_a_mistake_of_the_caller(pair: tuple[Talk, Talk]) -> None:
    with pytest.raises(ValueError, match="above the limit"):
        pair[0].session.publish(UP, b"x" * (LIMIT + 1))


def test_a_callback_that_raises_does_not_end_the_session(broker: running.RunningBroker, authority: Authority) -> None:
    heard: queue.Queue[bytes] = queue.Queue()

    def stumble(_topic: str, payload: bytes) -> None:
        heard.put(payload)
        raise ZeroDivisionError

    name = agent_client_id(SITE, AGENTS[-3])
    door = MqttSession(name, broker.host, broker.port, authority.issue(name), on_message=stumble)
    centre = talk(broker, authority, controller_client_id(SITE))
    door.subscribe([f"sekisho/1/{SITE}/{AGENTS[-3]}/down/#"])
    centre.session.start()
    centre.next("connected")
    door.start()
    for payload in (b"first", b"second"):  # retained: heard although the subscription may come later
        centre.session.publish(f"sekisho/1/{SITE}/{AGENTS[-3]}/down/list", payload, retain=True)
        assert heard.get(timeout=WITHIN) == payload
    door.stop()
    centre.session.stop()


def test_a_refused_filter_is_reported_where_the_broker_says_so(
    broker: running.RunningBroker, authority: Authority
) -> None:
    door = talk(broker, authority, agent_client_id(SITE, AGENTS[-5]))
    door.session.start()
    door.next("connected")
    door.session.subscribe(["#"])
    _until(lambda: door.session.subscribed)
    if broker.kind == "embedded":  # mosquitto 2.0 grants every filter, and judges messages
        assert door.next("refused") == ("#", b"")
        assert door.session.refused_filters == ("#",)
    door.session.stop()


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_a_session_comes_back_to_a_broker_that_was_killed_and_subscribes_again(
    kind: running.BrokerKind, authority: Authority, tmp_path: Path
) -> None:
    _need(kind)
    rules = [AgentRules(SITE, CEDAR)]
    first = running.start(kind, tmp_path, authority.issue("broker"), rules)
    door = talk(first, authority, agent_client_id(SITE, CEDAR))
    centre = talk(first, authority, controller_client_id(SITE))
    door.session.subscribe([f"sekisho/1/{SITE}/{CEDAR}/down/#"])
    for one in (door, centre):
        one.session.start()
        one.next("connected")
    first.kill()
    for one in (door, centre):
        one.next("disconnected")
    second = running.start(kind, tmp_path, authority.issue("broker"), rules, port=first.port)
    for one in (door, centre):
        one.next("connected")
    assert centre.session.publish(DOWN, b"after the fall", retain=True)
    assert door.next("message") == (DOWN, b"after the fall")
    for one in (door, centre):
        one.session.stop()
    second.stop()


def test_a_broker_of_another_authority_is_not_talked_to(
    broker: running.RunningBroker, authority: Authority, tmp_path: Path
) -> None:
    name = agent_client_id(SITE, CEDAR)
    files = replace(authority.issue(name), ca=Authority(tmp_path).ca)
    session = MqttSession(name, broker.host, broker.port, files, on_message=lambda _topic, _payload: None)
    session.start()
    _until(lambda: "not to be trusted" in session.last_failure)
    assert not session.connected
    session.stop()


def test_a_broker_whose_certificate_names_another_host_is_not_talked_to(authority: Authority, tmp_path: Path) -> None:
    name = agent_client_id(SITE, CEDAR)
    broker = running.start("embedded", tmp_path, authority.issue("elsewhere", "elsewhere.example"), [], sites=[SITE])
    session = MqttSession(name, broker.host, broker.port, authority.issue(name), on_message=lambda _t, _p: None)
    session.start()
    _until(lambda: "not to be trusted" in session.last_failure)
    assert not session.connected
    session.stop()
    broker.stop()


def test_a_session_the_broker_does_not_know_says_that_it_was_refused(authority: Authority, tmp_path: Path) -> None:
    name = agent_client_id(SITE, "unheard-of")
    broker = running.start("embedded", tmp_path, authority.issue("broker"), [], sites=[SITE])
    session = MqttSession(name, broker.host, broker.port, authority.issue(name), on_message=lambda _t, _p: None)
    session.start()
    _until(lambda: "refused us" in session.last_failure)
    session.stop()
    broker.stop()


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_a_broker_s_folder_is_private_and_its_stop_frees_the_port(
    kind: running.BrokerKind, authority: Authority, tmp_path: Path
) -> None:
    _need(kind)
    folder = tmp_path / "a folder with spaces"
    broker = running.start(kind, folder, authority.issue("broker"), [], sites=[SITE])
    assert broker.kind == kind
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    broker.stop()
    assert broker.process.returncode == 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((broker.host, broker.port))


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_a_taken_port_is_said_not_taken_for_readiness(
    kind: running.BrokerKind, authority: Authority, tmp_path: Path
) -> None:
    _need(kind)
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        with pytest.raises(running.BrokerNotStartedError, match="did not start"):
            running.start(kind, tmp_path, authority.issue("broker"), [], port=squatter.getsockname()[1])


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_a_broker_ends_when_the_process_that_started_it_is_killed(
    kind: running.BrokerKind, authority: Authority, tmp_path: Path
) -> None:
    _need(kind)
    files = authority.issue("broker")
    program = (
        "import sys, time; from pathlib import Path\n"
        "from cli.brokers import running; from process.mqtt_session import TlsFiles\n"
        "kind, folder, *files = sys.argv[1:]\n"
        "broker = running.start(kind, Path(folder), TlsFiles(*map(Path, files)), [], sites=['main'])\n"
        "print(broker.port, flush=True); sys.stdin.read()\n"
    )
    arguments = [kind, str(tmp_path / "broker"), str(files.ca), str(files.certificate), str(files.key)]
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _until(lambda: not _somebody_listens(port))


def test_auto_takes_mosquitto_when_there_is_one_and_the_embedded_broker_when_not(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosquitto, "find", lambda: None)
    broker = running.start("auto", tmp_path, authority.issue("broker"), [], sites=[SITE])
    broker.stop()
    assert broker.kind == "embedded"
    with pytest.raises(running.BrokerNotStartedError, match="no mosquitto"):
        running.start("mosquitto", tmp_path, authority.issue("broker"), [])


def _need(kind: str) -> None:
    if kind == "mosquitto":
        need("mosquitto", mosquitto.find())


def _until(holds: Callable[[], bool]) -> None:
    """Wait for something outside this process to come true; it is a promise, so its time is bounded."""
    deadline = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _somebody_listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
