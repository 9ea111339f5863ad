"""What a hand does at the doors of the demo, and what the doors look like now. Knows the bench, not HTTP.

The law: the picture comes from the bench alone (what is on the wires), never from what we asked for. A pushed door
opens only when its lock is released, as a real one; a forced one opens anyway.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from cli.demo.building import AGENTS, DOORS, LAMPS, DemoDoor, DemoReader, lines_of, points_of, reader_at
from hardware.bench.hand import BenchGoneError, BenchRefusedError, Hand

TELL_OF_THEIR_HOUSING: Final = points_of("osdp")
PUSH_SECONDS: Final = 1.2
SWITCHES: Final = ("rex", "break-glass", "fire", "tamper")
PRESS_SECONDS: Final = 0.4
LOOK_UP: Final = 0.5
"""Seconds after which the watcher looks whether it is to end."""


class Controls(Protocol):
    """What the supervisor lets the page do to whole processes."""

    def is_on(self, agent: str) -> bool: ...

    def power(self, agent: str, on: bool) -> None: ...

    def is_cut(self, agent: str) -> bool: ...

    def cut(self, agent: str, on: bool) -> None: ...

    def reset(self, agent: str, door: str) -> str:
        """Ask the agent to reset fire and break-glass of a door; an empty text, or why it did not."""


class NotPossibleError(ValueError):
    """The deed makes no sense now; `code` is one of the page's words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Stage:
    """The doors, seen and handled through the bench's socket. All methods may be called from any thread."""

    def __init__(self, socket: Path, cards: Mapping[str, Mapping[str, str]], controls: Controls) -> None:
        """`cards`: bits by reader class, by an id that the page may know; the bits never leave this process."""
        self._socket, self._cards, self._controls = socket, dict(cards), controls
        self._doors = {door.id: door for door in DOORS}
        self._guard = threading.Lock()
        self._hand: Hand | None = None
        self._changed = threading.Condition()
        self._version = 0
        self._picture: dict[str, Any] = {}
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watches the bench", daemon=True)

    def start(self) -> None:
        self._watcher.start()

    def stop(self) -> None:
        self._ending.set()
        with self._changed:
            self._changed.notify_all()
        if self._watcher.is_alive():
            self._watcher.join(4 * LOOK_UP)
        with self._guard:
            if self._hand is not None:
                self._hand.close()
                self._hand = None

    def present(self, reader: str, card: str) -> None:
        if card not in self._cards:
            raise NotPossibleError("no-such-card")
        bits = self._cards[card][_reader(reader).source]
        self._with_hand(lambda hand: hand.present(reader, bits=bits))

    def push(self, door: str) -> None:
        """Open the door if its lock lets us, and let it fall shut again."""
        self._require_released(door)
        self._open(door)
        self._later(PUSH_SECONDS, lambda: self.close(door))

    def hold(self, door: str) -> None:
        """Open the door if its lock lets us, and keep it open."""
        self._require_released(door)
        self._open(door)

    def force(self, door: str) -> None:
        """Break the door open; it falls shut again."""
        self._open(door)
        self._later(PUSH_SECONDS, lambda: self.close(door))

    def close(self, door: str) -> None:
        self._set(f"{self._door(door).id}.contact", 0)

    def press(self, door: str, part: str) -> None:
        """Press a button (rex) for a moment."""
        self._switchable(part)
        name = f"{self._door(door).id}.{part}"
        self._set(name, 1)
        self._later(PRESS_SECONDS, lambda: self._set(name, 0))

    def switch(self, door: str, part: str, on: bool) -> None:
        """Break or mend the glass, raise or end the fire alarm, open or close the housing."""
        self._switchable(part)
        self._set(f"{self._door(door).id}.{part}", int(on))

    def spoil(self, line: str, state: str) -> None:
        """Make a supervised line `short` or `open`, or `normal` again."""
        if not any(line in lines_of(door) for door in DOORS):
            raise NotPossibleError("no-such-part")
        self._with_hand(lambda hand: hand.line(line, state))
        self.refresh()

    def cut_reader(self, reader: str, on: bool) -> None:
        self._with_hand(lambda hand: hand.cut(reader, on))

    def tamper_reader(self, reader: str, on: bool) -> None:
        """Open or close the housing of a reader that can tell."""
        if reader not in TELL_OF_THEIR_HOUSING:
            raise NotPossibleError("no-such-part")
        self._set(f"{reader}.tamper", int(on))

    def power(self, agent: str, on: bool) -> None:
        self._controls.power(_agent(agent), on)

    def network(self, agent: str, on: bool) -> None:
        self._controls.cut(_agent(agent), not on)
        self.refresh()

    def reset(self, door: str) -> None:
        """Ask the door's agent to end a fire or break-glass release."""
        found = self._door(door)
        if self._controls.reset(found.agent, found.id):
            raise NotPossibleError("not-reset")

    def picture_after(self, version: int, wait: float) -> tuple[int, dict[str, Any]]:
        """The picture and its version as soon as it is newer than `version`, at the latest after `wait` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version or self._ending.is_set(), wait)
            return self._version, self._picture

    @property
    def ended(self) -> bool:
        return self._ending.is_set()

    def refresh(self) -> None:
        """Look at the bench again; whoever waits for a newer picture is woken when something changed."""
        try:
            described = self._with_hand(Hand.describe)
        except NotPossibleError:
            return
        picture = self._painted(described)
        with self._changed:
            if picture != self._picture:
                self._picture, self._version = picture, self._version + 1
                self._changed.notify_all()

    def _painted(self, described: Mapping[str, Any]) -> dict[str, Any]:
        values = {part["id"]: part["value"] for part in (*described["inputs"], *described["outputs"])}
        lines = {part["id"]: part["line"] for part in described["inputs"] if "line" in part}
        cut = {reader["id"]: reader["cut"] for reader in described["readers"]}
        doors = {
            door.id: {
                "released": values[f"{door.id}.strike"],
                "open": values[f"{door.id}.contact"],
                **{part: values[f"{door.id}.{part}"] for part in SWITCHES},
                "lines": {name: lines[name] for name in lines_of(door)},
                "points": {
                    point: {
                        "cut": int(cut[point]),
                        "reader-tamper": values.get(f"{point}.tamper", 0),
                        **{lamp: values[f"{point}.{lamp}"] for lamp in LAMPS},
                    }
                    for point in door.access_points
                },
            }
            for door in DOORS
        }
        agents = {
            agent: {"power": int(self._controls.is_on(agent)), "network": int(not self._controls.is_cut(agent))}
            for agent in AGENTS
        }
        return {"doors": doors, "agents": agents}

    def _watch(self) -> None:
        while not self._ending.is_set():
            try:
                with Hand(self._socket) as hand:
                    hand.watch()
                    self.refresh()
                    while not self._ending.is_set():
                        for _edge in hand.edges(LOOK_UP):
                            self.refresh()
            except OSError:
                self._ending.wait(0.5)  # the bench is being started again

    def _with_hand(self, deed: Callable[[Hand], Any]) -> Any:
        with self._guard:
            try:
                self._hand = self._hand or Hand(self._socket)
                return deed(self._hand)
            except BenchRefusedError as error:
                raise NotPossibleError("refused") from error
            except (BenchGoneError, OSError) as error:
                if self._hand is not None:
                    self._hand.close()
                self._hand = None
                raise NotPossibleError("no-bench") from error

    def _set(self, part: str, value: int) -> None:
        self._with_hand(lambda hand: hand.set(part, value))
        self.refresh()

    def _open(self, door: str) -> None:
        self._set(f"{self._door(door).id}.contact", 1)

    def _require_released(self, door: str) -> None:
        name = self._door(door).id
        if not self._with_hand(lambda hand: hand.value(f"{name}.strike")):
            raise NotPossibleError("locked")

    def _later(self, seconds: float, deed: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, self._quietly, (deed,))
        timer.daemon = True
        timer.start()

    def _quietly(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except NotPossibleError:
            self._ending.wait(0.0)  # the bench went away meanwhile; there is nobody left to tell

    def _door(self, name: str) -> DemoDoor:
        if name not in self._doors:
            raise NotPossibleError("no-such-door")
        return self._doors[name]

    def _switchable(self, part: str) -> None:
        if part not in SWITCHES:
            raise NotPossibleError("no-such-part")


def _reader(point: str) -> DemoReader:
    if not any(point in door.access_points for door in DOORS):
        raise NotPossibleError("refused")
    return reader_at(point)


def _agent(name: str) -> str:
    if name not in AGENTS:
        raise NotPossibleError("no-such-agent")
    return name


def now() -> float:
    """Monotonic seconds, for whoever limits the life of a viewer."""
    return time.monotonic()
