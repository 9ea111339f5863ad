"""The installer's acts at a bench: find readers, and pair one with a new random key. These block, for a stated time.

The law: only ever by hand, on a port that nothing else has open, and over within `limit` seconds. The key stands in its
file before a reader hears of it, so that no power cut locks a reader with a key that nobody has.
"""

import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from hardware.readers.osdp.bus import BITS_A_BYTE, Bus
from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.channel import RandomBytes
from hardware.readers.osdp.frame import HIGHEST_ADDRESS, MARK, Deframer, Frame
from hardware.readers.osdp.installation import Found, Trouble, hand_over, who_answers
from hardware.readers.osdp.key import ReaderKey, write_key
from hardware.readers.osdp.liveness import REPLY_TIMEOUT
from hardware.readers.osdp.port import PORT_ERRORS, Bell, Port
from hardware.readers.osdp.reply import Identity
from hardware.readers.osdp.settings import BusSettings, ReaderSettings

LIMIT: Final = 120.0
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Bench:
    """A bus on a bench. `reply_timeout` may be shortened to look at many addresses in less time."""

    port: str
    baud: int = 9600
    rs485: bool = False
    reply_timeout: float = REPLY_TIMEOUT
    limit: float = LIMIT
    clock: Callable[[], float] = time.monotonic
    random_bytes: RandomBytes = os.urandom


@dataclass(frozen=True, slots=True)
class Paired:
    """The reader has proved that it holds this key. Keep `capabilities.text` with it: it is compared ever after."""

    key: ReaderKey = field(repr=False)
    identity: Identity | None
    capabilities: Capabilities


def discover(bench: Bench) -> list[Found] | Trouble:
    """Who answers at any address at this speed; each address costs `reply_timeout`."""
    return _on(bench, lambda talk: talk.follow(who_answers(range(HIGHEST_ADDRESS + 1))))


def pair(
    bench: Bench, address: int, key_file: Path, *, old: ReaderKey | None = None, others_allowed: bool = False
) -> Paired | Trouble:
    """Give the reader a new random key, written to `key_file` first (it must not exist), and prove that it holds it.

    The reader must be in its install mode, or hold `old`. Unless `others_allowed`, nobody else may answer on the line.
    After a Trouble the file is gone again, unless the reader may have taken the key.
    """
    return _on(bench, lambda talk: _pair(talk, address, key_file, old, others_allowed))


def _pair(talk: "_Talk", address: int, key_file: Path, old: ReaderKey | None, others_allowed: bool) -> Paired | Trouble:
    if not others_allowed:
        others = talk.follow(who_answers(other for other in range(HIGHEST_ADDRESS + 1) if other != address))
        if others:
            return Trouble(f"somebody answers at address {others[0].address} too: pair on a line with one reader")
    key = ReaderKey.new()
    write_key(key_file, key)
    trouble = talk.follow(hand_over(address, old, key, talk.bench.random_bytes))
    if trouble is not None and not trouble.key_sent:
        key_file.unlink()
        return trouble
    proved = talk.prove(address, key)
    if isinstance(proved, Paired):
        return proved
    return Trouble(f"{proved.detail}; it may hold the key in {key_file}: keep that file", key_sent=True)


def _on(bench: Bench, act: Callable[["_Talk"], Result]) -> Result | Trouble:
    bell = Bell()
    try:
        with Port(bench.port, bench.baud, rs485=bench.rs485) as port:
            return act(_Talk(bench, port, bell))
    except TimeoutError:
        return Trouble(f"it took longer than {bench.limit:.0f} s")
    except PORT_ERRORS as error:
        return Trouble(f"{bench.port}: {error}")
    finally:
        bell.close()


class _Talk:
    """A conversation that blocks, on an open port. TimeoutError when its time is over."""

    def __init__(self, bench: Bench, port: Port, bell: Bell) -> None:
        self.bench = bench
        self._port = port
        self._bell = bell
        self._ends = bench.clock() + bench.limit

    def follow(self, script: Generator[Frame, Frame | None, Result]) -> Result:
        """Say what the script says, until it has a result."""
        try:
            frame = next(script)
            while True:
                frame = script.send(self._ask(frame))
        except StopIteration as end:
            result: Result = end.value
            return result

    def prove(self, address: int, key: ReaderKey) -> Paired | Trouble:
        """Be an ordinary panel for a moment: the reader is paired when it is online with its key."""
        settings = BusSettings(self.bench.port, (ReaderSettings("pairing", address, key),), self.bench.baud)
        bus = Bus(settings, self.bench.clock(), self.bench.random_bytes)
        session = bus.sessions[0]
        ready = False
        while not session.online and not session.authentication_failures:
            step = bus.advance(self._now(), self._port.read() if ready else b"")
            self._port.write(step.transmit)
            ready = self._bell.wait(step.wake_at - self.bench.clock(), self._port.fileno())
        if session.online and session.capabilities is not None:
            return Paired(key, session.identity, session.capabilities)
        return Trouble(f"the reader at address {address} has not proved that it holds its new key")

    def _ask(self, frame: Frame) -> Frame | None:
        message = bytes((MARK,)) + frame.encode()
        self._port.discard()
        self._port.write(message)
        deframer = Deframer()
        until = self._now() + len(message) * BITS_A_BYTE / self.bench.baud + self.bench.reply_timeout
        while (left := until - self._now()) > 0:
            if not self._bell.wait(left, self._port.fileno()):
                continue
            for found in deframer.feed(self._port.read()):
                if isinstance(found, Frame) and _answers(found, frame):
                    return found
            if deframer.pending:
                until = max(until, self._now() + self.bench.reply_timeout)
        return None

    def _now(self) -> float:
        now = self.bench.clock()
        if now > self._ends:
            raise TimeoutError
        return now


def _answers(found: Frame, asked: Frame) -> bool:
    return found.reply and (found.address, found.sequence) == (asked.address, asked.sequence)
