"""Dangerous combinations of a room's rules, each by name: some are refused, the others are a warning.

Pure: `findings` sees a room as it would be and says what is wrong with it. A change is refused for a refused danger
that it brings, never for one that was there before, so that a room can always be mended step by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contract.policy import ExitMode
from contract.reader_kinds import Words
from contract.room_rules import DuressAnswer, Enforcement, PinRule, Tier, Unheard
from controller.premises.rules import SEVEN_DAYS, AreaRules, DoorRules

LEAST_FOR_COMPANY = 2


class Danger(StrEnum):
    """In the order in which they are told: what is refused first."""

    HARD_PASSBACK_LOOSE_EXIT = "hard-passback-loose-exit"
    PRIVATE_DOOR_UNLOCKED = "private-door-unlocked"
    PRIVATE_DOOR_HELD = "private-door-held"
    MOST_BELOW_COMPANY = "most-below-company"
    MOST_BELOW_LEAST = "most-below-least"
    PRIVATE_CLOCKLESS = "private-clockless"
    SIGN_OFF_NOT_VALID = "sign-off-not-valid"
    SIGN_OFF_BY_MIGRATION = "sign-off-by-migration"
    SIGN_OFF_ENDS_SOON = "sign-off-ends-soon"
    NEVER_ALONE_LOOSE_EXIT = "never-alone-loose-exit"
    UNHEARD_ENFORCED = "unheard-enforced"
    STALE_BEYOND_WEEK = "stale-beyond-week"
    SUPERVISOR_NOBODY = "supervisor-nobody"
    FIRST_WITHOUT_HOURS = "first-without-hours"
    PRIVATE_PASSBACK_OFF = "private-passback-off"
    PRIVATE_EXIT_FREE = "private-exit-free"
    PIN_WITHOUT_KEYS = "pin-without-keys"
    PIN_OUTLASTS_COMPANY = "pin-outlasts-company"
    PIN_NOT_ALWAYS = "pin-not-always"
    DURESS_REFUSED = "duress-refused"


REFUSED: Final = frozenset(
    {
        Danger.HARD_PASSBACK_LOOSE_EXIT,
        Danger.PRIVATE_DOOR_UNLOCKED,
        Danger.PRIVATE_DOOR_HELD,
        Danger.MOST_BELOW_COMPANY,
        Danger.MOST_BELOW_LEAST,
        Danger.PRIVATE_CLOCKLESS,
    }
)

SENTENCES: Final = {
    Danger.HARD_PASSBACK_LOOSE_EXIT: Words(
        "Coming in twice is refused, though people can leave without a card: they could not come back. "
        "Make every exit of the room controlled, or only record it.",
        "カードなしで退室できるのに二重入室を拒否すると、退室した人が戻れなくなる。すべての出口を「カード必須」にするか、記録だけにすること。",
    ),
    Danger.PRIVATE_DOOR_UNLOCKED: Words(
        "A door of a room with personal information stands unlocked by a schedule: nobody would be recorded.",
        "個人情報を扱う部屋の扉を時間帯で解錠すると、誰の入退室も記録されない。",
    ),
    Danger.PRIVATE_DOOR_HELD: Words(
        "A door of a room with personal information may be held open: nobody would be recorded.",
        "個人情報を扱う部屋の扉を開放保持できると、誰の入退室も記録されない。",
    ),
    Danger.MOST_BELOW_COMPANY: Words(
        "More people must enter together than may be inside: nobody could ever enter.",
        "一緒に入室すべき人数が在室人数の上限を超えており、誰も入室できない。",
    ),
    Danger.MOST_BELOW_LEAST: Words(
        "Fewer people may be inside than must be: nobody could ever enter.",
        "在室人数の上限が下限より小さく、誰も入室できない。",
    ),
    Danger.PRIVATE_CLOCKLESS: Words(
        "Everybody may enter a room with personal information while the time is not known: expired permissions too.",
        "時刻が不明な間、期限切れの許可でも個人情報を扱う部屋に入室できてしまう。",
    ),
    Danger.SIGN_OFF_NOT_VALID: Words(
        "The sign-off of this controlled exit is missing or has run out: it runs as recorded until it is signed again.",
        "この「カード必須」の出口には有効な承認がない。再び承認されるまで「記録」として動作する。",
    ),
    Danger.SIGN_OFF_BY_MIGRATION: Words(
        "This controlled exit was signed off by the upgrade only: test break-glass and fire, and sign it.",
        "この「カード必須」の出口は更新作業で仮承認されただけである。非常解錠と火災連動を試験し、承認すること。",
    ),
    Danger.SIGN_OFF_ENDS_SOON: Words(
        "The sign-off of this controlled exit runs out within thirty days: test break-glass and fire again.",
        "この「カード必須」の出口の承認は 30 日以内に切れる。非常解錠と火災連動を再び試験すること。",
    ),
    Danger.NEVER_ALONE_LOOSE_EXIT: Words(
        "Nobody is to be alone here, though people can leave without a card: who is inside is not sure.",
        "カードなしで退室できるため在室者が確かでなく、一人きりの防止は確実でない。",
    ),
    Danger.UNHEARD_ENFORCED: Words(
        "Several computers guard this room: while one is not heard, somebody who left there is refused here.",
        "複数の制御装置が守る部屋で、通信できない扉から退室した人が、こちらの扉で拒否される。",
    ),
    Danger.STALE_BEYOND_WEEK: Words(
        "People may enter for more than a week on a list that nobody has confirmed: a revocation may not have arrived.",
        "確認されていない許可で一週間を超えて入室できる。取り消しが届いていない恐れがある。",
    ),
    Danger.SUPERVISOR_NOBODY: Words(
        "A supervisor is needed, but nobody who may enter is one.",
        "責任者が必要だが、入室を許可された人の中に責任者がいない。",
    ),
    Danger.FIRST_WITHOUT_HOURS: Words(
        "The door waits for a supervisor to unlock it, but no hours are set: it never unlocks.",
        "責任者の入室後に解錠する設定だが、時間帯がないため解錠されない。",
    ),
    Danger.PRIVATE_PASSBACK_OFF: Words(
        "Nobody looks whether a card comes in twice into a room with personal information.",
        "個人情報を扱う部屋で、二重入室が確認されていない。",
    ),
    Danger.PRIVATE_EXIT_FREE: Words(
        "Leaving a room with personal information is not recorded: it is not known who is inside.",
        "個人情報を扱う部屋からの退室が記録されず、在室者が分からない。",
    ),
    Danger.PIN_WITHOUT_KEYS: Words(
        "A PIN is asked for at a reader that has no keys: nobody who needs one can come in here.",
        "テンキーのないリーダーで暗証番号を求めている。暗証番号が必要な人は誰もここから入室できない。",
    ),
    Danger.PIN_OUTLASTS_COMPANY: Words(
        "People come in together here, though typing a PIN may take longer than the next person is waited for.",
        "一緒に入室する必要があるのに、暗証番号の入力時間が次の人を待つ時間より長く、間に合わない恐れがある。",
    ),
    Danger.PIN_NOT_ALWAYS: Words(
        "In some hours the card alone opens a room with personal information.",
        "時間帯によって、個人情報を扱う部屋にカードだけで入室できる。",
    ),
    Danger.DURESS_REFUSED: Words(
        "A PIN entered under duress opens nothing: whoever forces its owner sees that.",
        "脅迫時の暗証番号で扉が開かないため、脅している相手に気付かれる。",
    ),
}


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit as it is set. valid: it needs no sign-off or has one; by_migration, soon: of that sign-off."""

    key: str
    mode: ExitMode
    valid: bool = True
    by_migration: bool = False
    soon: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room as it would be. agents: how many computers guard it; supervisors: how many who may enter are one (None:
    not looked at); pins: by entry; keyless: the entries whose reader is known to have no keys."""

    private: bool
    rules: AreaRules
    doors: tuple[tuple[str, DoorRules], ...] = ()
    exits: tuple[Exit, ...] = ()
    pins: tuple[tuple[str, PinRule], ...] = ()
    agents: int = 1
    supervisors: int | None = None
    keyless: frozenset[str] = frozenset()

    @property
    def closed(self) -> bool:
        """Everybody who leaves needs a card."""
        return bool(self.exits) and all(each.mode is ExitMode.CONTROLLED for each in self.exits)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """where: the key of the door or access point, empty for the room itself."""

    danger: Danger
    where: str = ""

    @property
    def refused(self) -> bool:
        return self.danger in REFUSED

    @property
    def says(self) -> Words:
        return SENTENCES[self.danger]


def findings(room: Room) -> tuple[Finding, ...]:
    """Everything that is dangerous about `room`, each once, in the order of `Danger` and then of place."""
    found = {*_of_room(room), *_of_doors(room), *_of_exits(room), *_of_pins(room)}
    order = {danger: place for place, danger in enumerate(Danger)}
    return tuple(sorted(found, key=lambda each: (order[each.danger], each.where)))


def brought(before: Room, after: Room) -> tuple[Finding, ...]:
    """The refused dangers that a change brings."""
    known = set(findings(before))
    return tuple(each for each in findings(after) if each.refused and each not in known)


def _of_room(room: Room) -> Iterator[Finding]:
    rules, company = room.rules, room.rules.company
    if rules.passback.entry is Enforcement.HARD and room.doors and not room.closed:
        yield Finding(Danger.HARD_PASSBACK_LOOSE_EXIT)
    if company.most and company.most_by is Enforcement.HARD and company.most < company.size:
        yield Finding(Danger.MOST_BELOW_COMPANY)
    if company.most and company.most_by is Enforcement.HARD and company.most < company.least:
        yield Finding(Danger.MOST_BELOW_LEAST)
    if room.private and rules.clockless is Tier.EVERYBODY:
        yield Finding(Danger.PRIVATE_CLOCKLESS)
    never_alone = company.least >= LEAST_FOR_COMPANY and company.least_by is not Enforcement.OFF
    if never_alone and room.doors and not room.closed:
        yield Finding(Danger.NEVER_ALONE_LOOSE_EXIT)
    if rules.unheard is Unheard.ENFORCE and room.agents > 1:
        yield Finding(Danger.UNHEARD_ENFORCED)
    if max(rules.fresh_s, rules.essential_s) > SEVEN_DAYS:
        yield Finding(Danger.STALE_BEYOND_WEEK)
    if company.supervisor is not Enforcement.OFF and room.supervisors == 0:
        yield Finding(Danger.SUPERVISOR_NOBODY)
    if room.private and rules.passback.entry is Enforcement.OFF:
        yield Finding(Danger.PRIVATE_PASSBACK_OFF)


def _of_doors(room: Room) -> Iterator[Finding]:
    for key, door in room.doors:
        if room.private and door.unlock is not None:
            yield Finding(Danger.PRIVATE_DOOR_UNLOCKED, key)
        if room.private and door.may_hold:
            yield Finding(Danger.PRIVATE_DOOR_HELD, key)
        if door.unlock_first and door.unlock is None:
            yield Finding(Danger.FIRST_WITHOUT_HOURS, key)
        if door.unlock_first and door.unlock is not None and room.supervisors == 0:
            yield Finding(Danger.SUPERVISOR_NOBODY, key)


def _of_exits(room: Room) -> Iterator[Finding]:
    for each in room.exits:
        if room.private and each.mode is ExitMode.FREE:
            yield Finding(Danger.PRIVATE_EXIT_FREE, each.key)
        if each.mode is not ExitMode.CONTROLLED:
            continue
        if not each.valid:
            yield Finding(Danger.SIGN_OFF_NOT_VALID, each.key)
        elif each.by_migration:
            yield Finding(Danger.SIGN_OFF_BY_MIGRATION, each.key)
        elif each.soon:
            yield Finding(Danger.SIGN_OFF_ENDS_SOON, each.key)


def _of_pins(room: Room) -> Iterator[Finding]:
    company = room.rules.company
    together = max(company.size, company.least if company.least_by is Enforcement.HARD else 1) >= LEAST_FOR_COMPANY
    for key, pin in room.pins:
        if key in room.keyless:
            yield Finding(Danger.PIN_WITHOUT_KEYS, key)
        if together and pin.within_s > company.within_s:
            yield Finding(Danger.PIN_OUTLASTS_COMPANY, key)
        if room.private and pin.card_alone is not None:
            yield Finding(Danger.PIN_NOT_ALWAYS, key)
        if pin.duress is DuressAnswer.REFUSE:
            yield Finding(Danger.DURESS_REFUSED, key)
