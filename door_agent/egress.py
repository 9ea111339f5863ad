"""The way out when no card is read: request-to-exit, and the exit whose reader is lost (DESIGN 4)."""

from __future__ import annotations

from contract.canonical import Object
from contract.fact import FactKind
from contract.policy import Direction
from contract.situation import Moment
from door_agent.chain import Chain
from door_agent.door import READER_LOST, Door
from door_agent.events import Command, ReaderState, Show, Sign
from door_agent.rulebook import Rulebook

_KINDS = {"lost": FactKind.READER_LOST, "back": FactKind.READER_BACK}


class Egress:
    """Answers a REX button and the comings and goings of readers; all of it is recorded."""

    def __init__(self, chain: Chain, rulebook: Rulebook) -> None:
        self._chain, self._rulebook = chain, rulebook

    def requested(self, door: Door, moment: Moment) -> list[Command]:
        """Request to exit opens where a card is not needed, or where the reader that would take it is gone."""
        name = door.wired.id
        opens = not self._rulebook.controlled(name) or bool(door.lost_readers)
        unbadged = opens and self._rulebook.recorded(name) and not door.leaving
        seconds = self._rulebook.release_s(name)
        released = door.release(moment, seconds, "rex", (), None) if opens else []
        fact = self._chain.record(FactKind.REX, moment, {"door": name, "opened": opens, "unbadged": unbadged})
        return [*released, fact, *(door.alarm(True) if door.lost_readers else [])]

    def contact(self, door: Door, opened: bool, moment: Moment) -> list[Command]:
        """The door was opened or closed. Where there is a handle inside, an opening that nothing released is taken for
        a person who leaves by it, if the exit mode lets them: nothing tells it from force used outside."""
        by_handle = opened and door.wired.inside_handle and not self._rulebook.controlled(door.wired.id)
        if not (by_handle and door.portal.secured):
            return door.contact(moment, opened)
        unbadged = self._rulebook.recorded(door.wired.id)
        body: Object = {"door": door.wired.id, "opened": True, "unbadged": unbadged}
        areas = self._rulebook.guarded(door.wired.id)
        return [self._chain.record(FactKind.REX, moment, body, uncertain=areas), *door.by_handle(moment)]

    def reader(self, door: Door, event: ReaderState, moment: Moment) -> list[Command]:
        """A reader was lost, came back, or sent what is no card."""
        point = event.access_point
        kind = _KINDS.get(event.state, FactKind.READ_FLAW)
        body: Object = {"access_point": point, "detail": event.detail[:80]}
        is_exit = door.wired.points[point] is Direction.EXIT
        if kind is FactKind.READER_LOST and is_exit:
            door.lost_readers.add(point)
            return [*self.settle(door, moment), self._chain.record(kind, moment, body)]  # the lock first
        recorded = self._chain.record(kind, moment, body)
        if kind is FactKind.READ_FLAW:
            return [recorded, Show(point, Sign.REFUSED)]
        if kind is FactKind.READER_BACK:
            door.lost_readers.discard(point)
        return [recorded, *self.settle(door, moment)]

    def settle(self, door: Door, moment: Moment) -> list[Command]:
        """Released while a card may be needed to leave, no reader can take it and no REX is fitted. Asked whenever a
        reader or the list changes: a list may demand the card after its reader was lost."""
        needed = self._rulebook.unlisted or self._rulebook.controlled(door.wired.id)
        trapped = needed and not door.wired.rex and bool(door.lost_readers)
        if trapped and not door.holds(READER_LOST):
            return door.hold_for_reader(moment)
        return door.end_hold_for_reader(moment) if door.holds(READER_LOST) and not trapped else []
