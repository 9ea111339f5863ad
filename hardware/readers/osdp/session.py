"""One reader's conversation: greet it, open its channel, learn what it is, then ask it again and again. Sans-I/O.

The law: a reader with a key is online only inside a Secure Channel that was opened with that key and a fresh challenge;
whatever fails, the session starts over there, and no reply from outside the channel is ever more than a reason to.
"""

from collections import deque
from enum import Enum, auto
from typing import Final

from hardware.readers.osdp import command
from hardware.readers.osdp.capabilities import Capabilities, Function
from hardware.readers.osdp.channel import OWN, Channel, Handshake, PlainChannel, RandomBytes
from hardware.readers.osdp.command import Command
from hardware.readers.osdp.frame import Frame
from hardware.readers.osdp.liveness import QUICK_TRIES, Failure, Liveness
from hardware.readers.osdp.outbox import NOTHING, Outbox
from hardware.readers.osdp.reply import Ack, Busy, Identity, Nak, Refused, Reply, read_reply
from hardware.readers.osdp.report import Report
from hardware.readers.osdp.settings import ReaderSettings
from hardware.readers.osdp.summary import Summary
from hardware.readers.reader import Shown
from hardware.signal import FaultKind, ReaderFault, Signal

POLL_INTERVAL: Final = 0.025
"""A reader that had nothing to tell is asked again after this: well within what a person notices."""
BUSY_PAUSE: Final = 0.1

_OUT_OF_STEP: Final = {Refused.SEQUENCE, Refused.SECURITY_BLOCK, Refused.ENCRYPTION_REQUIRED}


class Phase(Enum):
    """How far the conversation has come."""

    GREETING = auto()
    CHALLENGING = auto()
    PROVING = auto()
    LEARNING = auto()
    ONLINE = auto()


