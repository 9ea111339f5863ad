"""`sekisho demo`: makes the building if the folder has none, brings it up, tells where it is, and stays until the end.

The law: whatever ends the supervisor ends everything; what it says goes to stdout, a line at a time; demo.json is
written before `ready` is said.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Literal, cast

import click

from cli.brokers import mosquitto
from cli.brokers import running as brokers
from cli.brokers.rules import AgentRules
from cli.brokers.running import RunningBroker, free_port
from cli.demo import announce, settings_files
from cli.demo.announce import Places
from cli.demo.building import AGENTS, SITE, peers_of
from cli.demo.folder import (
    Claim,
    Folder,
    ForeignFolderError,
    OtherLayoutError,
    SocketPlace,
    TakenError,
    write_private,
)
from cli.demo.processes import CHECKOUT, BrokerPart, Child, Event, Events, Part
from cli.demo.relay import Relays
from cli.demo.secrets_file import Secrets, read, unknown_card
from cli.demo.settings_files import Addresses
from cli.demo.supervisor import NotUpError, Supervisor
from cli.door import ask_reset
from cli.exits import CANNOT, FINE, Cannot
from process.mqtt_session import TlsFiles

if TYPE_CHECKING:
    from cli.demo.sim.server import SimServer

HOST: Final = "127.0.0.1"
CABLES: Final = ("controller", *AGENTS)
STRANGER: Final = "stranger"
BrokerWish = Literal["auto", "mosquitto", "embedded"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line. port 0: any free one; seconds: how long after `ready`, None: for ever."""

    port: int = 0
    data: Path | None = None
    broker: str = "auto"
    keep: bool = False
    seconds: float | None = None


def run(wish: Wish) -> int:
    """Run the demo to its end; the exit code."""
    folder = Folder((wish.data or default_folder()).absolute())
    if wish.broker == "mosquitto" and mosquitto.find() is None:
        raise Cannot(brokers.NO_MOSQUITTO)
    try:
        with Claim(folder):
            return _run(wish, folder)
    except (TakenError, ForeignFolderError, OtherLayoutError) as error:
        raise Cannot(str(error)) from error
    except KeyboardInterrupt:
        say("ended before it was ready")
        return FINE
    except PermissionError as error:
        raise Cannot(f"{error.filename}: {error.strerror}: name a folder of your own with --data") from error


def default_folder() -> Path:
    """`.demo` in the checkout; without a checkout (an installed wheel), in the current folder."""
    return (CHECKOUT if (CHECKOUT / "pyproject.toml").is_file() else Path.cwd()) / ".demo"


def _run(wish: Wish, folder: Folder) -> int:
    events: Events = SimpleQueue[Event]()
    folder.description.unlink(missing_ok=True)
    folder.prepare()
    port = _free(wish.port)
    known = _building(wish, folder)
    relays, place = Relays(CABLES), SocketPlace(folder)
    relays.start()
    try:
        demo = _Demo(wish, folder, known, port, place.path, relays, events)
        with demo.stopped_by_signals():
            return demo.live()
    except NotUpError as error:
        raise Cannot(str(error)) from error
    finally:
        relays.stop()
        place.close()


def _building(wish: Wish, folder: Folder) -> Secrets:
    if folder.clear_building(keep=wish.keep):
        from datetime import UTC, datetime

        from cli.demo import seed  # only a fresh folder pays for this import

        say("making the demo building, once for this folder")
        seed.make(folder, datetime.now(UTC), say)
        folder.finish_building()
    try:
        return read(folder.secrets)
    except (OSError, ValueError) as error:
        raise Cannot(f"{folder.secrets} cannot be read: remove {folder.building}, and it is made anew") from error


