"""One door of the agent: its portal, and the facts and commands that follow from what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from contract.canonical import Object
from contract.fact import FactKind
from contract.policy import Direction
from contract.presence import Passage, Whereabouts
from contract.situation import Moment
from door_agent.chain import Chain
from door_agent.entered import Entered
from door_agent.events import Command, Latch, Lock, LockWish, Show, Sign
from door_agent.portal import (
    Admission,
    Closed,
    Happening,
    HeldOpen,
    Lingered,
    NotUsed,
    Opened,
    Passed,
    Portal,
    Relock,
    SoonHeld,
    Times,
    Unlock,
)
from door_agent.wiring import WiredDoor

LIFE_SAFETY = {"fire": FactKind.FIRE, "break-glass": FactKind.BREAK_GLASS}
READER_LOST = "reader-lost"
HOURS = "schedule"
TWICE = "double-swipe"


class Door:
    """Turns happenings into facts and commands. `guarded` names the areas whose presence becomes uncertain when
    somebody may have come or gone unseen."""

    def __init__(self, wired: WiredDoor, chain: Chain, guarded: Callable[[], tuple[str, ...]]) -> None:
        self.wired = wired
        self._guarded = guarded
        self.portal = Portal(open=False if wired.contact else None)
        self.lost_readers: set[str] = set()
        self._held: set[str] = set()
        self._active: set[str] = set()
        self._latched: set[str] = set()
        self._tampered: set[str] = set()
        self._chain = chain
        self._alarmed = False

    def timed_by(self, times: Times) -> None:
        """The list says how the door is timed; it holds from the next opening."""
        self.portal = replace(self.portal, times=times)

    @property
    def deadline(self) -> float | None:
        return self.portal.deadline

    @property
    def leaving(self) -> bool:
        """Somebody who was granted the way out by a card has not opened the door yet."""
        return any(
            self.wired.points.get(each.access_point) is Direction.EXIT
            for waiting in self.portal.waiting
            for each in waiting.company
        )

    def release(
        self,
        moment: Moment,
        seconds: float,
        cause: str,
        company: Sequence[Admission],
        decision: int | None,
        *,
        extended: bool = False,
    ) -> list[Command]:
        """Release the lock for `seconds` (capped by the wiring) and record it."""
        capped = min(seconds, self.wired.max_release_s)
        self.portal, happened = self.portal.released(moment.mono, capped, company, extended=extended)
        body: Object = {"door": self.wired.id, "cause": cause, "decision": decision}
        # The lock first: on the way out nothing may wait for a record.
        return [
            *self._commands(moment, [each for each in happened if isinstance(each, Unlock)]),
            self._chain.record(FactKind.RELEASED, moment, body, uncertain=() if company else self._guarded()),
            *self._commands(moment, [each for each in happened if not isinstance(each, Unlock)]),
        ]

    def contact(self, moment: Moment, opened: bool) -> list[Command]:
        self.portal, happened = self.portal.opened(moment.mono) if opened else self.portal.closed(moment.mono)
        return self._commands(moment, happened)

    def by_handle(self, moment: Moment) -> list[Command]:
        """The door was opened by the handle inside, which needs no release."""
        self.portal, happened = self.portal.opened(moment.mono)
        expected = [replace(each, forced=False) if isinstance(each, Opened) else each for each in happened]
        return self._commands(moment, expected)

    def tick(self, moment: Moment) -> list[Command]:
        self.portal, happened = self.portal.tick(moment.mono)
        return self._commands(moment, happened)

    def resume(self, causes: Sequence[str]) -> list[Command]:
        """What held the door released before this start, and was not reset, still does."""
        self._latched.update(causes)
        self.portal = self.portal.latch()
        return [*(Lock(self.wired.id, LockWish.LATCH, cause) for cause in causes), *self.alarm(True)]

    def life_safety(self, moment: Moment, part: str, active: bool) -> list[Command]:
        """Fire or break-glass: the lock was released by the input itself; here it is latched again and recorded."""
        body: Object = {"door": self.wired.id, "active": active}
        if not active:
            if part not in self._active:
                return []
            self._active.discard(part)
            return [self._chain.record(LIFE_SAFETY[part], moment, body)]
        self._active.add(part)
        self._latched.add(part)
        self.portal = self.portal.latch()
        released: Object = {"door": self.wired.id, "cause": part, "decision": None}
        latch = Latch(self.wired.id, tuple(sorted(self._latched)))
        return [
            Lock(self.wired.id, LockWish.LATCH, part),
            self._chain.record(LIFE_SAFETY[part], moment, body, latch=latch),
            self._chain.record(FactKind.RELEASED, moment, released, uncertain=self._guarded()),
            *self.alarm(True),
        ]

    def tamper(self, moment: Moment, part: str, active: bool) -> list[Command]:
        """A housing at the door (`housing`, or a reader by its access point) was opened, or closed again."""
        if active == (part in self._tampered):
            return []
        (self._tampered.add if active else self._tampered.discard)(part)
        point = part if part in self.wired.points else None
        body: Object = {"door": self.wired.id, "access_point": point, "active": active}
        return [self._chain.record(FactKind.TAMPER, moment, body), *(self.alarm(True) if active else self._quiet())]

    def reset(self, moment: Moment) -> list[Command] | None:
        """Secure the door after fire or break-glass; None while an input is still active."""
        if self._active or self.lost_readers:
            return None
        self._latched.clear()
        body: Object = {"door": self.wired.id}
        happened = self._unlatched(moment)
        return [
            Lock(self.wired.id, LockWish.RESET),
            *(Lock(self.wired.id, LockWish.HOLD, cause) for cause in sorted(self._held)),  # the lock forgot them, too
            self._chain.record(FactKind.LIFE_SAFETY_RESET, moment, body, latch=Latch(self.wired.id, ())),
            *self._commands(moment, happened),
            *self._quiet(),
        ]

    def holds(self, cause: str) -> bool:
        """Whether the door is held released for this cause."""
        return cause in self._held

    def hold_for_reader(self, moment: Moment) -> list[Command]:
        """The controlled exit's reader is lost and no REX is fitted: released until it is back."""
        body: Object = {"door": self.wired.id, "cause": READER_LOST, "decision": None}
        return [
            self._hold(READER_LOST),
            self._chain.record(FactKind.RELEASED, moment, body, uncertain=self._guarded()),
            *self.alarm(True),
        ]

    def end_hold_for_reader(self, moment: Moment) -> list[Command]:
        """The reader is back, or a card is not needed any more; fire or break-glass may still hold the door."""
        return [*self._lift(READER_LOST, moment), *self._quiet()]

    def unlock(self, moment: Moment, cause: str, decision: int | None = None) -> list[Command]:
        """Unlocked until `lock`, by the list's hours or by a holder: who comes and goes meanwhile is not known."""
        body: Object = {"door": self.wired.id, "mode": "unlocked", "cause": cause, "decision": decision}
        return [self._hold(cause), self._chain.record(FactKind.DOOR_MODE, moment, body, uncertain=self._guarded())]

    def lock(self, moment: Moment, cause: str, decision: int | None = None) -> list[Command]:
        """That unlocking ends; another cause may still hold the door."""
        body: Object = {"door": self.wired.id, "mode": "normal", "cause": cause, "decision": decision}
        return [*self._lift(cause, moment), self._chain.record(FactKind.DOOR_MODE, moment, body)]

    def _hold(self, cause: str) -> Command:
        self._held.add(cause)
        self.portal = self.portal.latch()
        return Lock(self.wired.id, LockWish.HOLD, cause)

    def _lift(self, cause: str, moment: Moment) -> list[Command]:
        self._held.discard(cause)
        return [Lock(self.wired.id, LockWish.LIFT, cause), *self._commands(moment, self._unlatched(moment))]

    def _unlatched(self, moment: Moment) -> list[Happening]:
        """Secured again, unless something still holds the door released."""
        if self._latched or self._held:
            return []
        self.portal, happened = self.portal.unlatch(moment.mono)
        return happened

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
                case SoonHeld():
                    commands += [Show(point, Sign.WARNING) for point in self.wired.points]
                case HeldOpen() if self._held:
                    pass  # it is unlocked: it may stand open
                case Lingered():
                    commands.append(self._fact(FactKind.TAILGATE, moment))
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
        if holder is None:
            return self._chain.record(FactKind.PASSAGE, moment, body, ended=admission.decision)
        at = int(moment.wall.timestamp()) if moment.trusted else None
        certain, posture = not passed.inferred, self._chain.posture
        where = Whereabouts(admission.to_area, certain, admission.flags, admission.forgiven, posture, at)
        came_in = admission.key and self.wired.points[admission.access_point] is Direction.ENTRY
        return self._chain.record(
            FactKind.PASSAGE,
            moment,
            body,
            {"holder": holder.hex()},
            moved=Passage(holder, admission.from_area, where),
            ended=admission.decision,
            entered=Entered(admission.access_point, admission.key, at) if came_in else None,
        )

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
        """A closed door ends its alarm, unless fire, break-glass, a lost reader or an open housing holds it."""
        held = self._latched or self.lost_readers or self._tampered or self.portal.open
        return self.alarm(False) if self._alarmed and not held else []
