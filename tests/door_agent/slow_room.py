"""What an agent must do at the doors of one room, told a second time and slowly: from DESIGN 3 and 4 and the operator's
guide, for whole rooms over time.

The law: it imports nothing of ours, keeps everything in the plainest form, and is told only what happened in the world
(a card, a door, the time, a list, a commit), never what the agent made of it.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from math import floor
from typing import NamedTuple

JOURNAL_S, RELEASE_S, COMPANY_S, FRESH_S, ESSENTIAL_S, BOUNCE_S = 0.150, 5.0, 10.0, 3600, 7200, 0.5


class Card(NamedTuple):
    """What a list says of one card. Dates are UTC seconds; None: no date."""

    holder: bytes
    exit_only: bool = False
    lost: bool = False
    essential: bool = False
    since: int | None = None
    until: int | None = None


class Rules(NamedTuple):
    """What a list says of the room. deaf: it names a neighbour, and that one is never heard; unheard: what rules about
    presence are worth then; posture, forgiven: the number of the site's posture, and of the one that last forgave."""

    cards: dict[str, Card]
    controlled: bool
    passback: bool
    company: int
    lockdown: bool
    deaf: bool
    unheard: str
    posture: int
    forgiven: int


class Stay(NamedTuple):
    """Where a holder last passed to, whether that was surely they, and under which posture it was learned."""

    inside: bool
    certain: bool
    posture: int


class Going(NamedTuple):
    """Somebody who may go through; nobody knows who it is when the card was not on the list."""

    holder: bytes | None
    inward: bool


class Pending(NamedTuple):
    """An entry that waits for its fact to be durable."""

    number: int
    door: str
    company: tuple[Going, ...]
    until: float


class Companion(NamedTuple):
    point: str
    card: str
    until: float
    record: Card


@dataclass
class Lasting:
    """What an agent remembers over a power cut, as far as it was durable."""

    stays: dict[bytes, Stay] = field(default_factory=dict)
    doubted: int | None = None
    latched: dict[str, set[str]] = field(default_factory=dict)
    proven: int | None = None


@dataclass
class SlowDoor:
    """One doorway. contact, rex: fitted or not; controllable: the wiring permits a controlled exit."""

    contact: bool
    rex: bool
    controllable: bool
    open: bool = False
    closed_at: float | None = None
    until: float | None = None
    waiting: list[tuple[Going, ...]] = field(default_factory=list)
    burning: set[str] = field(default_factory=set)
    reader_lost: bool = False
    held: bool = False


