"""The agent's own cabinet: its tamper contact, its power, and the lines of supervised inputs."""

from __future__ import annotations

from contract.canonical import Object
from contract.fact import FactKind
from contract.situation import Moment
from door_agent.chain import Chain
from door_agent.events import Command, Level, LineFault


class Cabinet:
    """Records what changes; nothing here moves a lock."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._active: set[str] = set()
        self._lines: dict[tuple[str | None, str], str] = {}

    def level(self, level: Level, moment: Moment) -> list[Command]:
        """`tamper` (open), `mains`, `battery` or the name of a reader (its supply fails) became active, or ended."""
        if level.active == (level.part in self._active):
            return []
        (self._active.add if level.active else self._active.discard)(level.part)
        if level.part == "tamper":
            body: Object = {"door": None, "access_point": None, "active": level.active}
            return [self._chain.record(FactKind.TAMPER, moment, body)]
        return [self._chain.record(FactKind.POWER, moment, {"source": level.part, "ok": not level.active})]

    def line_fault(self, fault: LineFault, moment: Moment) -> list[Command]:
        """A supervised line went wrong, or came right."""
        line = (fault.door, fault.part)
        if self._lines.get(line, "normal") == fault.state:
            return []
        self._lines[line] = fault.state
        body: Object = {"door": fault.door, "input": fault.part, "state": fault.state}
        return [self._chain.record(FactKind.LINE_FAULT, moment, body)]
