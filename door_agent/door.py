"""One door of the agent: its portal, and the facts and commands that follow from what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from contract.canonical import Object
from contract.fact import FactKind
from contract.presence import Passage
from contract.situation import Moment
from door_agent.chain import Chain
from door_agent.events import Command, Lock, LockWish, Show, Sign
from door_agent.portal import (
    Admission,
    Closed,
    Happening,
    HeldOpen,
    NotUsed,
    Opened,
    Passed,
    Portal,
    Relock,
    Unlock,
)
from door_agent.wiring import WiredDoor

LIFE_SAFETY = {"fire": FactKind.FIRE, "break-glass": FactKind.BREAK_GLASS}


class Door:
    """Turns happenings into facts and commands. `guarded` names the areas whose presence becomes uncertain when
    somebody may have come or gone unseen."""

    def __init__(
        self, wired: WiredDoor, chain: Chain, held_open_s: float, guarded: Callable[[], tuple[str, ...]]
    ) -> None:
        self.wired = wired
        self._guarded = guarded
        self.portal = Portal(held_open_s, open=False if wired.contact else None)
        self.active: set[str] = set()
        self.lost_readers: set[str] = set()
        self._chain = chain
        self._alarmed = False
        self._tampered = False

    def hold_open_after(self, seconds: float) -> None:
        """The list says how long the door may stay open; it holds from the next opening."""
        self.portal = replace(self.portal, held_open_s=seconds)

    @property
    def deadline(self) -> float | None:
        return self.portal.deadline

    def release(
        self, moment: Moment, seconds: float, cause: str, company: Sequence[Admission], decision: int | None
    ) -> list[Command]:
        """Release the lock for `seconds` (capped by the wiring) and record it."""
        self.portal, happened = self.portal.released(moment.mono, min(seconds, self.wired.max_release_s), company)
        body: Object = {"door": self.wired.id, "cause": cause, "decision": decision}
        # The lock first: on the way out nothing may wait for a record.
        return [
            *self._commands(moment, [each for each in happened if isinstance(each, Unlock)]),
            self._chain.record(FactKind.RELEASED, moment, body, uncertain=() if company else self._guarded()),
            *self._commands(moment, [each for each in happened if not isinstance(each, Unlock)]),
        ]

    def contact(self, moment: Moment, opened: bool) -> list[Command]:
        self.portal, happened = self.portal.opened(moment.mono) if opened else self.portal.closed()
        return self._commands(moment, happened)

    def tick(self, moment: Moment) -> list[Command]:
        self.portal, happened = self.portal.tick(moment.mono)
        return self._commands(moment, happened)

    def life_safety(self, moment: Moment, part: str, active: bool) -> list[Command]:
        """Fire or break-glass: the lock was released by the input itself; here it is latched again and recorded."""
        body: Object = {"door": self.wired.id, "active": active}
        if not active:
            if part not in self.active:
                return []
            self.active.discard(part)
            return [self._chain.record(LIFE_SAFETY[part], moment, body)]
        self.active.add(part)
        self.portal = self.portal.latch()
        released: Object = {"door": self.wired.id, "cause": part, "decision": None}
        return [
            Lock(self.wired.id, LockWish.LATCH, part),
            self._chain.record(LIFE_SAFETY[part], moment, body),
            self._chain.record(FactKind.RELEASED, moment, released, uncertain=self._guarded()),
            *self.alarm(True),
        ]

    def tamper(self, moment: Moment, active: bool) -> list[Command]:
        """The housing was opened, or closed again."""
        if active == self._tampered:
            return []
        self._tampered = active
        body: Object = {"door": self.wired.id, "active": active}
        return [self._chain.record(FactKind.TAMPER, moment, body), *self.alarm(active)]

    def reset(self, moment: Moment) -> list[Command] | None:
        """Secure the door after fire or break-glass; None while an input is still active."""
        if self.active or self.lost_readers:
            return None
        self.portal, happened = self.portal.unlatch()
        return [
            Lock(self.wired.id, LockWish.RESET),
            self._chain.record(FactKind.LIFE_SAFETY_RESET, moment, {"door": self.wired.id}),
            *self._commands(moment, happened),
            *self.alarm(False),
        ]

    def hold_for_reader(self, moment: Moment) -> list[Command]:
        """The controlled exit's reader is lost and no REX is fitted: released until it is back."""
        self.portal = self.portal.latch()
        body: Object = {"door": self.wired.id, "cause": "reader-lost", "decision": None}
        return [
            Lock(self.wired.id, LockWish.RELEASE),
            self._chain.record(FactKind.RELEASED, moment, body, uncertain=self._guarded()),
            *self.alarm(True),
        ]

    def end_hold_for_reader(self, moment: Moment) -> list[Command]:
        if self.active or self.lost_readers:
            return []
        self.portal, happened = self.portal.unlatch()
        return [*self._commands(moment, happened), *self.alarm(False)]

    def _commands(self, moment: Moment, happened: Sequence[Happening]) -> list[Command]:
        commands: list[Command] = []
        for each in happened:
            match each:
                case Unlock():
                    commands.append(Lock(self.wired.id, LockWish.RELEASE))
                case Relock():
                    commands.append(Lock(self.wired.id, LockWish.SECURE))
                    commands += [] if self.portal.open else self._quiet()
                case Passed():
                    commands.append(self._passage(moment, each))
                case NotUsed():
                    commands.append(self.ended(moment, each.admission, "NOT_USED"))
                case Opened():
                    commands += self._opened(moment, each)
                case Closed():
                    commands += [self._fact(FactKind.DOOR_CLOSED, moment), *self._quiet()]
                case HeldOpen():
                    commands += [self._fact(FactKind.HELD_OPEN, moment), *self.alarm(True)]
        return commands

    def ended(self, moment: Moment, admission: Admission, how: str) -> Command:
        """An admission that moved nobody."""
        body: Object = {
            "door": self.wired.id,
            "access_point": admission.access_point,
            "decision": admission.decision,
            "how": how,
        }
        return self._chain.record(FactKind.ADMISSION_ENDED, moment, body, ended=admission.decision)

    def _passage(self, moment: Moment, passed: Passed) -> Command:
        admission = passed.admission
        body: Object = {
            "door": self.wired.id,
            "access_point": admission.access_point,
            "from": admission.from_area,
            "to": admission.to_area,
            "inferred": passed.inferred,
            "decision": admission.decision,
        }
        holder = admission.holder
        moved = Passage(holder, admission.from_area, admission.to_area, passed.inferred) if holder else None
        personal = {"holder": holder.hex()} if holder else None
        return self._chain.record(FactKind.PASSAGE, moment, body, personal, moved=moved, ended=admission.decision)

    def _opened(self, moment: Moment, opened: Opened) -> list[Command]:
        if not opened.forced:
            return [self._fact(FactKind.DOOR_OPENED, moment)]
        forced = self._chain.record(FactKind.FORCED_OPEN, moment, {"door": self.wired.id}, uncertain=self._guarded())
        return [forced, *self.alarm(True)]

    def _fact(self, kind: FactKind, moment: Moment) -> Command:
        return self._chain.record(kind, moment, {"door": self.wired.id})

    def alarm(self, on: bool) -> list[Command]:
        """Sound the alarm at the door's access points; it ends when the door closes, or with its cause."""
        self._alarmed = on
        sign = Sign.ALARM_ON if on else Sign.ALARM_OFF
        return [Show(point, sign) for point in self.wired.points]

    def _quiet(self) -> list[Command]:
        """A closed door ends its alarm, unless fire, break-glass or a lost reader holds it."""
        held = self.active or self.lost_readers
        return self.alarm(False) if self._alarmed and not held else []
