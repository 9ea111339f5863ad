"""What is yet to be said to a reader that is online, besides asking it for news. Sans-I/O.

The law: bounded, and nothing old: what is shown replaces what was to be shown, and a session's end takes all along.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.command import POLL, Code, Command
from hardware.readers.osdp.indication import indication, offered
from hardware.readers.reader import Shown

MOST_WAITING: Final = 16
NOTHING: Final = Capabilities(())


class Outbox:
    """One reader's. It never gives out a command that the reader does not know or has refused."""

    def __init__(self) -> None:
        self._showing: tuple[Command, ...] = ()
        self._waiting: deque[Command] = deque(maxlen=MOST_WAITING)
        self._refused: set[Code] = set()
        self._capabilities = NOTHING

    @property
    def empty(self) -> bool:
        """Is there nothing to say but "any news?"?"""
        return not self._showing and not self._waiting

    def open(self, capabilities: Capabilities) -> None:
        """A session is online with a reader of these capabilities: begin with its idle light."""
        self._capabilities = capabilities
        self.show(Shown.IDLE)

    def clear(self) -> None:
        """The session is over."""
        self._showing = ()
        self._waiting.clear()
        self._refused.clear()
        self._capabilities = NOTHING

    def show(self, shown: Shown) -> None:
        """Show this next, instead of what waits to be shown."""
        self._showing = tuple(self._sayable(indication(shown, self._capabilities)))

    def ask(self, said: Command) -> None:
        """Say this after what is to be shown; the oldest of too many is forgotten."""
        self._waiting.extend(self._sayable((said,)))

    def refused(self, said: Command) -> bool:
        """The reader does not take this kind of command: do not try again. True if that is news."""
        if said is POLL or said.code in self._refused:
            return False
        self._refused.add(said.code)
        return True

    def next(self) -> Command:
        """What to say now."""
        if self._showing:
            first, *rest = self._showing
            self._showing = tuple(rest)
            return first
        return self._waiting.popleft() if self._waiting else POLL

    def _sayable(self, commands: Iterable[Command]) -> Iterable[Command]:
        return (said for said in commands if said.code not in self._refused and offered(said, self._capabilities))
