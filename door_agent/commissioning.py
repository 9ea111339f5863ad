"""The commissioning checklist: what is tried at every door before people depend on it, in this order.

Data only. The installer's guide prints it (docs/installer/commissioning.md, compared by a test), and whoever walks
through it on the device takes it from here. Life safety stands before convenience, and nothing is ticked on trust:
every check says what is done with hands and what proves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contract.fact import FactKind


class Concerns(StrEnum):
    """Which doors a check is for."""

    EVERY_DOOR = "every door"
    STRIKE = "strike"
    MAGLOCK = "maglock"
    BREAK_GLASS = "break-glass"
    FIRE = "fire"
    CONTACT = "contact"
    REX = "rex"
    TAMPER = "tamper"
    SUPERVISED = "supervised inputs"
    HEARTBEAT = "heartbeat"
    POWER = "power inputs"
    CONTROLLED = "controlled exit"
    INTERLOCK = "interlock"


@dataclass(frozen=True, slots=True)
class Check:
    """One trial. `do`: what hands do; `proof`: what is seen or measured; `facts`: what the journal then holds."""

    id: str
    concerns: Concerns
    title: str
    title_ja: str
    do: str
    proof: str
    facts: tuple[FactKind, ...] = ()


CHECKS: Final = (
    Check(
        "mechanical-egress",
        Concerns.STRIKE,
        "Out by hand",
        "手動で退出できる",
        "Power off the whole cabinet, battery included. Work the lever or bar from inside.",
        "The door opens with one movement, without key, card or light.",
    ),
    Check(
        "power-loss-frees",
        Concerns.MAGLOCK,
        "Without power the magnet lets go",
        "停電でマグロックが解放",
        "Power off the whole cabinet, battery included.",
        "The door can be pushed open at once.",
    ),
    Check(
        "break-glass-unpowered",
        Concerns.BREAK_GLASS,
        "Break-glass works without the Pi",
        "本体停止中でも非常解錠が動作",
        "Unplug the Pi, close K1 and K2 by hand so that the magnet holds, press the break-glass.",
        "The door opens; the meter at the lock shows 0 V.",
    ),
    Check(
        "fire-unpowered",
        Concerns.FIRE,
        "The fire relay works without the Pi",
        "本体停止中でも火災連動が動作",
        "As before, with a test of the fire panel by whoever is responsible for it.",
        "The door opens; the meter at the lock shows 0 V. At a strike: the loop opens.",
    ),
    Check(
        "break-glass-told",
        Concerns.BREAK_GLASS,
        "The Pi is told of the break-glass",
        "非常解錠が記録される",
        "With the agent running, press the break-glass; replace the element; reset the door.",
        "Released at once and alarm on the page; `sekisho door reset` refuses before the element is back.",
        (FactKind.BREAK_GLASS, FactKind.LIFE_SAFETY_RESET),
    ),
    Check(
        "fire-told",
        Concerns.FIRE,
        "The Pi is told of the fire",
        "火災信号が記録され、保持される",
        "With the agent running, test the panel; normal again; wait; reset the door.",
        "Every door of the agent released and staying so until the reset.",
        (FactKind.FIRE, FactKind.LIFE_SAFETY_RESET),
    ),
    Check(
        "fire-wire-cut",
        Concerns.FIRE,
        "A cut fire wire releases",
        "火災線の断線で解錠",
        "Open the terminal of the fire loop at the Pi.",
        "The door releases and alarms as for fire.",
        (FactKind.FIRE,),
    ),
    Check(
        "boot-safe",
        Concerns.EVERY_DOOR,
        "Nothing twitches while the Pi boots",
        "起動中に誤動作しない",
        "Restart the Pi three times with a hand on the door and an ear at the relays.",
        "A strike stays locked all the time; no relay clicks before the agent says ready.",
        (FactKind.STARTED,),
    ),
    Check(
        "agent-killed",
        Concerns.EVERY_DOOR,
        "A killed agent fails as the wiring says",
        "エージェント停止時に安全側へ",
        "sudo systemctl kill -s SIGKILL sekisho-door",
        "A magnet lets go within 3 s, a strike locks; the unit is back within 5 s and the restart is recorded.",
        (FactKind.STARTED,),
    ),
    Check(
        "agent-hung",
        Concerns.HEARTBEAT,
        "A hung agent lets go",
        "応答停止でデッドマン継電器が解放",
        "sudo systemctl kill -s SIGSTOP sekisho-door",
        "K2 drops within 3 s; the watchdog restarts the agent within 15 s.",
        (FactKind.STARTED,),
    ),
    Check(
        "lock-current",
        Concerns.EVERY_DOOR,
        "The lock gets what it needs",
        "錠の電圧と電流",
        "Measure voltage and current at the lock, energised, with the longest cable and on battery alone.",
        "Within 10 % of the lock's plate; the relay or MOSFET stays cold to the hand.",
    ),
    Check(
        "contact",
        Concerns.CONTACT,
        "The contact follows the door",
        "扉接点が追従する",
        "Open and close the door by hand, slowly, then push against it closed.",
        "Open is seen before a hand fits into the gap; pushing changes nothing.",
        (FactKind.DOOR_OPENED, FactKind.DOOR_CLOSED),
    ),
    Check(
        "forced",
        Concerns.CONTACT,
        "Forced open alarms",
        "こじ開け警報",
        "Open the door by the key or the lever without a card.",
        "Alarm at the reader and on the page.",
        (FactKind.FORCED_OPEN,),
    ),
    Check(
        "held",
        Concerns.CONTACT,
        "Held open alarms",
        "開放警報",
        "Enter by card and hold the door beyond its time.",
        "Alarm after the time that the page shows; ends when the door closes.",
        (FactKind.HELD_OPEN,),
    ),
    Check(
        "rex",
        Concerns.REX,
        "The exit button does what its mode says",
        "退室ボタンの動作",
        "Press it with the door closed.",
        "recorded, free: the door opens. controlled: it does not, unless the exit reader is down.",
        (FactKind.REX,),
    ),
    Check(
        "reader-entry",
        Concerns.EVERY_DOOR,
        "The entry reader reads what is printed",
        "入室リーダーの読取り",
        "Present one known card of every format in use, ten times each.",
        "Ten of ten, same number as printed; the light that belongs to the answer.",
        (FactKind.DECISION, FactKind.PASSAGE),
    ),
    Check(
        "reader-exit",
        Concerns.EVERY_DOOR,
        "The exit reader is the exit reader",
        "退室リーダーの読取り",
        "The same on the way out.",
        "The record says exit, of this door.",
        (FactKind.DECISION, FactKind.PASSAGE),
    ),
    Check(
        "reader-unplugged",
        Concerns.EVERY_DOOR,
        "A lost reader is noticed",
        "リーダー断線の検出",
        "Unplug each reader for a minute, plug it in again.",
        "Alarm, where its kind can tell (readers.md); cards work again without a restart.",
        (FactKind.READER_LOST, FactKind.READER_BACK),
    ),
    Check(
        "exit-reader-fails-open",
        Concerns.CONTROLLED,
        "A dead exit reader does not hold people",
        "退室リーダー故障時に退出できる",
        "Unplug the exit reader; press REX, or try the door where there is none.",
        "The door opens and alarms.",
        (FactKind.READER_LOST, FactKind.RELEASED),
    ),
    Check(
        "interlock",
        Concerns.INTERLOCK,
        "Interlocked doors never open for entry together",
        "インターロックの動作",
        "Hold one of the doors open; present a permitted card at the entry of another; then leave by it.",
        "The entry is refused with INTERLOCKED; leaving opens all the same.",
        (FactKind.DECISION,),
    ),
    Check(
        "agent-alone",
        Concerns.EVERY_DOOR,
        "Works without the network",
        "ネットワーク断でも動作",
        "Unplug the network for ten minutes; enter, leave; plug in again.",
        "Doors as before; the record of those minutes arrives complete.",
        (FactKind.DECISION, FactKind.PASSAGE),
    ),
    Check(
        "tamper",
        Concerns.TAMPER,
        "Opening the cabinet alarms",
        "制御箱の開放を検出",
        "Open the lid; lift the reader off its plate.",
        "Alarm for each.",
        (FactKind.TAMPER,),
    ),
    Check(
        "line-supervision",
        Concerns.SUPERVISED,
        "Each supervised line tells cut from short",
        "断線と短絡の検出",
        "At the door's end: open the wire, then bridge it.",
        "Two different faults with the input's name.",
        (FactKind.LINE_FAULT,),
    ),
    Check(
        "mains",
        Concerns.POWER,
        "Mains off, battery on",
        "停電時の蓄電池切替",
        "Switch the cabinet's breaker off for the time that the battery must last.",
        "Alarm at once; doors work to the end of the time; the Pi reports no under-voltage.",
        (FactKind.POWER,),
    ),
    Check(
        "clock",
        Concerns.EVERY_DOOR,
        "The clock is right, and after a cold start too",
        "時刻の確認",
        "chronyc tracking; then power off for five minutes without network, and on again.",
        "Within a second; records after the cold start say whether the clock was trusted.",
        (FactKind.STARTED,),
    ),
    Check(
        "sign-off",
        Concerns.CONTROLLED,
        "Somebody answers for the controlled exit",
        "退出制限の承認",
        "Fill in sign_off in the settings: who, when, by which rule of the building's authority. Restart the agent.",
        "The page shows the exit as controlled at this door; before, it said recorded.",
        (FactKind.LIST_ADOPTED,),
    ),
)
