"""Ready-made rules of a room: what a privacy officer, or nobody in particular, would choose.

The reasons stand in docs/decisions/0052. A preset sets every rule of the area and those of its doors that have to do
with who is let through; how long a lock stays released belongs to the door and is left alone, and so are exits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contract.canonical import Value
from contract.reader_kinds import Words
from contract.room_rules import Company, Enforcement, Passback, Tier, Unheard
from controller.premises.dangers import Room
from controller.premises.rules import AreaRules

_HOUR = 3600


class Preset(StrEnum):
    PRIVATE_INFORMATION_ROOM = "private-information-room"
    ORDINARY_ROOM = "ordinary-room"


NAMES = {
    Preset.PRIVATE_INFORMATION_ROOM: Words("Private-information room", "個人情報取扱室"),
    Preset.ORDINARY_ROOM: Words("Ordinary room", "一般の部屋"),
}
TELLS = {
    Preset.PRIVATE_INFORMATION_ROOM: Words(
        "Coming in twice is refused where every exit needs a card, and recorded elsewhere; leaving without having come "
        "in alarms; cut off from the centre everybody enters for a day, essential staff for three; no door is ever "
        "unlocked or held open.",
        "すべての出口でカードが必須なら二重入室を拒否し、そうでなければ記録する。入室記録のない退室は警報を出す。"
        "通信断では全員が 1 日、必須要員が 3 日まで入室できる。扉の解錠や開放保持はしない。",
    ),
    Preset.ORDINARY_ROOM: Words(
        "Coming in twice and leaving without having come in are recorded; cut off from the centre everybody enters for "
        "three days, essential staff for seven.",
        "二重入室と入室記録のない退室を記録する。通信断では全員が 3 日、必須要員が 7 日まで入室できる。",
    ),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """area: all of its rules; doors: the settings of each door."""

    area: AreaRules
    doors: Mapping[str, Value]


def chosen(preset: Preset, room: Room) -> Chosen:
    """What `preset` sets in a room with these exits."""
    if preset is Preset.ORDINARY_ROOM:
        return Chosen(AreaRules(), {"tailgate_s": 0})
    twice = Enforcement.HARD if room.closed else Enforcement.SOFT
    rules = AreaRules(
        fresh_s=24 * _HOUR,
        essential_s=72 * _HOUR,
        passback=Passback(twice, Enforcement.HARD),
        company=Company(),
        clockless=Tier.NOBODY,
        unheard=Unheard.SOFTEN,
    )
    return Chosen(rules, {"unlock": None, "unlock_first": False, "may_hold": False, "tailgate_s": 15})
