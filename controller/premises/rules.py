"""The rules of areas, doors and access points as values: what does not make sense together cannot be made.

Written down they are canonical JSON in the words of `contract.policy`; a setting is one member of it, named by its path
(`passback.entry`). No rows and no verbs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from contract import shape
from contract.canonical import Object, Value
from contract.policy import DoorPolicy, ExitMode, Relock
from contract.room_rules import ALONE, LONGEST_S, RECORDED, Company, Passback, Tier, Unheard
from controller.refusal import Refused

THREE_DAYS = 3 * 24 * 3600
SEVEN_DAYS = 7 * 24 * 3600
LONGEST_FRESH_S = 366 * 24 * 3600
LAST_MINUTE = 24 * 60 - 1
LARGEST_ROW = 2**31 - 1


@dataclass(frozen=True, slots=True)
class AreaRules:
    """fresh_s, essential_s, passback, company, clockless, unheard: as `contract.policy.AreaPolicy` carries them;
    forgive_at: the minute of the site's day at which presence here is forgiven every day (None: it is not)."""

    fresh_s: int = THREE_DAYS
    essential_s: int = SEVEN_DAYS
    passback: Passback = RECORDED
    company: Company = ALONE
    clockless: Tier = Tier.NOBODY
    unheard: Unheard = Unheard.SOFTEN
    forgive_at: int | None = None

    def __post_init__(self) -> None:
        if self.essential_s < self.fresh_s:
            raise ValueError("essential staff may not lose entry before everybody else: essential_s < fresh_s")

    def as_object(self) -> Object:
        return {
            "fresh_s": self.fresh_s,
            "essential_s": self.essential_s,
            "passback": self.passback.as_object(),
            "company": self.company.as_object(),
            "clockless": self.clockless,
            "unheard": self.unheard,
            "forgive_at": self.forgive_at,
        }

    @classmethod
    def from_object(cls, data: Object) -> AreaRules:
        shape.exactly(data, ("fresh_s", "essential_s", "passback", "company", "clockless", "unheard", "forgive_at"))
        return cls(
            shape.integer(data, "fresh_s", 1, LONGEST_FRESH_S),
            shape.integer(data, "essential_s", 1, LONGEST_FRESH_S),
            Passback.from_object(shape.child(data, "passback")),
            Company.from_object(shape.child(data, "company")),
            shape.choice(data, "clockless", Tier),
            shape.choice(data, "unheard", Unheard),
            shape.optional_integer(data, "forgive_at", 0, LAST_MINUTE),
        )


@dataclass(frozen=True, slots=True)
class DoorRules:
    """As `contract.policy.DoorPolicy` says them; unlock: the id of a schedule. Whoever needs more time has it, and a
    warning comes after the opening."""

    release_ms: int = 5000
    held_open_s: int = 30
    extended_ms: int = 15_000
    extended_held_open_s: int = 60
    pre_alarm_s: int = 0
    shunt_ms: int = 500
    relock: Relock = Relock.CLOSED
    unlock: int | None = None
    unlock_first: bool = False
    may_hold: bool = False
    tailgate_s: int = 0

    def __post_init__(self) -> None:
        timed = self.release_ms <= self.extended_ms and self.held_open_s <= self.extended_held_open_s
        if not timed or self.pre_alarm_s >= self.held_open_s:
            raise ValueError("who needs more time has it, and a warning comes after the opening")

    def as_object(self) -> Object:
        return {
            "release_ms": self.release_ms,
            "held_open_s": self.held_open_s,
            "extended_ms": self.extended_ms,
            "extended_held_open_s": self.extended_held_open_s,
            "pre_alarm_s": self.pre_alarm_s,
            "shunt_ms": self.shunt_ms,
            "relock": self.relock,
            "unlock": self.unlock,
            "unlock_first": self.unlock_first,
            "may_hold": self.may_hold,
            "tailgate_s": self.tailgate_s,
        }

    @classmethod
    def from_object(cls, data: Object) -> DoorRules:
        """The bounds are the contract's own."""
        read = DoorPolicy.from_object({**data, "id": "", "mode": "normal", "unlock": None})
        return cls(
            read.release_ms,
            read.held_open_s,
            read.extended_ms,
            read.extended_held_open_s,
            read.pre_alarm_s,
            read.shunt_ms,
            read.relock,
            shape.optional_integer({"unlock": data["unlock"]}, "unlock", 1, LARGEST_ROW),
            read.unlock_first,
            read.may_hold,
            read.tailgate_s,
        )


@dataclass(frozen=True, slots=True)
class PointRules:
    """As `contract.policy.AccessPointPolicy` says them. Cards are waited for on the way in only, and only an exit has a
    mode."""

    exit_mode: ExitMode | None = None
    card_again_s: int = 0
    door_again_s: int = 0

    def __post_init__(self) -> None:
        if self.exit_mode is not None and (self.card_again_s or self.door_again_s):
            raise ValueError("no rule makes a card wait on the way out")

    def as_object(self) -> Object:
        return {"exit_mode": self.exit_mode, "card_again_s": self.card_again_s, "door_again_s": self.door_again_s}

    @classmethod
    def from_object(cls, data: Object) -> PointRules:
        shape.exactly(data, ("exit_mode", "card_again_s", "door_again_s"))
        return cls(
            None if data["exit_mode"] is None else shape.choice(data, "exit_mode", ExitMode),
            shape.integer(data, "card_again_s", 0, LONGEST_S),
            shape.integer(data, "door_again_s", 0, LONGEST_S),
        )


class Rules(Protocol):
    """Any of the three."""

    def as_object(self) -> Object: ...

    @classmethod
    def from_object(cls, data: Object) -> Rules: ...


R = TypeVar("R", AreaRules, DoorRules, PointRules)


def settings_of(rules: Rules) -> dict[str, Value]:
    """Each setting by its path: {"passback.entry": "soft", …}."""
    return _flat(rules.as_object(), "")


def with_settings(rules: R, changes: Mapping[str, Value]) -> R:
    """The same rules but for these settings; Refused setting-unknown, setting-wrong, rules-contradict."""
    current = settings_of(rules)
    for name in changes:
        if name not in current:
            raise Refused("setting-unknown", setting=name[:40])
    for name, value in changes.items():
        _one(type(rules), {**current, name: value}, name)
    try:
        return type(rules).from_object(_nested({**current, **changes}))
    except ValueError as flaw:
        raise Refused("rules-contradict", why=str(flaw)) from flaw


def _one(kind: type[R], settings: Mapping[str, Value], name: str) -> None:
    """A value out of its own bounds is told by the setting's name; how it goes with others is told later."""
    try:
        kind.from_object(_nested(settings))
    except shape.BadShape as flaw:
        raise Refused("setting-wrong", setting=name, why=str(flaw)) from flaw
    except ValueError:
        return


def _flat(data: Object, before: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in data.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return found


def _nested(settings: Mapping[str, Value]) -> Object:
    found: Object = {}
    for path, value in settings.items():
        outer, dot, inner = path.partition(".")
        if not dot:
            found[path] = value
            continue
        part = found.setdefault(outer, {})
        if isinstance(part, dict):
            part[inner] = value
    return found
