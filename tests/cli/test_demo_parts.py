"""The parts of the demo, each by itself: paper building, folder, relay, supervisor."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from cli.demo import building, secrets_file, settings_files
from cli.demo.building import SOURCES
from cli.demo.cast import OPERATORS, PEOPLE
from cli.demo.folder import LAYOUT, Claim, Folder, OtherLayoutError, SocketPlace, TakenError, write_private
from cli.demo.processes import Child, Event
from cli.demo.relay import Relays
from cli.demo.supervisor import NotUpError, Supervisor
from door_agent.settings import AgentSettings
from hardware.bench.fixture import parse_fixture
from process.settings import load

# The building on paper


def test_the_fixture_is_one_that_the_bench_reads(tmp_path: Path) -> None:
    fixture = parse_fixture(tomllib.loads(building.fixture(tmp_path)), tmp_path)
    assert fixture.agents == building.AGENTS
    assert {reader.id for reader in fixture.readers} == {p for door in building.DOORS for p in door.access_points}
    for door in building.DOORS:
        assert {pin.id for pin in fixture.pins} >= {part.id for part in building.parts_of(door)}
        assert {line.id for line in fixture.lines} >= set(building.lines_of(door))
    assert {pin.number for pin in fixture.pins} <= set(building.GPIOS)


def test_no_pin_of_an_agent_with_supervised_lines_is_on_the_converters_bus(tmp_path: Path) -> None:
    fixture = parse_fixture(tomllib.loads(building.fixture(tmp_path)), tmp_path)
    supervised = {line.agent for line in fixture.lines}
    assert supervised
    assert {pin.number for pin in fixture.pins if pin.agent in supervised}.isdisjoint(building.SPI)


def test_every_agent_takes_the_settings_that_the_demo_writes_and_watches_every_input(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.prepare()
    cables = dict.fromkeys(("controller", *building.AGENTS), 8883)
    written = settings_files.write(folder, settings_files.Addresses(8080, cables, tmp_path / "s"))
    for agent in building.AGENTS:
        told = load(written[agent], AgentSettings)
        assert [door.id for door in told.door] == [door.id for door in building.doors_of(agent)]
        assert all(door.has(name) for door in told.door for name in building.INPUTS)


def test_the_private_room_has_two_doors_at_two_agents_and_its_exits_are_controlled() -> None:
    room = [door for door in building.DOORS if door.inner == "cedar-room"]
    assert len({door.agent for door in room}) == len(room) == 2
    assert {door.exit_mode for door in room} == {"controlled"}


def test_the_cast_is_the_one_of_the_house() -> None:
    ada, ben, eve, *_ = PEOPLE
    assert ("cedar-room", None) in ada.areas
    assert {area for area, _ in ben.areas} == {"hallway"}
    assert eve.lost
    assert [part.role for part in OPERATORS] == ["security-admin", "security-admin", "auditor", "privacy-officer"]


def test_secrets_are_different_every_time_and_survive_their_file(tmp_path: Path) -> None:
    one, other = secrets_file.draw(), secrets_file.draw()
    assert {each.password for each in one.operators}.isdisjoint(each.password for each in other.operators)
    identities = [card.identities for card in one.cards]
    for source in SOURCES.values():
        drawn = {card[source] for card in (*identities, secrets_file.unknown_card(identities))}
        assert len(drawn) == len(PEOPLE) + 1
    assert all(len(each.password) >= 12 for each in one.operators)
    secrets_file.save(tmp_path / "s", one)
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    assert secrets_file.read(tmp_path / "s") == one


# The folder


def test_two_demos_cannot_live_in_one_folder(tmp_path: Path) -> None:
    with Claim(Folder(tmp_path)), pytest.raises(TakenError):
        Claim(Folder(tmp_path))
    with Claim(Folder(tmp_path)):
        assert (tmp_path / "demo.lock").exists()


def test_a_finished_building_is_kept_and_a_half_made_one_is_not(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.clear_building(keep=False)
    (folder.building / "something").touch()
    assert folder.clear_building(keep=True)
    assert not (folder.building / "something").exists()
    folder.finish_building()
    assert not folder.clear_building(keep=False)


def test_a_building_of_another_version_is_made_anew_unless_it_is_to_be_kept(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.clear_building(keep=False)
    write_private(folder.building / "made.json", {"layout": LAYOUT + 1})
    with pytest.raises(OtherLayoutError):
        folder.clear_building(keep=True)
    assert folder.clear_building(keep=False)


def test_the_socket_moves_to_a_private_short_folder_when_the_path_is_too_long(tmp_path: Path) -> None:
    deep = Folder(tmp_path / ("杉" * 60))
    deep.prepare()
    place = SocketPlace(deep)
    assert len(os.fsencode(place.path)) <= 107
    assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
    deep.prepare()  # as the next start does after a kill
    assert not place.path.parent.exists()
    place.close()


def test_the_socket_stays_in_the_folder_when_its_path_is_short(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.prepare()
    short = len(os.fsencode(folder.run / "bench.sock")) <= 107
    assert not short or SocketPlace(folder).path.parent == folder.run


# The relay


@pytest.fixture
def echo() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        while data := connection.recv(100):
                            connection.sendall(data)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture
def relays() -> Iterator[Relays]:
    made = Relays(["one", "two"])
    made.start()
    yield made
    made.stop()


def test_a_cable_carries_bytes_both_ways(relays: Relays, echo: int) -> None:
    relays.lead_to(echo)
    with socket.create_connection(("127.0.0.1", relays.port("one")), 5) as near:
        near.sendall(b"hello")
        assert near.recv(100) == b"hello"


def test_a_cut_cable_is_dead_at_once_and_lets_nobody_through_until_it_is_mended(relays: Relays, echo: int) -> None:
    relays.lead_to(echo)
    with socket.create_connection(("127.0.0.1", relays.port("one")), 5) as near:
        near.sendall(b"hello")
        near.recv(100)
        relays.cut("one", True)
        assert _is_dead(near)
    with socket.create_connection(("127.0.0.1", relays.port("one")), 5) as near:
        assert _is_dead(near)
    relays.cut("one", False)
    with socket.create_connection(("127.0.0.1", relays.port("one")), 5) as near:
        near.sendall(b"again")
        assert near.recv(100) == b"again"


def test_a_cable_to_a_broker_that_is_not_there_is_dead(relays: Relays) -> None:
    with socket.create_connection(("127.0.0.1", relays.port("two")), 5) as near:
        assert _is_dead(near)


def _is_dead(near: socket.socket) -> bool:
    try:
        return near.recv(100) == b""
    except ConnectionError:
        return True


# The supervisor

OBEDIENT = "import sys; print('ready', flush=True); sys.stdin.read()"
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True);time.sleep(60)"
)
BROKEN = "import sys; sys.exit('no key found')"


class Troupe:
    """A supervisor over small programs, and what it said."""

    def __init__(self, folder: Path, **programs: str) -> None:
        self.said: list[str] = []
        self.ready: list[str] = []
        events: SimpleQueue[Event] = SimpleQueue()
        self.parts = {
            name: Child(name, ["-c", text], folder / name, events, ("first",) if name == "second" else ())
            for name, text in programs.items()
        }
        self.supervisor = Supervisor(list(self.parts.values()), events, self.said.append, self.ready.append)

    def watch_until(self, done: str) -> None:
        """Let it work until it has said something that matches."""
        deadline = time.monotonic() + 20
        while not any(re.search(done, line) for line in self.said) and time.monotonic() < deadline:
            self.supervisor.watch(time.monotonic() + 0.05)
        assert any(re.search(done, line) for line in self.said), self.said

    def watch_for_ready(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.ready) < count and time.monotonic() < deadline:
            self.supervisor.watch(time.monotonic() + 0.05)
        assert len(self.ready) >= count


def test_parts_come_up_after_those_they_need_and_all_end(tmp_path: Path) -> None:
    troupe = Troupe(tmp_path, second=OBEDIENT, first=OBEDIENT)
    assert troupe.supervisor.bring_up()
    assert troupe.ready == ["first", "second"]
    pids = troupe.supervisor.pids
    troupe.supervisor.wind_up()
    assert len(pids) == 2
    assert not [pid for pid in pids.values() if _alive(pid)]


def test_a_part_that_dies_is_named_with_its_last_words_and_started_again(tmp_path: Path) -> None:
    troupe = Troupe(tmp_path, first=OBEDIENT.replace("import sys", "import sys; print('oh', file=sys.stderr)"))
    troupe.supervisor.bring_up()
    before = troupe.supervisor.pids["first"]
    os.kill(before, signal.SIGKILL)
    troupe.watch_until(r"first ended \(SIGKILL\); starting it again\n    oh")
    troupe.watch_for_ready(2)
    assert troupe.supervisor.pids["first"] != before
    troupe.supervisor.wind_up()


def test_when_a_part_dies_those_that_need_it_start_again_too(tmp_path: Path) -> None:
    troupe = Troupe(tmp_path, first=OBEDIENT, second=OBEDIENT)
    troupe.supervisor.bring_up()
    os.kill(troupe.supervisor.pids["first"], signal.SIGKILL)
    troupe.watch_for_ready(4)
    assert sorted(troupe.ready[2:]) == ["first", "second"]
    troupe.supervisor.wind_up()


def test_a_part_without_power_stays_off_until_it_gets_power(tmp_path: Path) -> None:
    troupe = Troupe(tmp_path, first=OBEDIENT)
    troupe.supervisor.bring_up()
    troupe.supervisor.power("first", on=False)
    troupe.watch_until("first has no power")
    assert not troupe.supervisor.is_on("first")
    assert troupe.supervisor.pids == {}
    troupe.supervisor.power("first", on=True)
    troupe.watch_for_ready(2)
    assert troupe.supervisor.is_on("first")
    troupe.supervisor.wind_up()


def test_a_part_that_never_starts_ends_the_start_with_its_last_words(tmp_path: Path) -> None:
    troupe = Troupe(tmp_path, first=BROKEN)
    with pytest.raises(NotUpError, match="first does not start\n    no key found"):
        troupe.supervisor.bring_up()
    troupe.supervisor.wind_up()


def test_a_part_that_will_not_go_is_killed(tmp_path: Path) -> None:
    troupe = Troupe(tmp_path, first=STUBBORN)
    troupe.supervisor.bring_up()
    pid = troupe.supervisor.pids["first"]
    troupe.supervisor.wind_up()
    assert not _alive(pid)


def test_a_stop_during_the_start_ends_the_start(tmp_path: Path) -> None:
    troupe = Troupe(tmp_path, first=OBEDIENT)
    troupe.supervisor.stop()
    assert not troupe.supervisor.bring_up()
    troupe.supervisor.wind_up()


def test_the_description_is_private_and_whole(tmp_path: Path) -> None:
    write_private(tmp_path / "demo.json", {"web": "x"})
    assert json.loads((tmp_path / "demo.json").read_text(encoding="utf-8")) == {"web": "x"}
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
    assert sys.platform == "linux"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
