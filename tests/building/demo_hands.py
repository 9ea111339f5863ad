"""A running demo building and what a test does with it: the bench's hand, the API, and `kill -9`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from cli.demo import seed
from cli.demo.folder import Folder
from hardware.bench.hand import Hand

CHECKOUT = Path(__file__).resolve().parents[2]
UP_WITHIN = 90.0


def make_building(root: Path) -> Folder:
    """A data folder with a whole building in which nobody lives yet."""
    folder = Folder(root)
    folder.prepare()
    folder.clear_building(keep=False)
    seed.make(folder, datetime.now(UTC), lambda _said: None)
    folder.finish_building()
    return folder


class Answer(Exception):
    """What the API said instead of yes."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


class Demo:
    """A running demo and everything a test does with it."""

    def __init__(self, folder: Path, broker: str, *options: str, made: Folder | None = None) -> None:
        """Start it. made: a folder whose building is copied first, so that it need not be made."""
        self.folder = folder
        if made is not None:
            shutil.copytree(made.building, Folder(folder).building)
        self.lines: list[str] = []
        self._coming: Queue[str | None] = Queue()
        started = time.monotonic()
        command = [sys.executable, "-m", "cli.main", "demo", "--data", str(folder), "--broker", broker, "--for", "600"]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.ready = self.wait_for_line(lambda line: line.startswith("ready http"), UP_WITHIN).split()[1]
        except BaseException:
            self.stop()
            raise
        self.seconds_to_ready = time.monotonic() - started

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line.rstrip("\n"))
        self._coming.put(None)

    def wait_for_line(self, wanted: Callable[[str], bool], seconds: float = 20.0) -> str:
        """The next line on stdout that is wanted."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._coming.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                line = None
            if line is None:
                raise AssertionError("\n".join(["the demo did not say it; it said:", *self.lines[-40:], self.logs()]))
            self.lines.append(line)
            if wanted(line):
                return line

    def logs(self) -> str:
        """The ends of all logs, for a test that fails."""
        found = sorted(self.folder.glob("run/**/*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in found)

    @property
    def description(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "demo.json").read_text(encoding="utf-8"))
        return found

    def hand(self) -> Hand:
        return Hand(self.description["bench_socket"])

    def card(self, cardholder: str) -> str:
        """The bits of somebody's card."""
        cards = {each["cardholder"]: each for each in self.description["credentials"]}
        return str(cards[cardholder]["identities"][0]["bits"])

    def api(self, operator: str, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """Ask the API as that operator; `Answer` for anything but 2xx."""
        described = self.description
        token = next(each["api_token"] for each in described["operators"] if each["name"] == operator)
        request = urllib.request.Request(  # noqa: S310 - the demo's own address
            described["api"] + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                raise Answer(error.code, json.loads(error.read() or b"null")) from error

    def pid(self, name: str) -> int:
        return int(self.description["processes"][name])

    def kill(self, name: str) -> None:
        """`kill -9`, and wait until the supervisor has brought another one up."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.description["processes"].get(name, before) != before, 30.0)

    def stop(self) -> int:
        """End it as Ctrl-C would; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join(5)
            if self.process.stdout is not None:
                self.process.stdout.close()
        return code


def by_two(building: Demo, path: str, body: dict[str, Any], method: str = "POST") -> Any:
    """Kim changes it; where it would widen entry into a private room, mia approves."""
    answer = building.api("kim", path, body, method)
    if "lever" in answer:
        return building.api("mia", f"/widenings/{answer['id']}/approve", {"note": ""})
    return answer


def newest(building: Demo, kind: str) -> dict[str, Any]:
    """The newest fact of that kind at the centre, `{"id": 0}` when there is none."""
    items = building.api("olu", f"/events?kind={kind}&limit=1")["items"]
    return dict(items[0]) if items else {"id": 0}


def is_newer(building: Demo, kind: str, before: int) -> dict[str, Any]:
    """The newest fact of that kind as soon as its id is beyond `before`."""
    return wait_until(lambda: found if (found := newest(building, kind))["id"] > before else None)  # type: ignore[no-any-return]


def wait_until(done: Callable[[], Any], seconds: float = 15.0) -> Any:
    """What `done` answers as soon as it is truthy; AssertionError when that takes too long."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not (found := done()):
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.02)
    return found