class Session:
    """`due`, then `message`, then exactly one of `heard` (until it is not None) or `missed`; over and over."""

    def __init__(self, settings: ReaderSettings, now: float, random_bytes: RandomBytes) -> None:
        self.settings = settings
        self.phase = Phase.GREETING
        self.due = now
        self.capabilities: Capabilities | None = None
        self.identity: Identity | None = None
        self.authentication_failures = 0
        self._random_bytes = random_bytes
        self._liveness = Liveness(now)
        self._summary = Summary(settings.id)
        self._report = Report(settings.id, settings.paired, self._summary)
        self._outbox = Outbox()
        self._fresh = False
        self._sent = b""
        self._tries = 0
        self._begin(now)

    @property
    def online(self) -> bool:
        """Would a card presented now be read?"""
        return self.phase is Phase.ONLINE

    @property
    def secure(self) -> bool:
        """Is it online inside a Secure Channel?"""
        return self.online and self._channel.secure

    @property
    def ready(self) -> bool:
        """Would a card presented now be delivered? (Not in the first moments of a session: it could be old.)"""
        return self.online and self._fresh

    def show(self, shown: Shown) -> None:
        """Show this next, instead of what waits to be shown. Nothing while it is not online: it would come too late."""
        if self.online:
            self._outbox.show(shown)

    def ask(self, said: Command) -> None:
        """Say this soon, if the reader knows it. Nothing while it is not online."""
        if self.online:
            self._outbox.ask(said)

    def message(self, now: float) -> bytes:
        """What to send now: the next message, or the same bytes again while the last has no answer."""
        if not self._sent:
            self._asked = self._next()
            self._sent = self._seal(self._asked).encode()
        self._tries += 1
        self.due = now
        return self._sent

    def heard(self, frame: Frame, now: float) -> list[Signal] | None:
        """The signals in an answer to our message, or None: it is no answer to it, so go on listening."""
        if frame.address != self.settings.address:
            return None
        plain = read_reply(frame.payload) if not frame.block else None
        if isinstance(plain, Busy):
            return self._busy(now)
        if frame.sequence != self._sequence:
            return None
        if isinstance(plain, Nak) and plain.reason == Refused.CHECK:
            return self.missed(Failure.NOISE, now)  # our message was damaged: it is for the reader to say so unsealed
        return [*self._answered(frame, plain, now), *self._summary.due(now)]

    def missed(self, why: Failure, now: float) -> list[Signal]:
        """There was no answer in time; `why` is SILENCE or NOISE."""
        noted: list[Signal] = []
        if why is Failure.NOISE:
            noted = [*self._summary.note(FaultKind.BAD_CHECKSUM, "a message was damaged on the line", now)]
        if self._tries < (QUICK_TRIES if self.phase is not Phase.GREETING else 1):
            self.due = now
            return noted
        return [*noted, *self._start_over(now, why)]

    def port_lost(self, detail: str, now: float) -> list[Signal]:
        """The wire is gone."""
        self._begin(now)
        if not self._liveness.port_lost():
            return []
        return [ReaderFault(self.settings.id, FaultKind.LOST, detail, now)]

    def port_opened(self, now: float) -> None:
        """The wire is there: begin at once."""
        self._liveness.port_opened(now)
        self._begin(now)

    def _begin(self, due: float) -> None:
        self.phase = Phase.GREETING
        self._channel: Channel = PlainChannel(crc=self.settings.crc)
        self._handshake: Handshake | None = None
        self._to_learn: deque[Command] = deque()
        self._sequence = 0
        self._sent = b""
        self._tries = 0
        self._asked = command.IDENTIFY
        self._fresh = False
        self._outbox.clear()
        self.due = due

    def _start_over(self, now: float, why: Failure) -> list[Signal]:
        self._begin(self._liveness.next_try(now, why))
        if self._liveness.silent_too_long(now):
            return [ReaderFault(self.settings.id, FaultKind.LOST, "it has proved nothing for 8 s", now)]
        return []

    def _next(self) -> Command:
        match self.phase:
            case Phase.GREETING:
                return command.IDENTIFY
            case Phase.CHALLENGING if self._handshake is not None:
                return self._handshake.challenge()
            case Phase.PROVING:
                return self._asked
            case Phase.LEARNING:
                return self._to_learn.popleft()
        return self._outbox.next()

    def _seal(self, said: Command) -> Frame:
        if self._handshake is not None:
            return self._handshake.seal(self.settings.address, self._sequence, said)
        return self._channel.seal(self.settings.address, self._sequence, said)

    def _advance(self, due: float) -> None:
        self._sequence = self._sequence % 3 + 1
        self._sent = b""
        self._tries = 0
        self.due = due

    def _busy(self, now: float) -> list[Signal]:
        """Not proof of anything: a reader that is busy for too long is lost like a silent one."""
        if self._liveness.overdue(now):
            return self._start_over(now, Failure.DISTRUST)
        self._tries = 0
        self.due = now + BUSY_PAUSE
        return []

    def _answered(self, frame: Frame, plain: Reply | None, now: float) -> list[Signal]:
        match self.phase:
            case Phase.GREETING:
                return self._greeted(frame, plain, now)
            case Phase.CHALLENGING | Phase.PROVING:
                return self._shaken(frame, plain, now)
        payload = self._channel.open(frame)
        if payload is not None:
            return self._vouched(read_reply(payload), now)
        if isinstance(plain, Nak):
            return self._start_over(now, Failure.DISTRUST)  # it has lost the session, or somebody says so
        return self._distrust("a message does not belong to its Secure Channel", now)

    def _greeted(self, frame: Frame, plain: Reply | None, now: float) -> list[Signal]:
        key = self.settings.key
        if key is not None:
            self._handshake = Handshake(key.value, OWN, self._random_bytes, crc=self.settings.crc)
            self.phase = Phase.CHALLENGING
            self._advance(now)
            return []
        if frame.block or not isinstance(plain, Identity):
            return self._start_over(now, Failure.DISTRUST)
        self._learn()
        return self._vouched(plain, now)

    def _shaken(self, frame: Frame, plain: Reply | None, now: float) -> list[Signal]:
        if self._handshake is None:
            return self._start_over(now, Failure.DISTRUST)
        if isinstance(plain, Nak):
            return self._distrust("it refuses the Secure Channel with its key", now)
        if self.phase is Phase.CHALLENGING:
            answer = self._handshake.prove(frame)
            if answer is None:
                return self._distrust("it has not proved that it holds its key", now)
            self._asked = answer
            self.phase = Phase.PROVING
            self._advance(now)
            return []
        channel = self._handshake.complete(frame)
        if channel is None:
            return self._distrust("it has not accepted the Secure Channel", now)
        self._handshake, self._channel = None, channel
        self._learn()
        self._advance(now)
        return []

    def _learn(self) -> None:
        self.phase = Phase.LEARNING
        first = [command.IDENTIFY] if self._channel.secure else []
        self._to_learn = deque([*first, command.CAPABILITIES, command.LOCAL_STATUS])

    def _distrust(self, detail: str, now: float) -> list[Signal]:
        self.authentication_failures += 1
        return [*self._summary.note(FaultKind.AUTHENTICATION, detail, now), *self._start_over(now, Failure.DISTRUST)]

    def _vouched(self, reply: Reply, now: float) -> list[Signal]:
        """The channel stands for this reply."""
        self._liveness.proven(now)
        if isinstance(reply, Nak) and reply.reason in _OUT_OF_STEP:
            return self._start_over(now, Failure.DISTRUST)
        told = self._taken(reply, now)
        self._fresh = self._liveness.fresh(now)
        busy = self.phase is Phase.LEARNING or not self._outbox.empty or not isinstance(reply, Ack | Nak)
        self._advance(now if busy else now + POLL_INTERVAL)
        if self.phase is Phase.LEARNING and not self._to_learn:
            told += self._go_online(now)
        return told

    def _taken(self, reply: Reply, now: float) -> list[Signal]:
        if isinstance(reply, Nak):
            return self._not_taken(now)
        if isinstance(reply, Ack) and self._asked is command.POLL:
            self._liveness.drained()
        if isinstance(reply, Identity):
            self.identity = reply
        if isinstance(reply, Capabilities):
            self.capabilities = reply
            if reply.level(Function.CONTACTS):
                self._to_learn.append(command.INPUT_STATUS)
            return self._report.capabilities(reply, now)
        return self._report.of(reply, now, fresh=self.online and self._liveness.fresh(now))

    def _not_taken(self, now: float) -> list[Signal]:
        if self.phase is Phase.LEARNING or not self._outbox.refused(self._asked):
            return []
        return [*self._summary.note(FaultKind.GARBAGE, f"it refuses osdp_{self._asked.code.name}", now)]

    def _go_online(self, now: float) -> list[Signal]:
        self.phase = Phase.ONLINE
        self.due = now
        self._outbox.open(self.capabilities or NOTHING)
        if not self._liveness.back():
            return []
        return [ReaderFault(self.settings.id, FaultKind.REOPENED, "it is online again", now)]
