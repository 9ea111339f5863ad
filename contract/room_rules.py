"""The rules of a room as its list carries them: passback, company, PIN, posture, and what holds when little is known.

Values only; `contract.decision` judges by them. On the way out no rule refuses: what is `hard` on entry is recorded
and alarmed there (DESIGN 4, life safety).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract import shape
from contract.canonical import Object

LONGEST_S = 7 * 24 * 3600
HIGHEST_THREAT = 9
MOST_PEOPLE = 65_535
MOST_SCHEDULES = 2**16 - 1


class Enforcement(StrEnum):
    """off: not looked at; soft: recorded; hard: refuses an entry, alarms on an exit."""

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"


class Unheard(StrEnum):
    """What becomes of rules about presence while another agent of the room cannot be heard: enforce what is known,
    only record, or let nobody in."""

    ENFORCE = "enforce"
    SOFTEN = "soften"
    REFUSE = "refuse"


class Tier(StrEnum):
    """Who may still enter while something cannot be known."""

    EVERYBODY = "everybody"
    ESSENTIAL = "essential"
    NOBODY = "nobody"


class DuressAnswer(StrEnum):
    """What the door does for a PIN entered under duress; the alarm is raised, unseen, in either case."""

    OPEN = "open"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Passback:
    """entry: coming in while inside; exit: going out while not inside; forgiven_after_s: a presence this old is no
    reason to refuse any more (timed by area; 0: it never ages)."""

    entry: Enforcement = Enforcement.SOFT
    exit: Enforcement = Enforcement.SOFT
    forgiven_after_s: int = 0

    def as_object(self) -> Object:
        return {"entry": self.entry, "exit": self.exit, "forgiven_after_s": self.forgiven_after_s}

    @classmethod
    def from_object(cls, data: Object) -> Passback:
        shape.exactly(data, ("entry", "exit", "forgiven_after_s"))
        return cls(
            shape.choice(data, "entry", Enforcement),
            shape.choice(data, "exit", Enforcement),
            shape.integer(data, "forgiven_after_s", 0, LONGEST_S),
        )


@dataclass(frozen=True, slots=True)
class Company:
    """size: how many different holders must present together to enter, each within within_s seconds of the next;
    the same time is a visitor's to follow the host. most: the highest number inside (0: any); least: the lowest number
    of an occupied room (2: nobody is ever alone; 0 or 1: any). supervisor: one must be inside, or come along."""

    size: int = 1
    within_s: int = 10
    most: int = 0
    most_by: Enforcement = Enforcement.HARD
    least: int = 0
    least_by: Enforcement = Enforcement.HARD
    supervisor: Enforcement = Enforcement.OFF

    def as_object(self) -> Object:
        return {
            "size": self.size,
            "within_s": self.within_s,
            "most": self.most,
            "most_by": self.most_by,
            "least": self.least,
            "least_by": self.least_by,
            "supervisor": self.supervisor,
        }

    @classmethod
    def from_object(cls, data: Object) -> Company:
        shape.exactly(data, ("size", "within_s", "most", "most_by", "least", "least_by", "supervisor"))
        return cls(
            shape.integer(data, "size", 1, 8),
            shape.integer(data, "within_s", 1, 120),
            shape.integer(data, "most", 0, MOST_PEOPLE),
            shape.choice(data, "most_by", Enforcement),
            shape.integer(data, "least", 0, 8),
            shape.choice(data, "least_by", Enforcement),
            shape.choice(data, "supervisor", Enforcement),
        )


@dataclass(frozen=True, slots=True)
class Posture:
    """The standing state of a room. lockdown, evacuation: nobody enters but who may override; threat: the clearance
    that entering takes; forgiven: the number of the site's posture (`Policy.posture`) that last forgave presence here
    (0: none did); what was learned under an earlier posture is no reason to refuse any more."""

    lockdown: bool = False
    evacuation: bool = False
    threat: int = 0
    forgiven: int = 0

    def as_object(self) -> Object:
        return {
            "lockdown": self.lockdown,
            "evacuation": self.evacuation,
            "threat": self.threat,
            "forgiven": self.forgiven,
        }

    @classmethod
    def from_object(cls, data: Object) -> Posture:
        shape.exactly(data, ("lockdown", "evacuation", "threat", "forgiven"))
        return cls(
            shape.flag(data, "lockdown"),
            shape.flag(data, "evacuation"),
            shape.integer(data, "threat", 0, HIGHEST_THREAT),
            shape.integer(data, "forgiven"),
        )


@dataclass(frozen=True, slots=True)
class PinRule:
    """A PIN is asked for after the card, but during the schedule `card_alone` (None: at all times). within_s: to enter
    it; after `tries` wrong ones in a row the holder's PIN is refused for lockout_s."""

    card_alone: int | None = None
    within_s: int = 15
    tries: int = 5
    lockout_s: int = 300
    duress: DuressAnswer = DuressAnswer.OPEN

    def as_object(self) -> Object:
        return {
            "card_alone": self.card_alone,
            "within_s": self.within_s,
            "tries": self.tries,
            "lockout_s": self.lockout_s,
            "duress": self.duress,
        }

    @classmethod
    def from_object(cls, data: Object) -> PinRule:
        shape.exactly(data, ("card_alone", "within_s", "tries", "lockout_s", "duress"))
        return cls(
            shape.optional_integer(data, "card_alone", 0, MOST_SCHEDULES),
            shape.integer(data, "within_s", 3, 120),
            shape.integer(data, "tries", 1, 20),
            shape.integer(data, "lockout_s", 1, 24 * 3600),
            shape.choice(data, "duress", DuressAnswer),
        )


RECORDED = Passback()
"""A room's passback when nobody chose: looked at and recorded, never refused."""
ALONE = Company()
"""Everybody comes and stays alone, and any number of them."""
CALM = Posture()
