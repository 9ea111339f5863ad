"""The thinking core of an agent: events in, commands out. No clock, file, socket or thread; `moment` is an argument.

An entry's release waits for `Committed`, at most 150 ms; an exit's release is the first command of its decision. Fire
and break-glass are not decided here at all: their inputs release the lock themselves, and the core records it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contract import formats
from contract.authorisation import AuthorisationList, Record
from contract.canonical import Object, Value
from contract.credential import Identity, Source, lookup_key
from contract.decision import Decision, Effect, Outcome, decide, decide_unlisted, input_object
from contract.fact import FactKind
from contract.policy import AccessPointPolicy, Direction, ExitMode
from contract.reason import Reason
from contract.situation import Attempt, Moment, Proof, Situation
from door_agent.chain import Chain
from door_agent.correspondence import Correspondence
from door_agent.door import LIFE_SAFETY, Door
from door_agent.events import (
    Answer,
    Arrived,
    Card,
    Command,
    Committed,
    Event,
    Level,
    LinkState,
    Moved,
    ReaderState,
    ResetAsked,
    Resumed,
    Show,
    Sign,
    Tick,
)
from door_agent.events import Record as JournalRecord
from door_agent.keys import Keys
from door_agent.lists import Lists, ListStore
from door_agent.portal import Admission
from door_agent.wiring import WiredDoor

JOURNAL_WITHIN_S = 0.150
COMPANY_WITHIN_S = 10.0
PEERS_WITHIN_S = 60
DEFAULT_RELEASE_S, DEFAULT_HELD_OPEN_S = 5.0, 30.0


@dataclass(frozen=True, slots=True)
class _Pending:
    """A granted entry that waits for its fact to be durable."""

    sequence: int
    until: float
    door: str
    point: str
    company: tuple[Admission, ...]
    body: Object
    seconds: float


@dataclass(frozen=True, slots=True)
class _Companion:
    """Somebody who waits at an access point for company."""

    holder: bytes
    until: float
    admission: Admission


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
        self.presence = dict(resumed.presence)
        self.lists = Lists(resumed.address, keys, store, random)
        self._keys, self._resumed = keys, resumed
        self._chain = Chain(resumed.address, resumed.sequence, resumed.head, keys.intake, random)
        self._doors = {
            wired.id: Door(wired, self._chain, DEFAULT_HELD_OPEN_S, lambda door=wired.id: self._guarded(door))  # type: ignore[misc]
            for wired in doors
        }
        self._door_of = {point: door for door in self._doors.values() for point in door.wired.points}
        self._letters = Correspondence(
            resumed.address, keys, self._chain, self.lists, status_every_s, self._apply_policy, self._not_permitted
        )
        self._uncertain = set(resumed.uncertain)
        self._pending: list[_Pending] = []
        self._company: dict[str, list[_Companion]] = {}

    @property
    def deadline(self) -> float | None:
        """When a Tick must be fed at the latest."""
        doors = (door.deadline for door in self._doors.values())
        waiting = (each.until for each in self._pending)
        company = (each.until for companions in self._company.values() for each in companions)
        moments = [each for each in (*doors, *waiting, *company, self._letters.status_due) if each is not None]
        return min(moments, default=None)

    @property
    def at_rest(self) -> bool:
        """Nobody is on the way through a door, and none is released or open: stopping now leaves nothing unknown."""
        portals = [door.portal for door in self._doors.values()]
        busy = any(each.waiting or each.latched or each.open or each.released_until is not None for each in portals)
        return not busy and not self._pending

    def start(self, moment: Moment) -> list[Command]:
        """The first facts of this boot: that it started, and what the last one left open."""
        wrong = self.lists.restore(moment, self._resumed.proven_at)
        self._apply_policy()
        torn = not self._resumed.first and not self._resumed.clean
        areas = tuple(sorted(self._areas())) if torn else ()
        self._uncertain.update(areas)
        body: Object = {
            "reason": "first" if self._resumed.first else "restart",
            "presence": "uncertain" if self._uncertain else "whole",
        }
        commands: list[Command] = [self._chain.record(FactKind.STARTED, moment, body, uncertain=areas)]
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
                commands = self._card(event, moment)
            case Level():
                commands = self._level(event, moment)
            case Committed():
                commands = self._committed(event, moment)
            case Arrived():
                commands = self._letters.arrived(event, moment)
            case ReaderState():
                commands = self._reader(event, moment)
            case LinkState():
                self._letters.link(event.up, moment)
                commands = []
            case ResetAsked():
                commands = self._reset(event, moment)
            case Tick():
                commands = []
        commands += self._due(moment)
        self._remember(commands)
        return commands

    def _card(self, card: Card, moment: Moment) -> list[Command]:
        door, point = self._door_of.get(card.access_point), self._point(card.access_point)
        if door is None:
            return []
        carried = self.lists.carried
        identity = self._identity(card, point)
        record = None
        if carried is not None and point is not None and identity is not None:
            record = carried.find(point.guarded, lookup_key(self._keys.lookup, identity))
        attempt = Attempt(card.access_point, identity is not None, record)
        situation = self._situation(door, point, record, moment)
        decision = self._decision(carried, attempt, situation, moment, door)
        return self._decided(door, point, attempt, situation, decision, identity, moment)

    def _identity(self, card: Card, point: AccessPointPolicy | None) -> Identity | None:
        try:
            source = Source(card.source)
        except ValueError:
            return None
        return formats.read(source, card.bits, point.formats if point else formats.FORMATS)

    def _decision(
        self, carried: AuthorisationList | None, attempt: Attempt, situation: Situation, moment: Moment, door: Door
    ) -> Decision:
        if carried is None or attempt.access_point not in carried.policy.access_points:
            return decide_unlisted(door.wired.points[attempt.access_point] is Direction.EXIT)
        return decide(carried.policy, attempt, situation, moment)

    def _decided(
        self,
        door: Door,
        point: AccessPointPolicy | None,
        attempt: Attempt,
        situation: Situation,
        decision: Decision,
        identity: Identity | None,
        moment: Moment,
    ) -> list[Command]:
        body = self._body(door, point, attempt, decision)
        personal: dict[str, Value] = {"input": input_object(attempt, situation, moment)}
        if attempt.record is not None:
            personal["holder"] = attempt.record.holder.hex()
        elif identity is not None:
            personal["identity"] = identity.text()
        admission = self._admission(point, attempt) if decision.outcome is not Outcome.REFUSE else None
        granted = decision.outcome is Outcome.GRANT
        fact = self._chain.record(FactKind.DECISION, moment, body, personal, opened=admission if granted else None)
        commands: list[Command] = [fact]
        alarm = door.alarm(True) if Effect.ALARM in decision.effects else []
        if decision.outcome is Outcome.REFUSE:
            return [*commands, Show(attempt.access_point, Sign.REFUSED), *alarm]
        if decision.outcome is Outcome.AWAIT and admission is not None:
            self._wait_for_company(admission, moment)
            return [*commands, Show(attempt.access_point, Sign.WAITING)]
        company = self._company_of(attempt.access_point, admission)
        seconds = self._release_s(door)
        if door.wired.points[attempt.access_point] is Direction.ENTRY:
            until = moment.mono + JOURNAL_WITHIN_S
            pending = _Pending(fact.sequence, until, door.wired.id, attempt.access_point, company, body, seconds)
            self._pending.append(pending)
            return [*commands, *alarm]
        released = door.release(moment, seconds, "decision", company, fact.sequence)
        # The lock moves before anything is written.
        return [released[0], Show(attempt.access_point, Sign.GRANTED), *commands, *released[1:], *alarm]

    def _committed(self, event: Committed, moment: Moment) -> list[Command]:
        ready = [each for each in self._pending if each.sequence <= event.through and moment.mono <= each.until]
        self._pending = [each for each in self._pending if each not in ready]
        commands: list[Command] = []
        for each in ready:
            door = self._doors[each.door]
            commands += door.release(moment, each.seconds, "decision", each.company, each.sequence)
            commands.append(Show(each.point, Sign.GRANTED))
        return commands

    def _due(self, moment: Moment) -> list[Command]:
        """What time alone brings."""
        commands: list[Command] = []
        late = [each for each in self._pending if moment.mono > each.until]
        self._pending = [each for each in self._pending if each not in late]
        for each in late:
            commands += self._journal_too_late(each, moment)
        for door in self._doors.values():
            if door.deadline is not None and moment.mono >= door.deadline:
                commands += door.tick(moment)
        for point in list(self._company):
            commands += self._company_gone(point, moment)
        if self._letters.status_due is not None and moment.mono >= self._letters.status_due:
            commands += self._letters.ask(moment)
        return commands

    def _journal_too_late(self, pending: _Pending, moment: Moment) -> list[Command]:
        """A refusal of its own; the commit that may still come releases nothing."""
        violations: list[Value] = [Reason.JOURNAL_UNAVAILABLE]
        body: Object = {
            **pending.body,
            "outcome": Outcome.REFUSE,
            "reason": Reason.JOURNAL_UNAVAILABLE,
            "violations": violations,
        }
        holder = pending.company[0].holder if pending.company else None
        personal: dict[str, Value] | None = {"holder": holder.hex()} if holder else None
        refused = self._chain.record(FactKind.DECISION, moment, body, personal, ended=pending.sequence)
        return [refused, Show(pending.point, Sign.REFUSED), *self._doors[pending.door].alarm(True)]

    def _level(self, level: Level, moment: Moment) -> list[Command]:
        door = self._doors.get(level.door)
        if door is None:
            return []
        if level.part == "contact":
            return door.contact(moment, level.active)
        if level.part in LIFE_SAFETY:
            return door.life_safety(moment, level.part, level.active)
        if level.part == "tamper":
            return door.tamper(moment, level.active)
        return self._rex(door, moment) if level.part == "rex" and level.active else []

    def _rex(self, door: Door, moment: Moment) -> list[Command]:
        """Request to exit opens where a card is not needed, or where the reader that would take it is gone."""
        opens = not self._controlled(door) or bool(door.lost_readers)
        released = door.release(moment, self._release_s(door), "rex", (), None) if opens else []
        fact = self._chain.record(FactKind.REX, moment, {"door": door.wired.id, "opened": opens})
        return [*released, fact, *(door.alarm(True) if door.lost_readers else [])]

    def _reader(self, event: ReaderState, moment: Moment) -> list[Command]:
        door = self._door_of.get(event.access_point)
        if door is None:
            return []
        body: Object = {"access_point": event.access_point, "detail": event.detail[:80]}
        kind = {"lost": FactKind.READER_LOST, "back": FactKind.READER_BACK}.get(event.state, FactKind.READ_FLAW)
        commands: list[Command] = [self._chain.record(kind, moment, body)]
        if kind is FactKind.READ_FLAW:
            return [*commands, Show(event.access_point, Sign.REFUSED)]
        held = self._controlled(door) and not door.wired.rex
        is_exit = door.wired.points[event.access_point] is Direction.EXIT
        if kind is FactKind.READER_LOST and is_exit and event.access_point not in door.lost_readers:
            door.lost_readers.add(event.access_point)
            return [*(door.hold_for_reader(moment) if held else []), *commands]
        if kind is FactKind.READER_BACK and event.access_point in door.lost_readers:
            door.lost_readers.discard(event.access_point)
            return [*commands, *(door.end_hold_for_reader(moment) if held else [])]
        return commands

    def _reset(self, event: ResetAsked, moment: Moment) -> list[Command]:
        door = self._doors.get(event.door)
        if door is None:
            return [Answer(event.door, done=False, reason="no such door")]
        commands = door.reset(moment)
        if commands is None:
            return [Answer(event.door, done=False, reason="an input is still active")]
        return [*commands, Answer(event.door, done=True, reason="")]

    def _body(self, door: Door, point: AccessPointPolicy | None, attempt: Attempt, decision: Decision) -> Object:
        carried = self.lists.carried
        known: Value = None
        if carried is not None:
            version = carried.version
            known = {"epoch": version.epoch, "version": version.number, "hash": carried.hash.hex()}
        return {
            **decision.as_object(),
            "access_point": attempt.access_point,
            "door": door.wired.id,
            "direction": door.wired.points[attempt.access_point],
            "area": point.guarded if point else None,
            "list": known,
            "policy": carried.policy_hash.hex() if carried else None,
        }

    def _situation(
        self, door: Door, point: AccessPointPolicy | None, record: Record | None, moment: Moment
    ) -> Situation:
        where = self.presence.get(record.holder) if record else None
        proven = self.lists.proven_s(moment)
        companions = self._company.get(point.id, []) if point else []
        proof = Proof(
            presence_whole=not self._uncertain,
            # Until peers announce themselves, only a list proven this recently shows that no door knows a newer one.
            peers_current=proven is not None and proven <= PEERS_WITHIN_S,
            area_certain=point is not None and point.guarded not in self._uncertain,
        )
        company = tuple(each.holder for each in companions if each.until > moment.mono)
        return Situation(where[0] if where else None, proven, proof, door.wired.permits_control, company)

    def _admission(self, point: AccessPointPolicy | None, attempt: Attempt) -> Admission:
        holder = attempt.record.holder if attempt.record else None
        source, target = (point.from_area, point.to_area) if point else ("", "")
        return Admission(self._chain.sequence + 1, attempt.access_point, holder, source, target)

    def _wait_for_company(self, admission: Admission, moment: Moment) -> None:
        if admission.holder is None:
            return
        companion = _Companion(admission.holder, moment.mono + COMPANY_WITHIN_S, admission)
        others = [each for each in self._company.get(admission.access_point, []) if each.holder != admission.holder]
        self._company[admission.access_point] = [*others, companion]

    def _company_of(self, point: str, admission: Admission | None) -> tuple[Admission, ...]:
        waiting = [each.admission for each in self._company.pop(point, [])]
        return tuple(each for each in (*waiting, admission) if each is not None)

    def _company_gone(self, point: str, moment: Moment) -> list[Command]:
        left = [each for each in self._company[point] if each.until > moment.mono]
        if left:
            self._company[point] = left
            return []
        del self._company[point]
        return [Show(point, Sign.REFUSED)]

    def _point(self, point: str) -> AccessPointPolicy | None:
        carried = self.lists.carried
        return carried.policy.access_points.get(point) if carried else None

    def _controlled(self, door: Door) -> bool:
        """Whether a card is needed to leave by `door`: the list says so, and the wiring permits it."""
        points = (self._point(point) for point in door.wired.points)
        return door.wired.permits_control and any(p is not None and p.exit_mode is ExitMode.CONTROLLED for p in points)

    def _not_permitted(self) -> tuple[str, ...]:
        """Exits that the list wants controlled and the wiring does not permit."""
        wanted = (self._point(point) for door in self._doors.values() for point in door.wired.points)
        return tuple(
            point.id
            for point in wanted
            if point is not None
            and point.exit_mode is ExitMode.CONTROLLED
            and not self._door_of[point.id].wired.permits_control
        )

    def _areas(self) -> set[str]:
        return {area for door in self._doors for area in self._guarded(door)}

    def _guarded(self, door: str) -> tuple[str, ...]:
        points = (self._point(point) for point in self._doors[door].wired.points)
        return tuple(sorted({point.guarded for point in points if point is not None}))

    def _release_s(self, door: Door) -> float:
        carried = self.lists.carried
        policy = carried.policy.doors.get(door.wired.id) if carried else None
        return policy.release_ms / 1000 if policy else DEFAULT_RELEASE_S

    def _apply_policy(self) -> None:
        carried = self.lists.carried
        for door in self._doors.values():
            policy = carried.policy.doors.get(door.wired.id) if carried else None
            door.hold_open_after(policy.held_open_s if policy else DEFAULT_HELD_OPEN_S)

    def _remember(self, commands: Sequence[Command]) -> None:
        for each in commands:
            if isinstance(each, JournalRecord):
                self._uncertain.update(each.uncertain)
                if isinstance(each.moved, Moved):
                    self.presence[each.moved.holder] = (each.moved.area, each.moved.certain)
