"""The thinking core of an agent: events in, commands out. No clock, file, socket or thread; `moment` is an argument.

An entry's release waits for `Committed`, at most 150 ms; an exit's release is the first command of its decision. Fire
and break-glass are not decided here at all: their inputs release the lock themselves, and the core records it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from contract.canonical import Object, Value
from contract.fact import FactKind
from contract.outcome import Effect, Outcome
from contract.policy import Direction
from contract.reason import Reason
from contract.record import Flag
from contract.situation import Moment, PinVerdict
from door_agent.cabinet import Cabinet
from door_agent.chain import Chain
from door_agent.company import Company
from door_agent.correspondence import Correspondence
from door_agent.door import LIFE_SAFETY, Door
from door_agent.durable import JOURNAL_WITHIN_S, DurableEntries, Entry
from door_agent.egress import Egress
from door_agent.entered import Entries
from door_agent.events import (
    Answer,
    Arrived,
    Card,
    Command,
    Committed,
    Event,
    Level,
    LineFault,
    LinkState,
    PinVerified,
    ReaderState,
    ReaderTampered,
    Record,
    ResetAsked,
    Resumed,
    Show,
    Sign,
    Tick,
    Typed,
    VerifyPin,
)
from door_agent.judging import Judged, Judging
from door_agent.keys import Keys
from door_agent.lists import Lists, ListStore
from door_agent.modes import Modes
from door_agent.peers import Peers
from door_agent.pins import Entered, Pins
from door_agent.presence import Presence
from door_agent.rulebook import Rulebook
from door_agent.wiring import WiredDoor
from door_agent.witness import Witness


class Agent:
    """One agent. `feed` never blocks and never raises for anything that came from outside."""

    def __init__(
        self,
        doors: Sequence[WiredDoor],
        keys: Keys,
        store: ListStore | None,
        resumed: Resumed,
        random: Callable[[int], bytes],
        status_every_s: float = 20.0,
    ) -> None:
        self.address = resumed.address
        self.lists = Lists(resumed.address, keys, store, random)
        self._resumed = resumed
        self._chain = Chain(resumed.address, resumed.sequence, resumed.head, keys.intake, random)
        self._rulebook = Rulebook(self.lists, {wired.id: wired for wired in doors})
        self.presence = Presence(resumed.presence, resumed.uncertain, self._rulebook.forgiven_at)
        self._came_in = Entries(resumed.uses, resumed.entered)
        self._doors = {wired.id: Door(wired, self._chain, partial(self._rulebook.guarded, wired.id)) for wired in doors}
        self._door_of = {point: door for door in self._doors.values() for point in door.wired.points}
        self._company = Company()
        self._entries = DurableEntries()
        self._pins = Pins(self.lists, resumed.tried)
        self._modes = Modes(self._rulebook, self._doors)
        self._timed: tuple[DurableEntries | Pins | Company | Modes | Door, ...] = (
            self._entries,
            self._pins,
            self._company,
            self._modes,
            *self._doors.values(),
        )
        self._egress = Egress(self._chain, self._rulebook)
        self._cabinet = Cabinet(self._chain)
        self._letters = Correspondence(
            resumed.address,
            keys,
            self._chain,
            self.lists,
            status_every_s,
            self._adopted,
            self._rulebook.not_permitted,
        )
        self.peers = Peers(
            resumed.address,
            keys,
            self._chain,
            self.lists,
            self.presence,
            Witness(resumed.address.agent, resumed.presence, self.presence),
            random,
            self._letters.refuse_message,
            self._letters.ask_soon,
        )
        self._judging = Judging(
            keys,
            self.lists,
            self._chain,
            self._rulebook,
            self.presence,
            self._company,
            self._came_in,
            self._pins,
            self.peers,
        )

    @property
    def deadline(self) -> float | None:
        """When a Tick must be fed at the latest."""
        moments = [self._letters.status_due, self.peers.deadline, *[each.deadline for each in self._timed]]
        return min([each for each in moments if each is not None], default=None)

    @property
    def at_rest(self) -> bool:
        """Nobody is on the way through a door, and none is released or open: stopping now leaves nothing unknown."""
        portals = [door.portal for door in self._doors.values()]
        busy = any(each.waiting or each.latched or each.open or each.released_until is not None for each in portals)
        return not busy and not self._entries

    @property
    def latest(self) -> dict[str, int]:
        """The number of the latest fact of each kind since this start; may be read from another thread."""
        return dict(self._chain.latest)

    def prepare(self) -> bool:
        """Do one piece of what a later event would otherwise wait for; False when nothing is left to prepare."""
        return self._chain.prepare()

    def start(self, moment: Moment) -> list[Command]:
        """The first facts of this boot: that it started, and what the last one left open."""
        wrong = self.lists.restore(moment, self._resumed.proven_at)
        self._apply_policy()
        torn = not self._resumed.first and not self._resumed.clean
        areas = self._rulebook.areas() if torn else ()
        self.presence.doubt(areas, self._chain.posture)
        body: Object = {
            "reason": "first" if self._resumed.first else "restart",
            "presence": "whole" if self.presence.whole and not self.lists.lost else "uncertain",
            "readers": {point: word for door in self._doors.values() for point, word in door.wired.readers.items()},
        }
        latches = [each for each in self._resumed.latched if each.door in self._doors]
        commands = [command for each in latches for command in self._doors[each.door].resume(each.causes)]
        commands.append(self._chain.record(FactKind.STARTED, moment, body, uncertain=areas))
        commands += self.peers.begin(self._chain.sequence, moment)
        for admission in self._resumed.unfinished:
            door = self._door_of.get(admission.access_point) or next(iter(self._doors.values()))
            commands.append(door.ended(moment, admission, "OUTCOME_UNKNOWN"))
        if wrong is not None:
            commands += self._letters.refuse_list(moment, wrong)
        return commands

    def feed(self, event: Event, moment: Moment) -> list[Command]:
        """What follows from `event`."""
        match event:
            case Card():
                self._pins.another(event.access_point)
                commands = self._card(event, moment)
            case Typed():
                commands = self._asked(self._pins.typed(event, moment), moment)
            case PinVerified():
                commands = self._asked(self._pins.verified(event, moment), moment)
            case Level():
                commands = self._level(event, moment)
            case LineFault():
                commands = self._cabinet.line_fault(event, moment)
            case Committed():
                commands = self._committed(event, moment)
            case Arrived() if self.peers.concerns(event):
                commands = self.peers.arrived(event, moment)
            case Arrived():
                commands = self._letters.arrived(event, moment)
                commands += self.peers.follow(moment)
                commands += [each for door in self._doors.values() for each in self._egress.settle(door, moment)]
            case ReaderState():
                door = self._door_of.get(event.access_point)
                commands = self._egress.reader(door, event, moment) if door else []
            case ReaderTampered():
                door = self._door_of.get(event.access_point)
                commands = door.tamper(moment, event.access_point, event.active) if door else []
            case LinkState():
                self._letters.link(event.up, moment)
                self.peers.link(event.up, moment)
                commands = []
            case ResetAsked():
                commands = self._reset(event, moment)
            case Tick():
                commands = []
        commands += self._due(moment)
        return [self._folded(each, moment) if isinstance(each, Record) else each for each in commands]

    def _folded(self, record: Record, moment: Moment) -> Record:
        """The record with its place in all that is known; what it changes there is known from now on, and told."""
        record = self.peers.witnessed(record, moment)
        self.presence.fold(record)
        if record.entered is not None:
            self._came_in.came_in(record.entered, moment.mono)
            self._modes.passed(record)
        return record

    def _card(self, card: Card, moment: Moment, pin: PinVerdict = PinVerdict.UNASKED) -> list[Command]:
        door = self._door_of.get(card.access_point)
        if door is None:
            return []
        judged = self._judging.judge(door.wired, card, moment, interlocked=self._interlocked(door.wired), pin=pin)
        alarm = door.alarm(True) if Effect.ALARM in judged.decision.effects else []
        match judged.decision.outcome:
            case Outcome.REFUSE:
                return [judged.fact, Show(card.access_point, Sign.REFUSED), *alarm]
            case Outcome.AWAIT if judged.decision.reason is Reason.AWAITING_PIN:
                self._pins.ask(card, judged.admission.holder or b"", moment)
                return [judged.fact, Show(card.access_point, Sign.PIN)]
            case Outcome.AWAIT:
                within_s = self._rulebook.company_within_s(card.access_point)
                self._company.join(judged.admission, judged.record, moment.mono, within_s)
                return [judged.fact, Show(card.access_point, Sign.WAITING)]
            case Outcome.GRANT if door.wired.points[card.access_point] is Direction.ENTRY:
                return [*self._entering(door, judged, moment), *alarm]
            case Outcome.GRANT:
                return [*self._leaving(door, judged, moment), *alarm]

    def _asked(self, followed: VerifyPin | Entered | None, moment: Moment) -> list[Command]:
        """What follows from keys, or from their verification: once a PIN has its verdict, its card is judged again by
        everything that holds now. How it came out is shown before it is counted."""
        match followed:
            case VerifyPin():
                return [followed]
            case Entered():
                tried = [followed.tried] if followed.tried is not None else []
                return [*self._card(followed.card, moment, followed.verdict), *tried]
        return []

    def _interlocked(self, wired: WiredDoor) -> bool:
        """Another door of this one's interlock is released, open, or about to be released."""
        if not wired.interlock:
            return False
        others = [each for each in self._doors.values() if each.wired.interlock == wired.interlock]
        return any(
            each.wired is not wired and (not each.portal.secured or self._entries.pending(each.wired.id))
            for each in others
        )

    def _entering(self, door: Door, judged: Judged, moment: Moment) -> list[Command]:
        """Granted; the lock waits until the fact is durable."""
        admission, name = judged.admission, door.wired.id
        if admission.flags & Flag.HOST:
            self._came_in.host_let_in(admission.access_point, moment.mono)
        self._entries.wait(
            Entry(
                judged.fact.sequence,
                moment.mono + JOURNAL_WITHIN_S,
                name,
                admission.access_point,
                judged.company,
                judged.body,
                judged.extended,
                self._modes.twice(name, admission, moment.mono),
            )
        )
        return [judged.fact]

    def _leaving(self, door: Door, judged: Judged, moment: Moment) -> list[Command]:
        """Granted; the lock moves before anything is written."""
        seconds = self._rulebook.release_s(door.wired.id, extended=judged.extended)
        released, *more = door.release(
            moment, seconds, "decision", (judged.admission,), judged.fact.sequence, extended=judged.extended
        )
        return [released, Show(judged.admission.access_point, Sign.GRANTED), judged.fact, *more]

    def _committed(self, event: Committed, moment: Moment) -> list[Command]:
        self.peers.committed(event.through, moment)
        commands: list[Command] = []
        for each in self._entries.released(event.through, moment.mono):
            seconds, door = self._rulebook.release_s(each.door, extended=each.extended), self._doors[each.door]
            commands += door.release(moment, seconds, "decision", each.company, each.decision, extended=each.extended)
            commands += self._modes.toggle(each, moment) if each.toggles else []
            commands.append(Show(each.access_point, Sign.GRANTED))
        return commands

    def _due(self, moment: Moment) -> list[Command]:
        """What time alone brings; mostly nothing."""
        deadline = self.deadline
        if deadline is None or moment.mono < deadline:
            return []
        commands: list[Command] = []
        for late in self._entries.late(moment.mono):
            commands += self._journal_too_late(late, moment)
        for late_pin in self._pins.late(moment):
            commands += self._asked(late_pin, moment)
        for door in self._doors.values():
            if door.deadline is not None and moment.mono >= door.deadline:
                commands += door.tick(moment)
        commands += [Show(point, Sign.REFUSED) for point in self._company.gone(moment.mono)]
        if self._modes.deadline is not None and moment.mono >= self._modes.deadline:
            commands += self._modes.due(moment)
        if self._letters.status_due is not None and moment.mono >= self._letters.status_due:
            commands += self._letters.ask(moment)
        commands += self.peers.due(moment)
        return commands

    def _journal_too_late(self, entry: Entry, moment: Moment) -> list[Command]:
        """A refusal of its own; the commit that may still come releases nothing."""
        violations: list[Value] = [Reason.JOURNAL_UNAVAILABLE]
        body: Object = {
            **entry.body,
            "outcome": Outcome.REFUSE,
            "reason": Reason.JOURNAL_UNAVAILABLE,
            "violations": violations,
        }
        holder = entry.company[-1].holder
        personal: dict[str, Value] | None = {"holder": holder.hex()} if holder else None
        refused = self._chain.record(FactKind.DECISION, moment, body, personal, ended=entry.decision)
        door = self._doors[entry.door]
        others = [door.ended(moment, each, "NOT_USED") for each in entry.company[:-1]]
        return [refused, *others, Show(entry.access_point, Sign.REFUSED), *door.alarm(True)]

    def _level(self, level: Level, moment: Moment) -> list[Command]:
        if level.door is None:
            return self._cabinet.level(level, moment)
        door = self._doors.get(level.door)
        if door is None:
            return []
        if level.part == "contact":
            return self._egress.contact(door, level.active, moment)
        if level.part in LIFE_SAFETY:
            return door.life_safety(moment, level.part, level.active)
        if level.part == "tamper":
            return door.tamper(moment, "housing", level.active)
        return self._egress.requested(door, moment) if level.part == "rex" and level.active else []

    def _reset(self, event: ResetAsked, moment: Moment) -> list[Command]:
        door = self._doors.get(event.door)
        if door is None:
            return [Answer(event.door, done=False, reason="no such door")]
        commands = door.reset(moment)
        if commands is None:
            return [Answer(event.door, done=False, reason="an input is still active")]
        return [*commands, Answer(event.door, done=True, reason="")]

    def _adopted(self) -> tuple[str, ...]:
        """A new list is carried. If the one before was lost, somebody may have come or gone unseen in all its areas."""
        self._apply_policy()
        self._company.relisted(self._rulebook.record)
        unseen = self._rulebook.areas() if self.lists.lost else ()
        self.lists.lost = False
        return unseen

    def _apply_policy(self) -> None:
        for name, door in self._doors.items():
            door.timed_by(self._rulebook.times(name))
        self._chain.posture = self._rulebook.posture()
        self._modes.deadline = 0.0
