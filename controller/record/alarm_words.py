"""What an alarm is called, in both languages: pages, mails and reports say the same."""

from __future__ import annotations

from typing import Final

from contract.fact import FactKind
from contract.reader_kinds import Words
from contract.reason_words import WORDS
from controller.record.alarm import (
    CHAIN_BROKEN,
    FACTS_MISSING,
    GRANTED_ON_OLD_LIST,
    LIST_TOO_LARGE,
    READER_SUSPECT,
    SIGN_OFF_LAPSED,
    UNBADGED_EXIT,
)

ALARM_WORDS: Final[dict[str, Words]] = {
    FactKind.FORCED_OPEN: Words("Door forced open", "こじ開け"),
    FactKind.HELD_OPEN: Words("Door held open", "開放超過"),
    FactKind.TAILGATE: Words("Open longer than one passage needs", "1 人の通過に必要な時間を超えて開放"),
    FactKind.BREAK_GLASS: Words("Break-glass", "非常解錠（ガラス破り）"),
    FactKind.FIRE: Words("Fire alarm", "火災警報"),
    FactKind.READER_LOST: Words("Reader lost", "リーダー断線"),
    FactKind.TAMPER: Words("Tamper contact", "タンパー接点"),
    FactKind.LINE_FAULT: Words("Input line", "入力線"),
    FactKind.POWER: Words("Power supply", "電源"),
    FactKind.LIST_REFUSED: Words("List refused", "許可リスト拒否"),
    FactKind.MESSAGE_REFUSED: Words("Message refused", "メッセージ拒否"),
    FactKind.PEER_LOST: Words("Another agent of the room is not heard", "同じ部屋の別のエージェントから応答なし"),
    FactKind.PRESENCE_CONFLICT: Words(
        "Two doors decided without knowing of each other", "二つの扉が互いを知らずに判定"
    ),
    CHAIN_BROKEN: Words("Record does not continue", "記録の連続性異常"),
    FACTS_MISSING: Words("Part of the record is lost", "記録の一部欠落"),
    LIST_TOO_LARGE: Words("List too large to be sent", "リストが大きすぎて送信不可"),
    SIGN_OFF_LAPSED: Words("Sign-off of an exit has run out", "出口の承認が切れました"),
    GRANTED_ON_OLD_LIST: Words("Entered on an older list; now refused", "古いリストによる入室（現行の規則では拒否）"),
    UNBADGED_EXIT: Words("Left without a card", "カードなしで退出"),
    READER_SUSPECT: Words("Reader not to be trusted", "リーダーの信頼性に問題"),
}
"""Those of `alarm.KINDS` that are not named by the reason of a decision."""


def alarm_words(kind: str) -> Words:
    """The words for one of `alarm.KINDS`; some alarms are named by the reason of a decision."""
    return ALARM_WORDS.get(kind) or WORDS[kind].label
