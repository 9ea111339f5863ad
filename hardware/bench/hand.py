"""A hand at the bench: presents cards, moves contacts, cuts cables, and sees what the doors do.

The law: every deed returns the bench's stamp of it; what is waited for has a time limit. One hand for one thread.
"""

import json
import socket
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from hardware.bench.address import reachable
from hardware.bench.wire import LineBuffer, line_of
from hardware.bench.wiring import Edge

ANSWER_TIME: Final = 5.0
EDGES_KEPT: Final = 10_000


class BenchRefusedError(Exception):
    """The bench answered with an error; the text is the bench's."""


class BenchGoneError(ConnectionError):
    """The bench hung up."""


class Hand:
    """A client of the bench's socket."""

    def __init__(self, socket_path: str | Path) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._buffer = LineBuffer(16 * 1024 * 1024)
        self._edges: deque[Edge] = deque(maxlen=EDGES_KEPT)
        self._answers: deque[dict[str, Any]] = deque()
        try:
            with reachable(Path(socket_path)) as address:
                self._sock.connect(address)
        except OSError:
            self._sock.close()
            raise

    def present(self, reader: str, *, bits: str | None = None, raw: bytes | None = None) -> float:
        """Hold a card to a reader, or put raw bytes on its wire; returns when its last byte was on the wire."""
        card = {"bits": bits} if raw is None else {"bytes": raw.hex()}
        return float(self._ask({"do": "present", "reader": reader} | card)["mono"])

    def keys(self, reader: str, keys: str) -> float:
        """Press keys at a reader's keypad."""
        return float(self._ask({"do": "keys", "reader": reader, "keys": keys})["mono"])

    def set(self, input: str, value: int | bool) -> float:
        """Make an input active (1) or not (0); returns when the level was on the wire."""
        return float(self._ask({"do": "set", "input": input, "value": int(value)})["mono"])

    def line(self, input: str, state: str) -> float:
        """Make a supervised input's line `short`, `open` or of a `fault`, or `normal` again."""
        return float(self._ask({"do": "line", "input": input, "state": state})["mono"])

    def cut(self, reader: str, on: bool = True) -> float:
        """Cut a reader's cable (`on`) or mend it."""
        return float(self._ask({"do": "cut", "reader": reader, "on": on})["mono"])

    def fault(self, reader: str, kind: str, **details: Any) -> float:
        """Let something go wrong with a reader: `kind` and details as in docs/bench.md; `on=False` mends it."""
        return float(self._ask({"do": "fault", "reader": reader, "kind": kind} | details)["mono"])

    def watch(self) -> float:
        """See every output edge from now on."""
        return float(self._ask({"do": "watch"})["mono"])

    def describe(self) -> dict[str, Any]:
        """Readers, inputs, outputs, agents and doors as they are now."""
        return self._ask({"do": "describe"})

    def value(self, part: str) -> int:
        """The present value of one input or output. KeyError if there is none of that name."""
        found = self.describe()
        values = {entry["id"]: entry["value"] for entry in found["inputs"] + found["outputs"]}
        return int(values[part])

    def edges(self, timeout: float) -> Iterator[Edge]:
        """Every edge not yet taken, then every further one, until `timeout` seconds from the first `next` are over."""
        deadline = time.monotonic() + timeout
        while self._edges or self._receive(deadline):
            while self._edges:
                yield self._edges.popleft()

    def wait_for(self, output: str, value: int, timeout: float = 2.0, *, after: float = 0.0) -> Edge:
        """The next edge of that output to that value, stamped not before `after`; TimeoutError if none comes in time.

        Takes it and the earlier edges of the same output; edges of other outputs stay to be waited for.
        """
        deadline = time.monotonic() + timeout
        while (found := self._pick(output, value, after)) is None:
            if not self._receive(deadline):
                raise TimeoutError(f"{output} did not become {value} within {timeout} s")
        return found

    def forget_edges(self) -> None:
        """Throw away the edges that came so far."""
        while self._receive(0.0):
            continue
        self._edges.clear()

    def close(self) -> None:
        """Leave the bench. May be called twice."""
        self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pick(self, output: str, value: int, after: float) -> Edge | None:
        found = next(
            (edge for edge in self._edges if edge.output == output and edge.value == value and edge.mono >= after), None
        )
        if found is not None:
            kept = [edge for edge in self._edges if edge.output != output or edge.mono > found.mono]
            self._edges = deque(kept, maxlen=EDGES_KEPT)
        return found

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + ANSWER_TIME
        self._sock.settimeout(ANSWER_TIME)
        self._sock.sendall(line_of(message))
        while not self._answers:
            if not self._receive(deadline):
                raise TimeoutError("the bench did not answer")
        answer = self._answers.popleft()
        if "error" in answer:
            raise BenchRefusedError(str(answer["error"]))
        return answer

    def _receive(self, deadline: float) -> bool:
        """Take what comes before the deadline; False when it is over."""
        # A deadline that is over still takes what is there already: 0 makes the socket non-blocking.
        self._sock.settimeout(max(0.0, deadline - time.monotonic()))
        try:
            data = self._sock.recv(65536)
        except (TimeoutError, BlockingIOError):
            return False
        if not data:
            raise BenchGoneError("the bench hung up")
        for line in self._buffer.feed(data):
            self._sort(json.loads(line or b"{}"))
        return True

    def _sort(self, message: dict[str, Any]) -> None:
        if "output" in message:
            self._edges.append(Edge(float(message["mono"]), str(message["output"]), int(message["value"])))
        else:
            self._answers.append(message)
