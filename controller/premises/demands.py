"""What a room demands of whoever comes in, and whether one set of demands lets more happen than another.

Pure. Only what bears on coming in counts: how long a lock stays released, what is merely recorded about leaving, and
the ways out themselves do not (an exit is always eased by one person alone: nobody waits for a signature to get out).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from contract.room_rules import Enforcement, Tier, Unheard
from controller.premises.rules import AreaRules, DoorRules, PointRules
from controller.premises.written_hours import WrittenHours

_RANK: Final = {Enforcement.OFF: 0, Enforcement.SOFT: 1, Enforcement.HARD: 2}
_ENFORCED: Final = (Enforcement.SOFT, Enforcement.HARD)
_STRICT: Final = {Unheard.SOFTEN: 0, Unheard.ENFORCE: 1, Unheard.REFUSE: 2}
_ADMITS: Final = {Tier.NOBODY: 0, Tier.ESSENTIAL: 1, Tier.EVERYBODY: 2}
PRIVATE, NEW_ENTRY, FORMATS, TRAININGS = "private", "entry", "formats", "trainings"
"""What can be eased besides the settings of `rule_words`."""


@dataclass(frozen=True, slots=True)
class PinDemand:
    """How a PIN is asked for at an entry: after so many wrong tries refused for so long, and typed within that time."""

    within_s: int
    tries: int
    lockout_s: int


@dataclass(frozen=True, slots=True)
class EntryDemands:
    """One entry. card_alone: when the card is enough; pin: how it is asked for otherwise, None: never."""

    rules: PointRules
    formats: frozenset[str]
    card_alone: WrittenHours
    pin: PinDemand | None


@dataclass(frozen=True, slots=True)
class DoorDemands:
    """One door. unlocked: when it stands open to everybody."""

    rules: DoorRules
    unlocked: WrittenHours


@dataclass(frozen=True, slots=True)
class RoomDemands:
    """A private room; doors and entries by id, trainings by id."""

    private: bool
    rules: AreaRules
    trainings: frozenset[int]
    doors: Mapping[int, DoorDemands] = field(default_factory=dict)
    entries: Mapping[int, EntryDemands] = field(default_factory=dict)


def eased(before: RoomDemands, after: RoomDemands) -> Sequence[str]:
    """The names of what `after` demands less of, each once and in order; hours (`opened`) are not among them."""
    found = [*_marks(before, after), *_of_area(before.rules, after.rules)]
    for key, door in after.doors.items():
        if key in before.doors:
            found += _of_door(before.doors[key].rules, door.rules)
    for key, entry in after.entries.items():
        found += _of_entry(before.entries[key], entry) if key in before.entries else [NEW_ENTRY]
    return tuple(dict.fromkeys(found))


def opened(before: RoomDemands, after: RoomDemands) -> Iterator[tuple[str, WrittenHours, WrittenHours]]:
    """The hours of the room that may have grown: what they are called, before and after."""
    for key, door in after.doors.items():
        if key in before.doors:
            yield "unlock", before.doors[key].unlocked, door.unlocked
    for key, entry in after.entries.items():
        if key in before.entries:
            yield "pin.card_alone", before.entries[key].card_alone, entry.card_alone


def _marks(before: RoomDemands, after: RoomDemands) -> Iterator[str]:
    if before.private and not after.private:
        yield PRIVATE
    if before.trainings - after.trainings:
        yield TRAININGS


def _of_area(before: AreaRules, after: AreaRules) -> Iterator[str]:
    was, becomes = before.company, after.company
    if any(_stood(after, each) < _stood(before, each) for each in _ENFORCED):
        yield "passback.entry"
    if after.forgive_at is not None and after.forgive_at != before.forgive_at:
        yield "forgive_at"
    if becomes.size < was.size:
        yield "company.size"
    if becomes.within_s > was.within_s:
        yield "company.within_s"
    if any(_most(after, each) > _most(before, each) for each in _ENFORCED):
        yield "company.most"
    if any(_least(after, each) < _least(before, each) for each in _ENFORCED):
        yield "company.least"
    if _RANK[becomes.supervisor] < _RANK[was.supervisor]:
        yield "company.supervisor"
    if after.fresh_s > before.fresh_s:
        yield "fresh_s"
    if after.essential_s > before.essential_s:
        yield "essential_s"
    if _ADMITS[after.clockless] > _ADMITS[before.clockless]:
        yield "clockless"
    if _STRICT[after.unheard] < _STRICT[before.unheard]:
        yield "unheard"


def _stood(rules: AreaRules, by: Enforcement) -> float:
    """For how many seconds a presence stands in the way of coming in twice, at least so strictly."""
    passback = rules.passback
    return 0 if _RANK[passback.entry] < _RANK[by] else passback.forgiven_after_s or inf


def _most(rules: AreaRules, by: Enforcement) -> float:
    company = rules.company
    return company.most if company.most and _RANK[company.most_by] >= _RANK[by] else inf


def _least(rules: AreaRules, by: Enforcement) -> int:
    company = rules.company
    return max(company.least, 1) if _RANK[company.least_by] >= _RANK[by] else 1


def _of_door(before: DoorRules, after: DoorRules) -> Iterator[str]:
    if after.unlock is not None and before.unlock_first and not after.unlock_first:
        yield "unlock_first"
    if after.may_hold and not before.may_hold:
        yield "may_hold"


def _of_entry(before: EntryDemands, after: EntryDemands) -> Iterator[str]:
    if after.formats - before.formats:
        yield FORMATS
    if after.rules.card_again_s < before.rules.card_again_s:
        yield "card_again_s"
    # A card that waits for itself anyway does not come sooner by this.
    if _again(after.rules) < _again(before.rules):
        yield "door_again_s"
    if before.pin is None or after.pin is None:
        return
    if after.pin.within_s > before.pin.within_s:
        yield "pin.within_s"
    if after.pin.tries > before.pin.tries:
        yield "pin.tries"
    if after.pin.lockout_s < before.pin.lockout_s:
        yield "pin.lockout_s"


def _again(rules: PointRules) -> int:
    return max(rules.card_again_s, rules.door_again_s)
