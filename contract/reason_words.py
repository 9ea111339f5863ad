"""What every reason is called, what it means and what to do next, in both languages, and what other systems call it.

One table for pages, API, commands and docs. Keyed by name, so that a record of another version is told as well as it
can be. ONVIF knows seven reasons of denial and BACnet thirty-seven access events; a reason that neither of them has is
Other there, and its own name stays the truth. Sources: ONVIF access control service, BACnet's AccessEvent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from contract.outcome import Outcome
from contract.reader_kinds import Words
from contract.reason import Reason

BACNET_EVENTS: Final = {
    1: "granted",
    3: "passbackDetected",
    4: "duress",
    13: "authenticationFactorRead",
    14: "authorizationDelayed",
    128: "deniedDenyAll",
    129: "deniedUnknownCredential",
    130: "deniedAuthenticationUnavailable",
    131: "deniedAuthenticationFactorTimeout",
    132: "deniedIncorrectAuthenticationFactor",
    133: "deniedZoneNoAccessRights",
    136: "deniedOutOfTimeRange",
    137: "deniedThreatLevel",
    138: "deniedPassback",
    140: "deniedMaxAttempts",
    141: "deniedLowerOccupancyLimit",
    142: "deniedUpperOccupancyLimit",
    143: "deniedAuthenticationFactorLost",
    144: "deniedAuthenticationFactorStolen",
    145: "deniedAuthenticationFactorDamaged",
    146: "deniedAuthenticationFactorDestroyed",
    148: "deniedAuthenticationFactorError",
    150: "deniedCredentialNotProvisioned",
    151: "deniedCredentialNotYetActive",
    152: "deniedCredentialExpired",
    153: "deniedCredentialManualDisable",
    156: "deniedCredentialMaxUses",
    157: "deniedCredentialInactivity",
    158: "deniedCredentialDisabled",
    159: "deniedNoAccompaniment",
    160: "deniedIncorrectAccompaniment",
    164: "deniedOther",
}
"""Those that a reason is told as."""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """onvif: its reason of denial, or its topic for what is no denial; bacnet: the number in BACNET_EVENTS."""

    onvif: str
    bacnet: int

    @property
    def bacnet_name(self) -> str:
        return BACNET_EVENTS[self.bacnet]


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """label: a few words for a table; advice: what it means and what to do next; equivalent: as a reason to refuse, or
    of what it always does."""

    label: Words
    advice: Words
    equivalent: Equivalent


_GRANTED: Final = Equivalent("AccessGranted", 1)
_DURESS: Final = Equivalent("Duress", 4)
_PASSBACK: Final = Equivalent("AccessGranted", 3)


def words_of(name: str) -> ReasonWords:
    """The words of a reason; of a name that this version does not know, the name itself."""
    known = WORDS.get(name)
    if known is not None:
        return known
    unknown = Words(
        f"{name}: this version of Sekisho does not know the reason; ask a newer one.",
        f"{name}：このバージョンの Sekisho にはない理由です。新しいバージョンで確認してください。",
    )
    return ReasonWords(Words(name, name), unknown, Equivalent("Other", 164))


def equivalent(outcome: str, reason: str, violations: Collection[str] = ()) -> Equivalent:
    """What ONVIF and BACnet would have called a whole decision: a door that opened is granted, whatever was noted."""
    if outcome != Outcome.GRANT:
        return words_of(reason).equivalent
    if "DURESS" in (reason, *violations):
        return _DURESS
    return _PASSBACK if {Reason.ALREADY_INSIDE, Reason.NOT_INSIDE} & set(violations) else _GRANTED


def _told(label: tuple[str, str], en: str, ja: str, onvif: str, bacnet: int) -> ReasonWords:
    return ReasonWords(Words(*label), Words(en, ja), Equivalent(onvif, bacnet))


WORDS: Final[dict[str, ReasonWords]] = {
    "NO_LIST": _told(
        ("The door holds no verified list", "検証済みの許可リストがありません"),
        "The agent holds no verified list, so nobody may enter. Check that it is enrolled and reaches the controller.",
        "検証済みの許可リストがないため、誰も入室できません。扉の機器が登録済みで、管理サーバーに接続できるか確認してください。",
        "Other", 130,
    ),
    "UNKNOWN_ACCESS_POINT": _told(
        ("The list does not know this access point", "許可リストにない通行口です"),
        "The list does not name this access point. Compare the door's settings with the building's description.",
        "許可リストにこの通行口がありません。扉の設定と建物の登録で、名前が一致しているか確認してください。",
        "Other", 164,
    ),
    "BAD_FORMAT": _told(
        ("The card could not be read cleanly", "カードを正しく読み取れませんでした"),
        "The bits fit no card format of this reader. Present the card again; if it persists, try `sekisho decode`.",
        "このリーダーのどのカード形式にも合いません。もう一度かざし、続く場合は `sekisho decode` で調べてください。",
        "Other", 148,
    ),
    "LOCKDOWN": _told(
        ("Lockdown", "ロックダウン中"),
        "The door is in lockdown; it can be left, not entered. Wait until a security admin ends the lockdown.",
        "ロックダウン中です。退室はできますが入室はできません。セキュリティ管理者による解除をお待ちください。",
        "Other", 128,
    ),
    "EVACUATION": _told(
        ("Evacuation", "避難中"),
        "The area is being evacuated; nobody enters. Go to the muster point and wait until the evacuation is ended.",
        "避難指示中のため入室できません。集合場所へ移動し、解除をお待ちください。",
        "Other", 128,
    ),
    "INTERLOCKED": _told(
        ("Another door of the interlock is open", "インターロックの別の扉が開いています"),
        "Another door of the interlock is released or open. Close it, then present the card again.",
        "インターロックの別の扉が解錠中か開いています。その扉を閉めてから、もう一度カードをかざしてください。",
        "Other", 164,
    ),
    "NOT_ON_LIST": _told(
        ("No permission here", "この場所の権限がありません"),
        "This card has no permission for this room. Request access if it is needed, or enrol the card.",
        "このカードにはこの部屋の権限がありません。必要であれば権限を申請するか、カードを登録してください。",
        "CredentialNotFound", 129,
    ),
    "CARD_LOST": _told(
        ("Card reported lost", "紛失届のあるカード"),
        "The card was reported lost. Find out who holds it; restore it if it was found, or give a new one.",
        "紛失届の出ているカードです。所持者を確認し、見つかった場合は復旧、そうでなければ再発行してください。",
        "CredentialNotEnabled", 143,
    ),
    "CARD_STOLEN": _told(
        ("Card reported stolen", "盗難届のあるカード"),
        "The card was reported stolen. Find out who holds it, and tell security at once.",
        "盗難届の出ているカードです。直ちに警備へ連絡し、所持者を確認してください。",
        "CredentialNotEnabled", 144,
    ),
    "CARD_DAMAGED": _told(
        ("Card reported damaged", "破損届のあるカード"),
        "The card was taken out of use as damaged. Give the holder a new one.",
        "破損として使用停止になったカードです。新しいカードを発行してください。",
        "CredentialNotEnabled", 145,
    ),
    "CARD_RETURNED": _told(
        ("Card was returned", "返却済みのカード"),
        "The card was handed back and is nobody's now. Take it from whoever uses it, and see how it got out.",
        "返却済みのカードです。使用者から回収し、持ち出された経緯を確認してください。",
        "CredentialNotEnabled", 158,
    ),
    "CARD_DESTROYED": _told(
        ("Card is recorded as destroyed", "廃棄済みのカード"),
        "The card is recorded as destroyed, so this may be a copy. Take it, and tell security at once.",
        "廃棄済みと記録されたカードです。複製の可能性があります。回収し、直ちに警備へ連絡してください。",
        "CredentialNotEnabled", 146,
    ),
    "CARD_SUSPENDED": _told(
        ("Card is suspended", "一時停止中のカード"),
        "The card is suspended. Ask a security admin why, and until when.",
        "一時停止中のカードです。理由と期間をセキュリティ管理者に確認してください。",
        "CredentialNotEnabled", 153,
    ),
    "CARD_SUPERSEDED": _told(
        ("A newer issue of the card exists", "新しい発行回のカードがあります"),
        "A newer issue of this card was given out. Use that one, and hand this one back.",
        "より新しい発行回のカードが交付されています。新しいカードを使い、このカードは返却してください。",
        "Other", 132,
    ),
    "CARD_INACTIVE": _told(
        ("Card unused for too long", "長期間使われていないカード"),
        "The card was not used for so long that it was disabled. Ask a security admin to activate it again.",
        "長期間使われなかったため無効になりました。セキュリティ管理者に再有効化を依頼してください。",
        "CredentialNotEnabled", 157,
    ),
    "USES_EXHAUSTED": _told(
        ("No uses left", "使用回数の上限に達しました"),
        "The card has been used as often as was permitted. Request access again if it is still needed.",
        "許可された使用回数に達しました。引き続き必要な場合は、改めて権限を申請してください。",
        "CredentialNotEnabled", 156,
    ),
    "EXIT_ONLY": _told(
        ("Permission ended; may only leave", "権限終了（退室のみ可）"),
        "The permission for this room has ended; the card still opens the way out. Request access if it is needed.",
        "この部屋の権限は終了しており、退室のみ可能です。再び必要な場合は権限を申請してください。",
        "Unauthorized", 133,
    ),
    "TIME_UNTRUSTED": _told(
        ("The door's clock cannot be believed", "扉の時計を信頼できません"),
        "The permission depends on the time, and the door's clock cannot be believed. Check its time source.",
        "時刻に依存する権限ですが、扉の時計を信頼できません。時刻同期を確認してください。",
        "Other", 130,
    ),
    "CARD_NOT_YET_VALID": _told(
        ("Card is not valid yet", "カードの有効期間前です"),
        "The card is not valid yet. Wait for its first day, or have that changed.",
        "カードの有効期間がまだ始まっていません。開始日を待つか、変更を依頼してください。",
        "CredentialNotActive", 151,
    ),
    "CARD_EXPIRED": _told(
        ("Card has expired", "カードの有効期限切れ"),
        "The card has expired. Have it renewed.",
        "カードの有効期限が切れています。更新を依頼してください。",
        "CredentialExpired", 152,
    ),
    "NOT_YET_VALID": _told(
        ("Permission has not begun", "権限の開始前です"),
        "The permission for this room has not begun. Wait for its first day, or have that changed.",
        "この部屋の権限はまだ始まっていません。開始日を待つか、変更を依頼してください。",
        "CredentialNotActive", 151,
    ),
    "EXPIRED": _told(
        ("Permission has expired", "権限の有効期限切れ"),
        "The permission for this room is over. Request access again if it is needed.",
        "この部屋の権限は期限切れです。必要であれば改めて権限を申請してください。",
        "CredentialExpired", 152,
    ),
    "OUTSIDE_SCHEDULE": _told(
        ("Outside the permitted hours", "許可時間外"),
        "The permission does not cover this hour or day. Come within the permitted hours, or have them changed.",
        "許可された時間帯ではありません。許可時間内に入室するか、時間の変更を依頼してください。",
        "NotPermittedAtThisTime", 136,
    ),
    "TRAINING_EXPIRED": _told(
        ("Training is not in date", "研修の有効期限切れ"),
        "The training that this room asks for is missing or out of date. Take it, and have it recorded.",
        "この部屋に必要な研修を受けていないか、期限が切れています。受講し、記録を依頼してください。",
        "Other", 164,
    ),
    "THREAT_LEVEL": _told(
        ("Not at the present threat level", "現在の警戒レベルでは入室できません"),
        "At the present threat level this room asks for more clearance. Wait until the level is lowered.",
        "現在の警戒レベルでは、より高い権限が必要です。レベルが下がるまでお待ちください。",
        "Other", 137,
    ),
    "PIN_LOCKED": _told(
        ("PIN is locked after wrong tries", "PIN 入力の失敗によりロック中"),
        "Too many wrong PINs were entered. Wait until the lock-out is over; if it was not you, tell security.",
        "PIN を何度も間違えたためロック中です。解除までお待ちください。心当たりがなければ警備へ連絡してください。",
        "InvalidPIN", 140,
    ),
    "PIN_MISSING": _told(
        ("No PIN is set", "PIN が未設定です"),
        "This door asks for a PIN and none is set for this person. Ask a security admin to have one set.",
        "この扉では PIN が必要ですが、まだ設定されていません。セキュリティ管理者に設定を依頼してください。",
        "InvalidPIN", 150,
    ),
    "PIN_LATE": _told(
        ("PIN was not entered in time", "PIN が時間内に入力されませんでした"),
        "The PIN was not entered in time. Present the card again and enter the PIN.",
        "PIN が時間内に入力されませんでした。もう一度カードをかざし、PIN を入力してください。",
        "InvalidPIN", 131,
    ),
    "PIN_WRONG": _told(
        ("Wrong PIN", "PIN が違います"),
        "The PIN was wrong. Present the card again and enter the right one.",
        "PIN が違います。もう一度カードをかざし、正しい PIN を入力してください。",
        "InvalidPIN", 132,
    ),
    "AWAITING_PIN": _told(
        ("Waiting for the PIN", "PIN の入力待ち"),
        "The card is accepted and the door asks for the PIN. Enter it now.",
        "カードは受け付けられました。続けて PIN を入力してください。",
        "Other", 13,
    ),
    "LIST_EXPIRED": _told(
        (
            "The door has been cut off for too long: nobody new",
            "扉が長時間切り離されているため、新たな入室はできません",
        ),
        "The door has been cut off for so long that nobody new may enter. Restore its connection to the controller.",
        "扉が長時間切り離されているため、新たに入室することはできません。管理サーバーとの接続を復旧してください。",
        "Other", 130,
    ),
    "LIST_STALE": _told(
        ("The door has been cut off: essential staff only", "扉が切り離されているため、必須要員のみ入室できます"),
        "The door has been cut off for longer than the room allows; only the essential enter. Restore its connection.",
        "扉の切り離しが許容時間を超えたため、必須要員のみ入室できます。管理サーバーとの接続を復旧してください。",
        "Other", 130,
    ),
    "JOURNAL_UNAVAILABLE": _told(
        ("The record could not be made durable", "記録を確実に保存できませんでした"),
        "The entry could not be recorded durably in time, so it was not given. Try again; check the door's disk.",
        "記録を時間内に確実に保存できなかったため、入室できません。もう一度試し、扉の機器のディスクを確認してください。",
        "Other", 164,
    ),
    "PRESENCE_UNKNOWN": _told(
        ("Who is inside cannot be known", "在室状況を確認できません"),
        "The room's other doors cannot be heard, so who is inside is not known, and this room then admits nobody. "
        "Restore the connection between its doors.",
        "同じ部屋の他の扉と通信できず在室状況が不明なため、この部屋には入室できません。扉の間の接続を復旧してください。",
        "Other", 130,
    ),
    "ALREADY_INSIDE": _told(
        ("Was already recorded inside", "すでに在室と記録されています"),
        "The holder entered before and no leaving was recorded. See whether they left without a card, or lent it.",
        "退室の記録がないまま再び入室しようとしました。カードを使わずに退室したか、他の人がカードを使っていないか確認してください。",
        "Unauthorized", 138,
    ),
    "NOT_INSIDE": _told(
        ("Was not recorded inside", "在室の記録がありません"),
        "The holder leaves and no entry was recorded. See whether they came in behind somebody else.",
        "入室の記録がないまま退室しようとしました。他の人に続いて入室していないか確認してください。",
        "Unauthorized", 138,
    ),
    "REPEATED_CARD": _told(
        ("Same card again too soon", "同じカードの再使用が早すぎます"),
        "The same card was used here a moment ago. Wait until the delay is over, then present it again.",
        "同じカードが直前に使われました。待ち時間が過ぎてから、もう一度かざしてください。",
        "Unauthorized", 138,
    ),
    "REPEATED_AT_DOOR": _told(
        ("Last card at this door again too soon", "この扉で直前に使われたカードです"),
        "This was the last card used at this door, a moment ago. Wait until the delay is over, then present it again.",
        "この扉で最後に使われたカードです。待ち時間が過ぎてから、もう一度かざしてください。",
        "Unauthorized", 138,
    ),
    "OCCUPANCY_MAX": _told(
        ("The room is full", "在室人数の上限です"),
        "As many people are inside as the room may hold. Wait until somebody has left.",
        "在室人数が上限に達しています。誰かが退室するまでお待ちください。",
        "Other", 142,
    ),
    "OCCUPANCY_MIN": _told(
        ("Too few people would be inside", "在室人数の下限を下回ります"),
        "Fewer people would be inside than the room asks for. Enter and leave together with somebody who may.",
        "在室人数が下限を下回ります。権限のある人と一緒に入退室してください。",
        "Other", 141,
    ),
    "SUPERVISOR_MISSING": _told(
        ("No supervisor is inside", "監督者が在室していません"),
        "Nobody enters this room before a supervisor. Wait until one is inside.",
        "監督者が先に入室する必要があります。監督者の入室をお待ちください。",
        "Other", 159,
    ),
    "ESCORT_MISSING": _told(
        ("No escort", "付き添いがいません"),
        "A visitor enters right after their host. Let the host present their card first.",
        "来訪者は受入担当者に続いて入室します。先に受入担当者のカードをかざしてください。",
        "Other", 159,
    ),
    "VISITOR_ALONE": _told(
        ("A visitor would be alone", "来訪者が一人になります"),
        "A visitor would be inside without their host. Leave together, or bring another host first.",
        "来訪者だけが室内に残ることになります。一緒に退室するか、先に別の担当者を入室させてください。",
        "Other", 160,
    ),
    "AWAITING_COMPANY": _told(
        ("Waiting for another person", "同伴者を待っています"),
        "This room is entered together. Let another person who may enter present their card now.",
        "この部屋には複数人で入室します。続けて、権限のある別の人のカードをかざしてください。",
        "Other", 14,
    ),
    "EXIT_UNVERIFIED": _told(
        ("Opened, though the card could not be verified", "カードを確認できないまま解錠しました"),
        "The card could not be checked with certainty, and nobody is held in. See who left, and why it was unsure.",
        "カードを確実に確認できませんでしたが、閉じ込めを避けるため解錠しました。誰が退室したか、なぜ確認できなかったかを調べてください。",
        "AccessGranted", 1,
    ),
    "EXIT_MODE_NOT_PERMITTED": _told(
        ("Opened: the wiring does not permit a controlled exit", "配線上、退室制御が認められないため解錠しました"),
        "The list wants a card to leave and the wiring does not permit that. Mend the wiring, or change the exit mode.",
        "退室にカードが必要な設定ですが、配線の条件を満たしていません。配線を直すか、退室モードを変更してください。",
        "AccessGranted", 1,
    ),
    "PROTECTION_WEAKENED": _told(
        ("A rule was recorded, not enforced", "規則は記録のみで、強制されませんでした"),
        "A rule of this room could only be recorded, not enforced. See which, and restore what it needs.",
        "この部屋の規則の一部は記録のみで、強制できませんでした。該当する規則を確認し、必要な条件を復旧してください。",
        "AccessGranted", 1,
    ),
    "DURESS": _told(
        ("Duress", "脅迫の合図"),
        "The holder gave the sign of being under duress. Call for help as agreed; show nothing at the door.",
        "所持者が脅迫の合図を出しました。取り決めに従って通報し、扉の前では何も示さないでください。",
        "Duress", 4,
    ),
    "PERMITTED": _told(
        ("Permitted", "許可"),
        "Every rule was fulfilled. Nothing needs to be done.",
        "すべての規則を満たしています。対応は不要です。",
        "AccessGranted", 1,
    ),
}  # fmt: skip