class SlowRoom:
    """`at_zero`: the UTC second of moment 0. `released`: the doors that were released since somebody last looked."""

    def __init__(self, doors: dict[str, SlowDoor], at_zero: int) -> None:
        self.doors, self._at_zero = doors, at_zero
        self.rules: Rules | None = None
        self.lasting = Lasting(latched={name: set() for name in doors})
        self.proven: float | None = None
        self.trusted, self.list_damaged = True, False
        self.pending: list[Pending] = []
        self.companions: dict[bytes, Companion] = {}
        self.released: list[str] = []

    # What is so.

    def unlocked(self, name: str) -> bool:
        door = self.doors[name]
        return door.until is not None or door.held or bool(self.lasting.latched[name])

    def certain(self) -> bool:
        forgiven = self.rules.forgiven if self.rules else 0
        return self.lasting.doubted is None or self.lasting.doubted < forgiven

    def age(self, now: float) -> int | None:
        return None if self.proven is None else floor(now - self.proven)

    def fresh(self, now: float) -> bool:
        age = self.age(now)
        return age is not None and age <= FRESH_S

    def in_force(self, card: Card, now: float) -> bool:
        """A permission and a card that nothing ended, by a clock that can be believed where one is needed."""
        dated = card.since is not None or card.until is not None
        second = self._at_zero + floor(now)
        dates = (card.since is None or card.since <= second) and (card.until is None or second < card.until)
        return not card.exit_only and not card.lost and (not dated or (self.trusted and dates))

    def needs_card(self, name: str) -> bool:
        return self.rules is not None and self.rules.controlled and self.doors[name].controllable

    def may_hold_in(self, name: str, card: str | None, now: float) -> bool:
        """DESIGN 4: a clean card (None: damaged) that is not on the list, while nobody can be missing."""
        rules = self.rules
        if rules is None or card is None or card in rules.cards or not self.needs_card(name):
            return False
        return self.fresh(now) and self.certain() and not rules.deaf

    def keeps_out(self, card: str | None, now: float) -> bool:
        """Whether something speaks against this card coming in."""
        rules = self.rules
        if rules is None or card is None or card not in rules.cards:
            return True
        found, age = rules.cards[card], self.age(now)
        if rules.lockdown or not self.in_force(found, now):
            return True
        if not self.fresh(now) and (not found.essential or (age is not None and age > ESSENTIAL_S)):
            return True
        if not rules.passback:
            return False
        if rules.deaf and rules.unheard == "refuse":
            return True
        enforced = self.certain() and not (rules.deaf and rules.unheard == "soften")
        stay = self.lasting.stays.get(found.holder)
        return enforced and stay is not None and stay.inside and stay.posture >= rules.forgiven

    # What happens.

    def comes(self, door: str, card: str | None, number: int, now: float) -> str:
        """A card at the reader outside; `number` is its decision's. What becomes of it: refuse, await or grant."""
        found = self._stands_here(card)
        if self.rules is None or found is None or card is None or self.keeps_out(card, now):
            return "refuse"
        point = f"{door}-in"
        others = [holder for holder, each in self.companions.items() if each.point == point and each.until > now]
        if len(others) + 1 < self.rules.company:
            self.companions[found.holder] = Companion(point, card, now + COMPANY_S, found)
            return "await"
        for each in others:
            del self.companions[each]
        company = tuple(Going(holder, inward=True) for holder in [*others, found.holder])
        self.pending.append(Pending(number, door, company, now + JOURNAL_S))
        return "grant"

    def goes(self, door: str, card: str | None, now: float) -> str:
        """A card at the reader inside."""
        found = self._stands_here(card)
        if self.may_hold_in(door, card, now):
            return "refuse"
        self._release(door, now, (Going(found.holder if found else None, inward=False),))
        return "grant"

    def _stands_here(self, card: str | None) -> Card | None:
        """Whoever presents a card stands at this reader, and waits at no other."""
        found = self.rules.cards.get(card) if self.rules and card else None
        if found is not None:
            self.companions.pop(found.holder, None)
        return found

    def committed(self, through: int, now: float) -> None:
        ready = [each for each in self.pending if each.number <= through and now <= each.until]
        self.pending = [each for each in self.pending if each not in ready]
        for each in ready:
            self._release(each.door, now, each.company)

    def time_is(self, now: float) -> None:
        self.pending = [each for each in self.pending if now <= each.until]
        for door in self.doors.values():
            if door.until is not None and now >= door.until:
                door.until, door.waiting = None, []

    def requests(self, door: str, now: float) -> None:
        """The button inside."""
        if not self.needs_card(door) or self.doors[door].reader_lost:
            self._release(door, now, ())
            self._doubt()

    def opens(self, name: str, now: float) -> None:
        door = self.doors[name]
        if door.open:
            return
        bounces = self.rules is not None and door.closed_at is not None and now - door.closed_at <= BOUNCE_S
        if not bounces and not self.unlocked(name):
            self._doubt()
        door.open = True
        if door.waiting:
            first, *rest = door.waiting
            door.waiting = rest
            for each in first:
                self._passes(each, certain=all(set(other) == set(first) for other in rest))

    def closes(self, name: str, now: float) -> None:
        door = self.doors[name]
        if door.open:
            door.closed_at = now
        if door.open and not door.waiting and not door.held and not self.lasting.latched[name]:
            door.until = None
        door.open = False

    def burns(self, name: str, part: str) -> None:
        """Fire or break-glass."""
        self.doors[name].burning.add(part)
        self.lasting.latched[name].add(part)
        self._doubt()

    def stops_burning(self, name: str, part: str) -> None:
        self.doors[name].burning.discard(part)

    def is_reset(self, name: str) -> bool:
        """An operator asks for it; it is refused while anything still holds the door."""
        door = self.doors[name]
        if door.burning or door.reader_lost:
            return False
        self.lasting.latched[name].clear()
        return True

    def reader(self, name: str, *, lost: bool) -> None:
        """The exit's reader is lost, or back."""
        self.doors[name].reader_lost = lost
        self._settle(name)

    def adopts(self, rules: Rules) -> None:
        changed = {
            card for card, was in (self.rules.cards if self.rules else {}).items() if rules.cards.get(card) != was
        }
        self.companions = {who: each for who, each in self.companions.items() if each.card not in changed}
        self.rules, self.proven = rules, None
        if self.list_damaged:
            self._doubt()
        self.list_damaged = False
        for name in self.doors:
            self._settle(name)

    def proves(self, now: float) -> None:
        """The controller has no newer list; only a clock that can be believed keeps that over a restart."""
        self.proven = now
        if self.trusted:
            self.lasting.proven = self._at_zero + floor(now)

    def loses_its_list(self) -> None:
        """What is on the disk is no list any more. What happens until another one comes is known of no room."""
        self.list_damaged = self.list_damaged or self.rules is not None
        self.rules = None

    def restarts(self, kept: Lasting, *, clean: bool) -> None:
        """Only what was durable is left; after an unclean stop somebody may have passed unseen."""
        self.lasting = deepcopy(kept)
        self.pending, self.companions = [], {}
        self.doors = {name: SlowDoor(door.contact, door.rex, door.controllable) for name, door in self.doors.items()}
        known = kept.proven is not None and self.trusted and self.rules is not None
        self.proven = float((kept.proven or 0) - self._at_zero) if known else None
        if not clean:
            self._doubt()

    # How.

    def _release(self, name: str, now: float, company: tuple[Going, ...]) -> None:
        door = self.doors[name]
        self.released.append(name)
        door.until = max(now + RELEASE_S, door.until or 0.0)
        if not company:
            return
        if door.contact and not door.open:
            door.waiting.append(company)
            return
        for each in company:
            self._passes(each, certain=False)

    def _passes(self, going: Going, *, certain: bool) -> None:
        if going.holder is not None and self.rules is not None:
            self.lasting.stays[going.holder] = Stay(going.inward, certain, self.rules.posture)

    def _doubt(self) -> None:
        """Somebody may have come or gone unseen; before there ever was a list there is no presence to be sure of."""
        if self.rules is not None:
            self.lasting.doubted = self.rules.posture

    def _settle(self, name: str) -> None:
        """Without a reader that takes a card, and without a button, a door whose card is needed stays released."""
        door = self.doors[name]
        trapped = door.reader_lost and not door.rex and (self.rules is None or self.needs_card(name))
        if trapped and not door.held:
            self._doubt()
        door.held = trapped
