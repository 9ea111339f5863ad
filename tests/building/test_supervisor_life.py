"""The demo as a whole process: two starts, long paths, Ctrl-C, `--for`, and `kill -9` of the supervisor."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.brokers import mosquitto
from hardware.bench.hand import Hand
from tests.building.demo_hands import CHECKOUT, Demo, wait_until
from tests.conftest import need

pytestmark = [pytest.mark.building, pytest.mark.broker]


PROMISED = {"web", "api", "sim", "bench_socket", "broker", "operators", "doors", "readers", "credentials"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the module: its name has spaces, kanji, and is longer than a socket's address may be."""
    return tmp_path_factory.mktemp("demo") / "a folder with spaces" / ("杉の間" * 12)


@pytest.fixture
def demo(folder: Path) -> Iterator[Demo]:
    running = Demo(folder, "auto")
    yield running
    running.stop()


@pytest.fixture(params=["embedded", "mosquitto"])
def on_each_broker(request: pytest.FixtureRequest, folder: Path) -> Iterator[Demo]:
    if request.param == "mosquitto":
        need("mosquitto", mosquitto.find())
    running = Demo(folder, request.param)
    assert running.description["broker"]["kind"] == request.param
    yield running
    running.stop()


def everything(demo: Demo) -> list[int]:
    return [int(pid) for pid in demo.description["processes"].values()]


def alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z":
                found.append(pid)
    return found


def answers(url: str) -> bool:
    place = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((str(place.hostname), int(place.port or 0)), 2):
            return True
    except OSError:
        return False


def test_the_description_is_private_complete_and_true(demo: Demo) -> None:
    found = demo.description
    assert found["web"] == demo.ready
    assert stat.S_IMODE((demo.folder / "demo.json").stat().st_mode) == 0o600
    assert {each["role"] for each in found["operators"]} == {"security-admin", "auditor", "privacy-officer"}
    assert all(each["password"] and each["api_token"] for each in found["operators"])
    assert {"cedar-in", "cedar-out"} <= {each["id"] for each in found["readers"]}
    assert {"Ada", "Ben", "Eve"} <= {each["cardholder"] for each in found["credentials"]}
    assert set(found) >= PROMISED
    for each in found["operators"]:
        assert set(each) == {"name", "role", "password", "api_token"}
    for each in found["readers"]:
        assert set(each) == {"id", "kind", "access_point"}
    for each in found["credentials"]:
        assert set(each) == {"cardholder", "identities"}
        assert all(set(identity) == {"source", "bits"} for identity in each["identities"])
    assert set(found["processes"]) == {"bench", "broker", "controller", "web", "cedar", "cedar-back"}
    assert len(alive(everything(demo))) == len(everything(demo))
    assert answers(found["web"])
    assert answers(found["sim"])


def test_the_bench_is_reachable_although_the_folder_has_a_long_name(demo: Demo) -> None:
    path = demo.description["bench_socket"]
    assert len(os.fsencode(path)) <= 107 < len(os.fsencode(str(demo.folder)))
    assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
    assert any(path in line for line in demo.lines)  # it is named, since it lies outside of the folder
    with Hand(path) as hand:
        assert {"main", "cedar", "cedar-back", "maple"} == set(hand.describe()["doors"])


def test_passwords_are_the_same_at_the_next_start_and_it_is_ready_in_time(demo: Demo) -> None:
    operators = demo.description["operators"]
    assert demo.stop() == 0
    again = Demo(demo.folder, "auto")
    try:
        assert again.description["operators"] == operators
        assert again.seconds_to_ready < 10  # three on an idle machine; the figure itself is a benchmark
    finally:
        assert again.stop() == 0


def test_a_second_demo_on_the_same_folder_refuses_to_start(demo: Demo) -> None:
    command = [sys.executable, "-m", "cli.main", "demo", "--data", str(demo.folder)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "another demo is running" in done.stderr
    assert answers(demo.ready)


def test_ctrl_c_ends_everything_and_takes_the_description_away(on_each_broker: Demo) -> None:
    demo = on_each_broker
    pids, found = everything(demo), demo.description
    assert demo.stop() == 0
    assert alive(pids) == []
    assert not (demo.folder / "demo.json").exists()
    assert not Path(found["bench_socket"]).exists()
    assert not answers(found["web"])


def test_killing_the_supervisor_ends_everything_and_the_next_start_works(on_each_broker: Demo) -> None:
    demo = on_each_broker
    pids, found = everything(demo), demo.description
    demo.process.send_signal(signal.SIGKILL)
    demo.process.wait(10)
    wait_until(lambda: not alive(pids), 10)
    for url in (found["web"], found["sim"], f"tcp://{found['broker']['host']}:{found['broker']['port']}"):
        assert not answers(url)
    again = Demo(demo.folder, "auto")
    assert again.stop() == 0


def test_a_demo_for_some_seconds_ends_by_itself(folder: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "demo", "--data", str(folder), "--for", "0.2"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("ready http://127.0.0.1:")]
