"""Starting a broker, knowing that it is ready, and ending it: one broker, one child process, one private folder.

Ready is what our own child says: the embedded broker prints its port, mosquitto writes "running" into the log that we
gave it and is still alive. An open port proves nothing: it may be a broker that an earlier run left behind.
"""

import contextlib
import json
import os
import random
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cli.brokers import mosquitto
from cli.brokers.rules import AgentRules, TopicTable
from process.mqtt_session import TlsFiles

HOST: Final = "127.0.0.1"
READY_WITHIN: Final = 20.0
STOP_WITHIN: Final = 3.0
LOWEST_PORT: Final = 15_000
PORTS_TRIED: Final = 100
USUAL_LOWEST_PORT_OF_CLIENTS: Final = 32_768
"""Linux's default, for a machine that does not tell, or that leaves no room below."""
NO_MOSQUITTO: Final = "there is no mosquitto 2.x on this machine: install the package `mosquitto`"

BrokerKind = Literal["mosquitto", "embedded"]


class BrokerNotStartedError(RuntimeError):
    """The broker did not come up; the text says what it said last, and where its log is."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that is ready, listening on `host`:`port` with TLS."""

    kind: BrokerKind
    host: str
    port: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it in an orderly way; by force when it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._reap()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self._reap()

    def _reap(self) -> None:
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def start(
    kind: Literal["auto"] | BrokerKind,
    folder: Path,
    tls: TlsFiles,
    agents: Sequence[AgentRules],
    port: int = 0,
    *,
    sites: Sequence[str] = (),
) -> RunningBroker:
    """Start a broker and wait until it is ready. `folder` is made private (0700) and holds configuration and log.

    `auto` takes mosquitto when the machine has it. `tls` is the broker's own certificate, and the authority that signed
    its clients. Each site of `agents` and of `sites` has one controller. Port 0: any free one. The broker ends with the
    thread that calls this. Raises `BrokerNotStartedError`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    found = mosquitto.find() if kind != "embedded" else None
    if found is not None:
        return _start_mosquitto(found, folder, tls, TopicTable.of(agents, sites), port)
    if kind == "mosquitto":
        raise BrokerNotStartedError(NO_MOSQUITTO)
    return _start_embedded(folder, tls, agents, port, sites)


def _start_mosquitto(
    found: mosquitto.Mosquitto, folder: Path, tls: TlsFiles, table: TopicTable, port: int
) -> RunningBroker:
    """Between finding a free port and opening it another program may take it: then another is tried."""
    for remaining in (2, 1, 0):
        chosen = port or free_port()
        configuration = mosquitto.write_configuration(folder, table, tls, HOST, chosen)
        arguments = ["-m", "cli.brokers.tethered", str(os.getpid()), str(found.program), "-c", str(configuration)]
        log = folder / "mosquitto.log"
        broker = RunningBroker("mosquitto", HOST, chosen, _spawn(arguments, log))
        if _says_running(broker.process, log):
            return broker
        broker.kill()
        if port or not remaining:
            break
    raise BrokerNotStartedError(f"mosquitto did not start: {_last_line(log)} ({log})")


def _says_running(process: subprocess.Popen[bytes], log: Path) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        if mosquitto.RUNNING.search(log.read_text(encoding="utf-8", errors="replace")):
            return True
        time.sleep(0.01)
    return False


def _start_embedded(
    folder: Path, tls: TlsFiles, agents: Sequence[AgentRules], port: int, sites: Sequence[str]
) -> RunningBroker:
    configuration, log = folder / "embedded.toml", folder / "embedded.log"
    configuration.write_text(embedded_configuration(tls, agents, port, sites), encoding="utf-8")
    process = _spawn(["-m", "cli.brokers.embedded", "--config", str(configuration)], log)
    said = _first_line(process)
    if said.startswith("ready "):
        return RunningBroker("embedded", HOST, int(said.split()[1]), process)
    RunningBroker("embedded", HOST, port, process).kill()
    raise BrokerNotStartedError(f"the embedded broker did not start: {_last_line(log)} ({log})")


def embedded_configuration(tls: TlsFiles, agents: Sequence[AgentRules], port: int, sites: Sequence[str]) -> str:
    """The settings of the embedded broker as TOML (a JSON string is a TOML string)."""

    def text(value: object) -> str:
        return json.dumps(str(value), ensure_ascii=False)

    lines = [f"{name} = {text(getattr(tls, name).resolve())}" for name in ("ca", "certificate", "key")]
    lines += [f"host = {text(HOST)}", f"port = {port}", f"sites = [{', '.join(map(text, sites))}]"]
    for rules in agents:
        peers = ", ".join(map(text, rules.peers))
        lines += ["[[agents]]", f"site = {text(rules.site)}", f"agent = {text(rules.agent)}", f"peers = [{peers}]"]
    return "\n".join(lines) + "\n"


def _spawn(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """A child of its own session (Ctrl-C is for us), whose stdin is a pipe that ends with us."""
    ours = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=descriptor,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def _first_line(process: subprocess.Popen[bytes]) -> str:
    """What the child says first on stdout, or an empty text when it says nothing in time or ends."""
    if process.stdout is None or not select.select([process.stdout], [], [], READY_WITHIN)[0]:
        return ""
    return process.stdout.readline().decode(errors="replace").strip()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def free_port() -> int:
    """A TCP port of the loopback that nobody holds at this moment, and that no outgoing connection will be given.

    A port that the kernel picks for `bind(0)` comes out of the range that it also picks clients' ports from: between
    this answer and the moment when somebody listens (again), any connection of this machine could take it.
    """
    tried = random.SystemRandom().sample(range(LOWEST_PORT, _lowest_port_of_clients()), PORTS_TRIED)
    for port in (*tried, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise BrokerNotStartedError(f"no TCP port of {HOST} can be had")


def _lowest_port_of_clients() -> int:
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        lowest = 0
    return lowest if lowest >= LOWEST_PORT + PORTS_TRIED else USUAL_LOWEST_PORT_OF_CLIENTS
