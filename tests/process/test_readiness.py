"""Being started, watched and ended."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from process.mqtt_session import BACK_OFF_FIRST, BACK_OFF_LAST, back_off
from process.readiness import StopSignal, Watchdog, end_with_parent, on_stdin_eof, say_ready, sd_notify

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_over_its_socket(tmp_path: Path, abstract: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    address = f"@sekisho-{uuid.uuid4()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1) if abstract else "notify")
        listener.settimeout(5)
        told = sd_notify("READY=1", {"NOTIFY_SOCKET": address})
        assert told == (len(address) <= 107)
        if told:
            assert listener.recv(100) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"NOTIFY_SOCKET": "relative"}])
def test_nobody_to_be_told_is_no_trouble(environ: dict[str, str]) -> None:
    assert sd_notify("READY=1", environ) is False


def test_ready_is_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    out = io.StringIO()
    say_ready("ready 8080", out)
    assert out.getvalue() == "ready 8080\n"


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "4000000"}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "7"}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "often"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_is_pinged_at_half_its_time(environ: dict[str, str], interval: float | None) -> None:
    assert Watchdog(environ, process_id=7).interval == interval


def test_the_watchdog_is_told_when_due_and_not_before() -> None:
    name = f"@sekisho-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:])
        listener.setblocking(False)
        dog = Watchdog({"WATCHDOG_USEC": "4000000", "NOTIFY_SOCKET": name}, process_id=7)
        assert [dog.ping(now) for now in (10.0, 11.9, 12.0, 13.0)] == [True, False, True, False]
        assert [listener.recv(20), listener.recv(20)] == [b"WATCHDOG=1"] * 2


def test_a_stop_signal_is_an_event() -> None:
    stop = StopSignal([signal.SIGUSR1])
    try:
        assert not stop.wait(0)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop.wait(5)
        assert stop.wait(0)
        assert stop.is_set()
        stop.set()
    finally:
        stop.close()


def test_a_stop_can_be_asked_for_from_another_thread() -> None:
    stop = StopSignal([])
    asker = threading.Thread(target=stop.set)
    asker.start()
    assert stop.wait(5)
    asker.join()
    stop.close()


def test_the_end_of_stdin_is_noticed() -> None:
    reader, writer = os.pipe()
    ended = threading.Event()
    watcher = on_stdin_eof(ended.set, reader)
    os.write(writer, b"something\n")
    assert not ended.is_set()
    os.close(writer)
    assert ended.wait(5)
    watcher.join()
    os.close(reader)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the wish is Linux's own")
def test_a_child_ends_with_its_parent() -> None:
    child = "import time; from process.readiness import end_with_parent; end_with_parent(); print('up', flush=True)"
    parent = (
        "import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', {child + '; time.sleep(60)'!r}])\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.kill()
        assert process.stdout.read() == b""  # the child held the other end of this pipe: it is gone


def test_a_parent_that_is_gone_already_ends_the_child_at_once() -> None:
    child = "import os, time; from process.readiness import end_with_parent; end_with_parent(1 << 22); time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", child], cwd=ROOT, check=False, timeout=30)
    assert done.returncode == -signal.SIGTERM


def test_the_back_off_grows_from_a_fifth_of_a_second_to_five_and_is_spread() -> None:
    assert back_off(0, 0.0) == BACK_OFF_FIRST
    ceilings = [back_off(attempt, 1.0) for attempt in range(40)]
    assert ceilings == sorted(ceilings)
    assert ceilings[0] == pytest.approx(0.4)
    assert ceilings[-1] == BACK_OFF_LAST


def test_end_with_parent_says_whether_the_kernel_can() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from process.readiness import end_with_parent; print(end_with_parent())"],
        cwd=ROOT, check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    assert said.stdout.strip() == str(sys.platform.startswith("linux")).encode()
    assert callable(end_with_parent)
