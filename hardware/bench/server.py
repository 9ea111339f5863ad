"""The bench itself: one thread that waits for hands, agents and ptys, and passes levels and bytes between them.

The law: it never blocks on anybody and no message stops it. Stamps are CLOCK_MONOTONIC, taken when the level, byte or
edge was on the wire here. An agent's outputs float to 0 when its connection ends, however it ended.
"""

import contextlib
import heapq
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from hardware.bench.address import reachable
from hardware.bench.connection import Connection
from hardware.bench.fixture import BenchPin, Fixture, ReaderPart
from hardware.bench.reader_line import Awaited, ReaderLine, Stamp, Surroundings
from hardware.bench.reader_lines import lines_of
from hardware.bench.supervised_line import SupervisedLine
from hardware.bench.wire import (
    AgentHello,
    Cut,
    Describe,
    Fault,
    FaultDeed,
    Keys,
    PinChange,
    Present,
    Request,
    RequestRefusedError,
    SetInput,
    SetLine,
    Watch,
    parse,
)
from hardware.bench.wiring import Edge, Wiring

Answer = dict[str, Any]
Ready = tuple[selectors.SelectorKey, int]


class BenchTakenError(OSError):
    """Another bench is alive at this socket."""


class BenchServer:
    """`open()`, then `serve()` until it is told to end, then `close()`."""

    def __init__(self, fixture: Fixture, socket_path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._fixture = fixture
        self._path = socket_path.absolute()
        self._clock = clock
        self._wiring = Wiring(fixture)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._laters = 0
        self._lines: Mapping[str, ReaderLine] = lines_of(fixture.readers, self._surroundings())
        self._listened: dict[str, int] = {}
        self._connections: list[Connection] = []
        self._agents: dict[str, Connection] = {}
        self._listener: socket.socket | None = None
        self._ending = False
        # poll, not epoll: epoll refuses /dev/null and plain files as stop files.
        self._selector = selectors.PollSelector()
        self._deeds: Final[Mapping[type, Callable[[Connection, Any], Answer | Awaited]]] = {
            Present: self._present,
            Keys: self._keys,
            SetInput: self._set,
            SetLine: self._set_line,
            Cut: self._cut,
            Fault: self._fault,
            Watch: self._watch,
            Describe: self._describe,
        }

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            self._clock,
            self._to_agent,
            self._set_level,
            lambda edge: self._tell([edge]),
            self._do_later,
            lambda output, value, mono: self._tell(self._wiring.reader_shows(output, value, mono)),
        )

    def open(self) -> None:
        """Make the ptys and the socket. BenchTakenError or OSError; then nothing of ours stays behind."""
        try:
            self._listener = _listening(self._path)
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
            for line in self._lines.values():
                self._mend(line)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Take away the socket and the symlinks, and hang up on everybody."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._path.unlink(missing_ok=True)
        for line in self._lines.values():
            line.close()
        for connection in self._connections:
            connection.sock.close()
        self._connections.clear()
        self._selector.close()

    def serve(self, told: int, leash: int) -> None:
        """Serve until a byte comes at the file `told`, or the file `leash` ends (what comes there is thrown away)."""
        self._selector.register(told, selectors.EVENT_READ, self._end)
        self._selector.register(leash, selectors.EVENT_READ, lambda _events: self._pulled(leash))
        while not self._ending:
            for key, events in self._agents_first(self._selector.select(self._until_later())):
                key.data(events)
            self._do_what_is_due()
            self._drop_gone()

    def _agents_first(self, ready: list[Ready]) -> list[Ready]:
        """A hand that asks after an agent acted must see the act, even if both lines are read in one round."""
        agents = {agent.sock.fileno() for agent in self._agents.values()}
        return sorted(ready, key=lambda one: one[0].fd not in agents)

    def _pulled(self, leash: int) -> None:
        self._ending = self._ending or not os.read(leash, 4096)

    def _end(self, _events: int) -> None:
        self._ending = True

    def _accept(self, _events: int) -> None:
        if self._listener is None:
            return
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return  # it left before we looked, or we have no file descriptor to spare
        connection = Connection(sock)
        self._connections.append(connection)
        self._selector.register(sock, selectors.EVENT_READ, lambda events: self._heard(connection, events))

    def _heard(self, connection: Connection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            connection.flush()
        if events & selectors.EVENT_READ:
            connection.receive()
            self._take_lines(connection)

    def _take_lines(self, connection: Connection) -> None:
        for line in connection.lines():
            self._take(connection, line)

    def _take(self, connection: Connection, line: bytes | None) -> None:
        try:
            request = parse(line)
            answer = self._do(connection, request)
            if isinstance(answer, Awaited):
                # Answers come in the order of the questions: the next line of this connection waits for this one.
                connection.held = True
                answer.then(lambda outcome: self._answer_late(connection, outcome))
                return
        except RequestRefusedError as refusal:
            answer = {"error": str(refusal)}
        except OSError as error:
            answer = {"error": error.strerror or type(error).__name__}
        if answer:
            connection.send(answer)

    def _answer_late(self, connection: Connection, outcome: float | RequestRefusedError) -> None:
        connection.held = False
        refused = isinstance(outcome, RequestRefusedError)
        connection.send({"error": str(outcome)} if refused else {"ok": True, "mono": outcome})
        self._take_lines(connection)

    def _do(self, connection: Connection, request: Request) -> Answer | Awaited:
        if isinstance(request, AgentHello):
            return self._hello(connection, request)
        if isinstance(request, PinChange):
            return self._pin_change(connection, request)
        if connection.agent is not None:
            raise RequestRefusedError("this connection is an agent's")
        return self._deeds[type(request)](connection, request)

    def _hello(self, connection: Connection, hello: AgentHello) -> Answer:
        if connection.agent is not None or connection.watching:
            raise RequestRefusedError("agent is said once, in the first line")
        if hello.agent not in self._fixture.agents:
            raise RequestRefusedError(f"unknown agent {hello.agent[:64]!r}")
        if (before := self._agents.get(hello.agent)) is not None:
            self._agent_gone(before)  # a restarted agent may be here before its end was heard
        connection.agent = hello.agent
        self._agents[hello.agent] = connection
        levels, measured = self._wiring.snapshot(hello.agent), self._wiring.measured(hello.agent)
        return {"snapshot": _by_number(levels), "measured": _by_number(measured)}

    def _pin_change(self, connection: Connection, change: PinChange) -> Answer:
        if connection.agent is None:
            raise RequestRefusedError("only an agent changes its pins")
        if self._agents.get(connection.agent) is connection:
            now = self._clock()
            self._tell(self._wiring.agent_drives(connection.agent, change.pin, change.function, change.level, now))
        return {}

    def _present(self, _hand: Connection, deed: Present) -> Answer | Awaited:
        return _done(self._line(deed.reader).present(deed.bits, deed.raw))

    def _keys(self, _hand: Connection, deed: Keys) -> Answer | Awaited:
        return _done(self._line(deed.reader).keys(deed.keys))

    def _fault(self, hand: Connection, deed: Fault) -> Answer:
        if deed.kind is FaultDeed.CUT:
            return self._cut(hand, Cut(deed.reader, deed.on))
        return {"ok": True, "mono": self._line(deed.reader).fault(deed)}

    def _set(self, _hand: Connection, deed: SetInput) -> Answer | Awaited:
        found = self._wiring.input_named(deed.input)
        if isinstance(found, ReaderPart):
            stamp = self._line(found.reader).tamper(deed.value)
            self._wiring.set_part(found, deed.value)
            return _done(stamp)
        if isinstance(found, SupervisedLine):
            return _done(self._measures(found, self._wiring.set_contact(found, deed.value)))
        return _done(self._set_level(deed.input, deed.value))

    def _set_line(self, _hand: Connection, deed: SetLine) -> Answer | Awaited:
        line = self._wiring.input_named(deed.input)
        if not isinstance(line, SupervisedLine):
            raise RequestRefusedError(f"unknown line {deed.input[:64]!r}")
        return _done(self._measures(line, self._wiring.set_line(line, deed.state)))

    def _measures(self, line: SupervisedLine, fraction: float) -> float:
        now = self._clock()
        self._to_agent(line.agent, {"channel": line.channel, "fraction": fraction})
        return now

    def _cut(self, _hand: Connection, deed: Cut) -> Answer:
        line = self._line(deed.reader)
        if not deed.on:
            self._mend(line)
        elif line.whole:
            if (listened := self._listened.pop(deed.reader, None)) is not None:
                self._selector.unregister(listened)
            line.cut()
            self._listen(line)  # some speak on, to the bench alone
        return self._ok()

    def _watch(self, hand: Connection, _deed: Watch) -> Answer:
        hand.watching = True
        return self._ok()

    def _describe(self, _hand: Connection, _deed: Describe) -> Answer:
        readers = [
            {
                "id": line.reader.id,
                "kind": line.reader.kind,
                "access_point": line.reader.access_point,
                "cut": not line.whole,
                **line.described(),
            }
            for line in self._lines.values()
        ]
        levels: dict[str, list[Answer]] = {"input": [], "output": []}
        for pin in self._fixture.pins:
            levels[pin.role].append({"id": pin.id, "agent": pin.agent, "value": self._wiring.value(pin.id)})
        for part in self._fixture.parts:
            levels[part.role].append({"id": part.id, "reader": part.reader, "value": self._wiring.value(part.id)})
        for measured in self._fixture.lines:
            state = {"value": self._wiring.value(measured.id), "line": self._wiring.line(measured.id)}
            levels["input"].append({"id": measured.id, "agent": measured.agent, **state})
        agents = [{"name": name, "connected": name in self._agents} for name in self._fixture.agents]
        found = {"readers": readers, "inputs": levels["input"], "outputs": levels["output"], "agents": agents}
        return self._ok() | found | {"doors": list(self._fixture.doors)}

    def _ok(self) -> Answer:
        return {"ok": True, "mono": self._clock()}

    def _line(self, reader: str) -> ReaderLine:
        line = self._lines.get(reader)
        if line is None:
            raise RequestRefusedError(f"unknown reader {reader[:64]!r}")
        return line

    def _mend(self, line: ReaderLine) -> None:
        if not line.whole:
            line.mend()
        self._listen(line)

    def _listen(self, line: ReaderLine) -> None:
        file = line.fileno()
        if file is not None and line.reader.id not in self._listened:
            self._listened[line.reader.id] = file
            self._selector.register(file, selectors.EVENT_READ, lambda _events: line.heard())

    def _set_level(self, name: str, value: int) -> float:
        pin = self._wiring.input_named(name)
        if not isinstance(pin, BenchPin):
            raise RequestRefusedError(f"unknown input {name[:64]!r}")
        now = self._clock()
        self._to_agent(pin.agent, {"pin": pin.number, "level": self._wiring.set_input(pin, value), "mono": now})
        return now

    def _to_agent(self, name: str, message: Mapping[str, Any]) -> None:
        agent = self._agents.get(name)
        if agent is not None:
            agent.send(message)

    def _do_later(self, delay: float, act: Callable[[], None]) -> None:
        self._laters += 1
        heapq.heappush(self._later, (self._clock() + delay, self._laters, act))

    def _until_later(self) -> float | None:
        return max(0.0, self._later[0][0] - self._clock()) if self._later else None

    def _do_what_is_due(self) -> None:
        while self._later and self._later[0][0] <= self._clock():
            act = heapq.heappop(self._later)[2]
            with contextlib.suppress(RequestRefusedError):  # there is no hand any more that would hear of it
                act()

    def _tell(self, edges: Iterable[Edge]) -> None:
        for edge in edges:
            for connection in self._connections:
                if connection.watching and not connection.gone:
                    connection.send({"mono": edge.mono, "output": edge.output, "value": edge.value})

    def _agent_gone(self, connection: Connection) -> None:
        connection.gone = True
        name = connection.agent
        if name is not None and self._agents.get(name) is connection:
            del self._agents[name]
            self._tell(self._wiring.agent_gone(name, self._clock()))

    def _drop_gone(self) -> None:
        # An agent's end may fill up a watcher, who is then gone too: hence first the ends, then the dropping.
        for connection in list(self._connections):
            if connection.gone:
                self._agent_gone(connection)
        for connection in list(self._connections):
            if connection.gone:
                self._selector.unregister(connection.sock)
                connection.sock.close()
                self._connections.remove(connection)
            else:
                self._mind(connection)

    def _mind(self, connection: Connection) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        key = self._selector.get_key(connection.sock)
        if key.events != wanted:
            self._selector.modify(connection.sock, wanted, key.data)


def _by_number(found: Mapping[int, float]) -> Answer:
    return {str(number): each for number, each in found.items()}


def _done(stamp: Stamp) -> Answer | Awaited:
    return stamp if isinstance(stamp, Awaited) else {"ok": True, "mono": stamp}


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path) as address:
            _clear(path, address)
            umask = os.umask(0o177)  # whoever may write to the socket may open every door on the bench
            try:
                listener.bind(address)
            finally:
                os.umask(umask)
        listener.listen(64)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _clear(path: Path, address: str) -> None:
    """Remove the socket of a bench that was killed; refuse if one is alive there."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(address) == 0:
            raise BenchTakenError(f"another bench is alive at {path}")
    path.unlink()
