"""Home Assistant: a real broker with the shipped access list shows the house as it is, and nobody in it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from cli.brokers import mosquitto
from controller.database import reading, transaction
from controller.feeds import home_assistant, host_feed
from controller.feeds.bridge import Bridge
from controller.feeds.feed import Feed, State
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.premises import door as doors
from controller.record.door_state import DoorState
from controller.settings import BrokerSettings, ControllerSettings, HomeAssistantSettings
from process.mqtt_session import Trust, client_context
from process.settings import SettingsError, parse
from tests.conftest import need
from tests.controller.conftest import CARDS, NOW, House
from tests.controller.feed_hands import raised

ACL = Path(__file__).parents[2] / "deploy" / "mosquitto" / "home-assistant.acl"
WITHIN = 20.0
PASSWORDS = {"sekisho": "to-say", "homeassistant": "to-hear", "witness": "to-see-all"}


@dataclass
class Ear:
    """A client that hears what its account lets it; the newest payload of each topic."""

    heard: dict[str, str] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    refused: bool = False

    def take(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self.changed:
            self.heard[message.topic] = message.payload.decode("utf-8")
            self.changed.notify_all()

    def until(self, holds: Callable[[dict[str, str]], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: holds(self.heard), WITHIN)


@dataclass(frozen=True)
class Broker:
    port: int
    keys: Path

    @contextmanager
    def client(self, user: str, ear: Ear) -> Iterator[mqtt.Client]:
        """A client of this account that listens to everything, subscribed when it is given."""
        subscribed = threading.Event()
        made = mqtt.Client(CallbackAPIVersion.VERSION2, f"test-{user}")
        made.username_pw_set(user, PASSWORDS[user])
        made.tls_set_context(client_context(Trust(self.keys / "ca.pem")))
        made.on_message = ear.take
        made.on_subscribe = lambda *_told: subscribed.set()
        made.connect("127.0.0.1", self.port)
        made.loop_start()
        made.subscribe("#", 1)
        assert subscribed.wait(WITHIN)
        try:
            yield made
        finally:
            made.disconnect()
            made.loop_stop()


@pytest.fixture
def broker(house: House, tmp_path: Path) -> Iterator[Broker]:
    found, maker = mosquitto.find(), shutil.which("mosquitto_passwd")
    need("mosquitto", found)
    need("mosquitto_passwd", maker)
    assert found is not None
    keys, folder = house.folder / "keys", tmp_path / "broker"
    folder.mkdir(mode=0o700)
    (folder / "acl").write_text(ACL.read_text(encoding="utf-8") + "\nuser witness\ntopic read #\n", encoding="utf-8")
    (folder / "passwords").touch(mode=0o600)
    for user, password in PASSWORDS.items():
        subprocess.run([str(maker), "-b", str(folder / "passwords"), user, password], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    lines = [
        "user root", "persistence false", "allow_anonymous false", f"acl_file {folder / 'acl'}",
        f"password_file {folder / 'passwords'}", "log_dest stderr", f"listener {port} 127.0.0.1",
        f"cafile {keys / 'ca.pem'}", f"certfile {keys / 'broker.pem'}", f"keyfile {keys / 'broker.key'}",
    ]  # fmt: skip
    (folder / "conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with subprocess.Popen([found.program, "-c", folder / "conf"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if mosquitto.RUNNING.search(line):
                break
        yield Broker(port, keys)
        process.kill()


@pytest.fixture
def told(broker: Broker, tmp_path: Path) -> HomeAssistantSettings:
    password = tmp_path / "ha-password"
    password.touch(mode=0o600)
    password.write_text("to-say\n", encoding="ascii")
    return HomeAssistantSettings(
        "Facility management", "see which door is open", "127.0.0.1", broker.keys / "ca.pem", broker.port,
        user="sekisho", password=password, occupancy=("cedar-room",),
    )  # fmt: skip


@contextmanager
def bridged(house: House, told: HomeAssistantSettings) -> Iterator[None]:
    with transaction(house.engine) as session:
        host_feed.keep(session, "tokyo", NOW, told)
    stop = threading.Event()
    thread = threading.Thread(target=Bridge(house.engine, "tokyo", told).run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WITHIN)


def opened(house: House, leaf: str) -> None:
    with transaction(house.engine) as session:
        door = doors.by_key(session, house.site(session), "cedar")
        assert door is not None
        state = session.get(DoorState, door.id)
        if state is None:
            state = DoorState(door_id=door.id, leaf=leaf, held_by="", faults="")
            session.add(state)
        state.leaf = leaf
        house.agent(session).last_heard_at = datetime.now(NOW.tzinfo)


CONFIG = "homeassistant/device/sekisho_tokyo/config"
ROOT = "sekisho-feed/tokyo"


def test_the_house_is_discovered_and_followed_and_names_nobody(
    house: House, broker: Broker, told: HomeAssistantSettings
) -> None:
    opened(house, "closed")
    ear = Ear()
    with broker.client("homeassistant", ear):
        with bridged(house, told):
            assert ear.until(lambda heard: heard.get(f"{ROOT}/available") == "online")
            found = json.loads(ear.heard[CONFIG])
            parts = found["components"]
            assert parts["door_cedar"]["platform"] == "binary_sensor"
            assert parts["door_cedar"]["device_class"] == "door"
            assert parts["inside_cedar-room"]["state_topic"] == f"{ROOT}/inside/cedar-room"
            assert not [name for name in parts if name.startswith("inside_") and name != "inside_cedar-room"]
            assert all(part["state_topic"] in ear.heard for part in parts.values())
            assert len({part["unique_id"] for part in parts.values()}) == len(parts)
            assert "command" not in ear.heard[CONFIG]
            assert (ear.heard[f"{ROOT}/door/cedar"], ear.heard[f"{ROOT}/alarm/cedar"]) == ("OFF", "OFF")
            opened(house, "forced")
            raised(house, NOW)
            assert ear.until(lambda heard: heard[f"{ROOT}/door/cedar"] == "ON")
            assert ear.until(lambda heard: heard[f"{ROOT}/alarm/cedar"] == "ON" and heard[f"{ROOT}/alarms"] == "1")
            assert ear.heard[f"{ROOT}/door/cedar/state"] == "forced"
        assert ear.until(lambda heard: heard[f"{ROOT}/available"] == "offline")
    said = "\n".join((*ear.heard, *ear.heard.values()))
    assert [name for name in (*CARDS, "Kim", "Mia") if name in said] == []


def test_who_connects_later_sees_the_house_as_it_is(house: House, broker: Broker, told: HomeAssistantSettings) -> None:
    first = Ear()
    with broker.client("homeassistant", first), bridged(house, told):
        assert first.until(lambda heard: heard.get(f"{ROOT}/available") == "online")
        later = Ear()
        with broker.client("witness", later):
            assert later.until(lambda heard: heard.keys() >= first.heard.keys())
            assert later.heard == first.heard


def test_our_account_says_nothing_elsewhere_and_hears_nothing(
    house: House, broker: Broker, told: HomeAssistantSettings
) -> None:
    everything, ours = Ear(), Ear()
    with (
        broker.client("witness", everything),
        broker.client("sekisho", ours) as we,
        broker.client("homeassistant", Ear()) as they,
    ):
        for topic in ("sekisho/1/tokyo/cedar/down/list", "homeassistant/status", "homeassistant/lock/x/set"):
            we.publish(topic, b"no", 1)
        they.publish(f"{ROOT}/door/cedar", b"no", 1)
        they.publish("homeassistant/status", b"online", 1).wait_for_publish(WITHIN)
        we.publish(f"{ROOT}/last", b"yes", 1)
        assert everything.until(lambda heard: {"homeassistant/status", f"{ROOT}/last"} <= heard.keys())
        assert everything.heard == {"homeassistant/status": "online", f"{ROOT}/last": "yes"}
    assert ours.heard == {}


def test_the_list_of_feeds_names_recipient_and_purpose_and_whether_the_broker_is_there(
    house: House, broker: Broker, told: HomeAssistantSettings
) -> None:
    ear = Ear()
    with broker.client("homeassistant", ear), bridged(house, told):
        assert ear.until(lambda heard: heard.get(f"{ROOT}/available") == "online")
    with transaction(house.engine) as session:
        feed = session.query(Feed).one()
        assert (feed.recipient, feed.purpose, feed.made_by) == (told.recipient, told.purpose, None)
        assert (feed.state, feed.target) == (State.ON, f"mqtts://127.0.0.1:{broker.port}")
        host_feed.keep(session, "tokyo", NOW, told)
        host_feed.reached(session, "tokyo", NOW, connected=False)
        assert (feed.state, feed.flaw) == (State.FAILING, "away")
        host_feed.keep(session, "tokyo", NOW, None)
        assert feed.ended_at == NOW
    with reading(house.engine) as session:
        rows = session.scalars(
            select(LedgerRow.kind).where(LedgerRow.kind.startswith("feed-")).order_by(LedgerRow.sequence)
        )
        assert list(rows) == [Kind.FEED_MADE, Kind.FEED_ENDED]


def test_names_are_japanese_where_that_was_asked_for(house: House) -> None:
    asked = HomeAssistantSettings("x", "y", "ha.example", Path("ca.pem"), language="ja")
    with reading(house.engine) as session:
        site = house.site(session)
        found = json.loads(home_assistant.states(session, site, NOW, asked)[CONFIG])
        door = doors.by_key(session, site, "cedar")
        assert door is not None
        assert found["components"]["door_cedar"]["name"] == door.name_ja


@pytest.mark.parametrize(
    ("line", "told"),
    [('purpose = " "', "what they need it for"), ('topics = "sekisho/1"', "none of the doors' own"),
     ('topics = "a/#"', "none of the doors' own"), ('certificate = "x.pem"', "given together"),
     ('user = "sekisho"', "given together"), ("port = 0", "from 1 to 65535")],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(line: str, told: str) -> None:
    needed = {"recipient": '"x"', "purpose": '"y"', "host": '"ha"', "ca": '"ca.pem"'}
    lines = [line, *(f"{name} = {value}" for name, value in needed.items() if not line.startswith(name))]
    with pytest.raises(SettingsError, match=told):
        parse("\n".join(lines).encode(), HomeAssistantSettings, Path("ha.toml"))


def test_the_doors_own_broker_is_used_only_on_purpose() -> None:
    own = BrokerSettings("localhost", 8883, Path("ca"), Path("c"), Path("k"))
    same = HomeAssistantSettings("x", "y", "localhost", Path("ca"))
    with pytest.raises(ValueError, match="same_broker"):
        ControllerSettings("sqlite://", "tokyo", Path("keys"), "https://x", own, home_assistant=same)
