"""The agent as a process: edges around the core, one queue, one thread that thinks and never blocks.

Threads of the readers, pins, broker and control socket only enqueue. The thinking thread (the main one) numbers facts
and carries out commands; the journal thread commits and posts `Committed` back; the uplink thread sends; one more
verifies what was typed.
"""

from __future__ import annotations

import fcntl
import gc
import os
import queue
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contract.topic import every_down
from door_agent.agent import Agent
from door_agent.clock import SystemClock
from door_agent.control import ControlSocket
from door_agent.events import (
    Answer,
    Arrived,
    Command,
    Committed,
    Event,
    Forget,
    LinkState,
    Listen,
    Lock,
    Proven,
    Record,
    ResetAsked,
    Send,
    Show,
    Tick,
    Tried,
    VerifyPin,
)
from door_agent.fittings import Fittings
from door_agent.journal import Journal, JournalThread
from door_agent.keys import Keys, KeysError
from door_agent.keys import load as load_keys
from door_agent.lists import ListStore
from door_agent.pin_thread import PinThread
from door_agent.reader_fittings import ReaderUnusable
from door_agent.settings import AgentSettings
from door_agent.uplink import Uplink
from door_agent.wiring import WiredDoor
from process import logs, settings
from process.mqtt_session import MqttSession, TlsFiles
from process.readiness import Probe, StopSignal, Watchdog, say_ready

CANNOT_START = 3
_IDLE_S = 1.0
_LONGEST_QUEUE = 1000
_ANSWER_WITHIN_S = 3.0
_log = logs.logger("agent")


def run(path: Path) -> int:
    """Run the agent of the settings in `path` until it is told to stop; 0, or 3 when it cannot start."""
    told = settings.load(path, AgentSettings)
    logs.configure("agent", told.log_level)
    told.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (told.data / "lock").open("ab") as claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _cannot(f"another agent already works on {told.data}")
        try:
            keys = load_keys(told.keys)
        except KeysError as flaw:
            return _cannot(str(flaw))
        try:
            running = Running(told, keys)
        except ReaderUnusable as flaw:
            return _cannot(str(flaw))
        return running.run()


class Running:
    """One running agent: what its threads share, and the loop of the one that thinks."""

    def __init__(self, told: AgentSettings, keys: Keys) -> None:
        self._told = told
        self._clock = SystemClock(told.trust_clock == "always")
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._answers: dict[str, Answer] = {}
        self._answered = threading.Condition()
        self._journal, self._reading = Journal(told.data / "journal.sqlite"), Journal(told.data / "journal.sqlite")
        resumed = self._journal.resume(told.address)
        doors = [WiredDoor.of(door) for door in told.door]
        store = ListStore(told.data)
        self._agent = Agent(doors, keys, store, resumed, os.urandom, float(told.status_every_s))
        self._writer = JournalThread(self._journal, self._events.put)
        self._typed = PinThread(keys.lookup, self._events.put)
        self._session = self._broker_session(told)
        self._uplink = Uplink(told.address, keys.signing, self._reading, self._session.publish)
        self._fittings = Fittings(told, self._events.put)
        self._control = ControlSocket(told.data, self._asked)

    def run(self) -> int:
        stop = StopSignal()
        self._writer.start()
        self._typed.start()
        self._carry_out(self._agent.start(self._clock.moment()))
        self._fittings.start()
        self._uplink.start()
        self._session.start()
        self._control.start()
        # What was loaded so far stays: no collection has to walk it again while somebody waits at a door.
        gc.collect()
        gc.freeze()
        say_ready()
        logs.event(_log, "working", agent=str(self._told.address), doors=len(self._told.door))
        try:
            self._think(stop)
        finally:
            self._close()
            stop.close()
        return 0

    def _think(self, stop: StopSignal) -> None:
        watchdog = Watchdog(probes=self._probes())
        while not stop.is_set():
            deadline = self._agent.deadline
            event = self._next(_IDLE_S if deadline is None else min(_IDLE_S, deadline - time.monotonic()))
            if isinstance(event, LinkState) and event.up:
                self._uplink.connected()
            self._carry_out(self._agent.feed(event, self._clock.moment()))
            if isinstance(event, Committed):
                self._uplink.wake()
            self._fittings.beat()
            watchdog.ping(time.monotonic())

    def _probes(self) -> dict[str, Probe]:
        """What must be alive for this process to be of use; that the broker is away or the disk fails is no reason to
        start again. The thinking thread feeds the watchdog itself, so it needs no probe."""
        return {
            **self._fittings.probes(),
            "journal": lambda: self._writer.alive,
            "typed": lambda: self._typed.alive,
            "uplink": lambda: self._uplink.alive,
            "session": lambda: self._session.alive,
        }

    def _next(self, within: float) -> Event:
        """The next event; until one comes, what later ones need is prepared. Tick when none came in time."""
        until = time.monotonic() + within
        while self._events.empty() and time.monotonic() < until and self._agent.prepare():
            pass
        try:
            left = until - time.monotonic()
            return self._events.get(timeout=left) if left > 0 else self._events.get_nowait()
        except queue.Empty:
            return Tick()

    def _carry_out(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case Lock():
                    self._fittings.lock(command)
                case Show():
                    self._fittings.show(command)
                case Record() | Proven() | Tried():
                    self._writer.put(command)
                case VerifyPin():
                    self._typed.put(command)
                case Forget():
                    self._writer.put(command)
                    self._uplink.acknowledged(command.through)
                case Send():
                    self._session.publish(command.topic, command.payload)
                case Listen():
                    self._session.subscribe(command.topics)
                case Answer():
                    with self._answered:
                        self._answers[command.door] = command
                        self._answered.notify_all()

    def _broker_session(self, told: AgentSettings) -> MqttSession:
        broker = told.broker
        session = MqttSession(
            f"agent.{told.site}.{told.agent}",
            broker.host,
            broker.port,
            TlsFiles(broker.ca, broker.certificate, broker.key),
            self._message,
            lambda: self._events.put(LinkState(up=True)),
            lambda: self._events.put(LinkState(up=False)),
        )
        session.subscribe([every_down(told.address)])
        return session

    def _message(self, topic: str, payload: bytes) -> None:
        """From the broker's thread. A flood is dropped: nobody's exit waits behind a hostile broker's messages."""
        if self._events.qsize() < _LONGEST_QUEUE:
            self._events.put(Arrived(topic, payload))

    def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer the control socket; runs on its thread."""
        if question.get("do") == "facts":
            return {"latest": self._agent.latest}
        door = question.get("door")
        if question.get("do") != "reset" or not isinstance(door, str):
            return {"error": 'ask {"do": "reset", "door": ID} or {"do": "facts"}'}
        with self._answered:
            self._answers.pop(door, None)
            self._events.put(ResetAsked(door))
            if not self._answered.wait_for(lambda: door in self._answers, _ANSWER_WITHIN_S):
                return {"error": "the agent is too busy to answer"}
            answer = self._answers.pop(door)
        return {"door": door, "done": answer.done, "reason": answer.reason}

    def _close(self) -> None:
        """Outputs first; then what still has to be written; then the rest."""
        self._fittings.close()
        self._typed.stop()
        self._control.close()
        self._session.stop()
        if self._writer.stop() and self._agent.at_rest:
            self._journal.stop_cleanly()
        self._uplink.stop()
        self._reading.close()
        self._journal.close()


def _cannot(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return CANNOT_START