class _Demo:
    """One run: its parts, its page, and what it says."""

    def __init__(
        self, wish: Wish, folder: Folder, known: Secrets, port: int, bench: Path, relays: Relays, events: Events
    ) -> None:
        self._wish, self._folder, self._known, self._relays = wish, folder, known, relays
        self._bench, self._port, self._events = bench, port, events
        self._web = f"http://{HOST}:{port}"
        self._broker = BrokerPart(self._begin_broker, folder.run / "broker", events)
        self._supervisor = Supervisor(self._parts(), events, say, self._on_ready)
        self._places: Places | None = None

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and a closed terminal ask for the end; a SimpleQueue may be fed from a signal handler."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = [signal.signal(number, lambda *_: self._supervisor.stop()) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def live(self) -> int:
        say("starting: bench, broker, controller, pages, door agents")
        page = None
        try:
            page = self._page()
            if not self._supervisor.bring_up():
                return FINE
            self._places = Places(self._web, f"http://{HOST}:{page.port}/sim", self._bench, self._described_broker())
            self._describe()
            say(announce.tour(self._places, self._known, self._folder))
            say(f"ready {self._web}")
            seconds = self._wish.seconds
            self._supervisor.watch(None if seconds is None else time.monotonic() + seconds)
            say("ending")
            return FINE
        finally:
            self._folder.description.unlink(missing_ok=True)
            if page is not None:
                page.stop()
            self._supervisor.wind_up()

    # What the /sim page may do (cli.demo.sim.stage.Controls)

    def is_on(self, agent: str) -> bool:
        return self._supervisor.is_on(agent)

    def power(self, agent: str, on: bool) -> None:
        self._supervisor.power(agent, on)

    def is_cut(self, agent: str) -> bool:
        return self._relays.is_cut(agent)

    def cut(self, agent: str, on: bool) -> None:
        self._relays.cut(agent, on)

    def reset(self, agent: str, door: str) -> str:
        try:
            answer = ask_reset(self._folder.agent(agent) / "data", door)
        except OSError as error:
            return str(error)
        return "" if answer.get("done") else str(answer.get("reason") or answer.get("error") or "no")

    def _page(self) -> SimServer:
        from cli.demo.sim.server import ShownCard, SimServer
        from cli.demo.sim.stage import Stage

        cards = {str(place): card.identities for place, card in enumerate(self._known.cards)}
        shown = [ShownCard(str(place), card.cardholder, card.lost) for place, card in enumerate(self._known.cards)]
        cards[STRANGER] = unknown_card([card.identities for card in self._known.cards])
        stage = Stage(self._bench, cards, self)
        page = SimServer(stage, [*shown, ShownCard(STRANGER, "")], self._web)
        page.start()
        return page

    def _parts(self) -> list[Part]:
        addresses = Addresses(self._port, {name: self._relays.port(name) for name in CABLES}, self._bench)
        written = settings_files.write(self._folder, addresses)
        fixture = str(written["bench"])
        bench = ["-m", "hardware.bench", "--fixture", fixture, "--socket", str(self._bench)]
        parts: list[Part] = [Child("bench", bench, self._folder.log("bench"), self._events), self._broker]
        for name, kind in (("controller", "controller"), ("web", "web"), *((agent, "agent") for agent in AGENTS)):
            command = ["-m", "cli.demo.child", kind, str(written[name])]
            after, environ = ((), {}) if kind != "agent" else (("bench",), settings_files.environ(name, self._bench))
            parts.append(Child(name, command, self._folder.log(name), self._events, after, environ))
        return parts

    def _begin_broker(self) -> RunningBroker:
        keys = self._folder.keys
        tls = TlsFiles(keys / "ca.pem", keys / "broker.pem", keys / "broker.key")
        rules = [AgentRules(SITE, agent, peers_of(agent)) for agent in AGENTS]
        begun = brokers.start(cast(BrokerWish, self._wish.broker), self._folder.run / "broker", tls, rules)
        self._relays.lead_to(begun.port)
        return begun

    def _on_ready(self, name: str) -> None:
        say(f"{name} is ready")
        if self._places is not None:
            self._describe()

    def _describe(self) -> None:
        if self._places is not None:
            self._places.broker.update(self._described_broker())
            described = announce.description(self._places, self._known, self._supervisor.pids)
            write_private(self._folder.description, described)

    def _described_broker(self) -> dict[str, object]:
        found, keys = self._broker.running, self._folder.keys
        if found is None:
            return {}
        return {"kind": found.kind, "host": found.host, "port": found.port, "ca": str(keys / "ca.pem")}


def _free(port: int) -> int:
    """The port of the pages; Cannot when it is taken."""
    if not port:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Cannot(f"port {port} cannot be used ({error.strerror}): choose another one, or none") from error
    return port


def say(line: str) -> None:
    """One line (or block) on stdout, at once. Nobody reading any more is no reason to fail."""
    try:
        click.echo(line)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the rest of our life


__all__ = ["CANNOT", "Wish", "default_folder", "run"]
