"""Every setting of a room, a door or an access point in plain words: its name, what it does, and its values.

The one table for pages, API, commands and docs (docs/operator/room-rules.md). A setting is named by its path in
`controller.premises.rules`; a test holds table and rules to one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contract.canonical import Value
from contract.policy import ExitMode, Relock
from contract.reader_kinds import Words
from contract.room_rules import Enforcement, Tier, Unheard


class Of(StrEnum):
    """Whose setting it is; PIN: of an entry, what it asks for after the card."""

    AREA = "area"
    DOOR = "door"
    ACCESS_POINT = "access-point"
    PIN = "pin"


class Unit(StrEnum):
    """What its value counts; SCHEDULE: the id of one, CLOCK: minutes after midnight; both may be null."""

    WORD = "word"
    YES = "yes"
    PEOPLE = "people"
    TIMES = "times"
    SECONDS = "s"
    MILLISECONDS = "ms"
    SCHEDULE = "schedule"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. choices: its words, when it is one of a few."""

    name: str
    of: Of
    unit: Unit
    title: Words
    does: Words
    choices: tuple[str, ...] = ()


_ENFORCED: Final = tuple(Enforcement)

SETTINGS: Final = (
    Setting(
        "passback.entry",
        Of.AREA,
        Unit.WORD,
        Words("Coming in twice", "二重入室"),
        Words(
            "What happens when a card comes in whose holder is inside already: somebody may have lent it.",
            "すでに在室中の人のカードで入室しようとしたとき（貸し借りの疑い）の扱い。",
        ),
        _ENFORCED,
    ),
    Setting(
        "passback.exit",
        Of.AREA,
        Unit.WORD,
        Words("Leaving without having come in", "入室記録のない退室"),
        Words(
            "What happens when somebody leaves who was not recorded inside. It never holds anybody in: hard alarms.",
            "入室の記録がない人が退室するときの扱い。閉じ込めることはなく、「厳格」では警報を出す。",
        ),
        _ENFORCED,
    ),
    Setting(
        "passback.forgiven_after_s",
        Of.AREA,
        Unit.SECONDS,
        Words("Presence forgiven after", "在室記録の有効時間"),
        Words(
            "A presence this old no longer stands in the way of coming in again. 0: it never ages.",
            "これより古い在室記録は再入室を妨げない。0 は無期限。",
        ),
    ),
    Setting(
        "forgive_at",
        Of.AREA,
        Unit.CLOCK,
        Words("Presence forgiven every day at", "在室記録を毎日リセットする時刻"),
        Words(
            "At this time of the site's day everybody's presence here is forgiven, recorded as done by the schedule.",
            "拠点の時計でこの時刻に、この部屋の在室記録を全員分リセットし、予定による操作として記録する。",
        ),
    ),
    Setting(
        "company.size",
        Of.AREA,
        Unit.PEOPLE,
        Words("People needed to enter", "入室に必要な人数"),
        Words(
            "So many different people must present their cards together. 1: everybody may come alone.",
            "異なる人がこの人数そろってカードをかざす必要がある。1 なら一人で入室できる。",
        ),
    ),
    Setting(
        "company.within_s",
        Of.AREA,
        Unit.SECONDS,
        Words("Time for the next person", "次の人を待つ時間"),
        Words(
            "How soon the next person, or a visitor after the host, must present a card.",
            "次の人、または案内者に続く来訪者がカードをかざすまでの時間。",
        ),
    ),
    Setting(
        "company.most",
        Of.AREA,
        Unit.PEOPLE,
        Words("Most people inside", "在室人数の上限"),
        Words("How many may be inside at once. 0: any number.", "同時に在室できる人数。0 は制限なし。"),
    ),
    Setting(
        "company.most_by",
        Of.AREA,
        Unit.WORD,
        Words("When the room is full", "上限に達したとき"),
        Words("What happens to one more who wants to come in.", "上限を超えて入室しようとする人の扱い。"),
        _ENFORCED,
    ),
    Setting(
        "company.least",
        Of.AREA,
        Unit.PEOPLE,
        Words("Fewest people inside", "在室人数の下限"),
        Words(
            "2: nobody is ever alone here; the first two come together, the last two leave together. 0: any number.",
            "2 なら一人きりにならない（最初の二人は一緒に入り、最後の二人は一緒に出る）。0 は制限なし。",
        ),
    ),
    Setting(
        "company.least_by",
        Of.AREA,
        Unit.WORD,
        Words("When somebody would be alone", "下限を下回るとき"),
        Words(
            "Hard makes the first wait for company and alarms when one stays behind. Leaving is never refused.",
            "「厳格」では最初の人が同行者を待ち、一人が残ると警報を出す。退室は拒否しない。",
        ),
        _ENFORCED,
    ),
    Setting(
        "company.supervisor",
        Of.AREA,
        Unit.WORD,
        Words("A supervisor must be there", "責任者の立ち会い"),
        Words(
            "Whether somebody marked as supervisor must be inside, or come along, before others may enter.",
            "責任者が在室しているか同行していなければ入室できないようにするかどうか。",
        ),
        _ENFORCED,
    ),
    Setting(
        "fresh_s",
        Of.AREA,
        Unit.SECONDS,
        Words("Everybody enters while cut off for", "通信断でも全員入室できる時間"),
        Words(
            "How long after the centre was last heard everybody on the list may still enter.",
            "センターとの最後の確認から、許可された全員が入室を続けられる時間。",
        ),
    ),
    Setting(
        "essential_s",
        Of.AREA,
        Unit.SECONDS,
        Words("Essential staff enter while cut off for", "通信断でも必須要員が入室できる時間"),
        Words(
            "How long those named essential may still enter; afterwards nobody new. Leaving always works.",
            "必須要員が入室を続けられる時間。その後は新たに入室できない。退室はいつでもできる。",
        ),
    ),
    Setting(
        "clockless",
        Of.AREA,
        Unit.WORD,
        Words("While the time is not known", "時刻が不明なとき"),
        Words(
            "Who may enter under a rule of hours or validity while the door cannot tell the time.",
            "扉が時刻を確かめられない間、時間帯や期限のある許可で入室できる人。",
        ),
        tuple(Tier),
    ),
    Setting(
        "unheard",
        Of.AREA,
        Unit.WORD,
        Words("While another door of the room is not heard", "同じ部屋の別の扉と通信できないとき"),
        Words(
            "Whether rules about who is inside are enforced by what is known, only recorded, or let nobody in.",
            "在室に関する規則を、分かる範囲で適用するか、記録だけにするか、入室を止めるか。",
        ),
        tuple(Unheard),
    ),
    Setting(
        "release_ms",
        Of.DOOR,
        Unit.MILLISECONDS,
        Words("Lock released for", "解錠時間"),
        Words("How long the lock stays released after a card.", "カードの後、錠が開いている時間。"),
    ),
    Setting(
        "held_open_s",
        Of.DOOR,
        Unit.SECONDS,
        Words("Alarm when open for", "開放警報までの時間"),
        Words("How long the door may stand open before the alarm.", "扉が開いたままで警報になるまでの時間。"),
    ),
    Setting(
        "extended_ms",
        Of.DOOR,
        Unit.MILLISECONDS,
        Words("Lock released for, more time", "解錠時間（延長）"),
        Words("The same for people who need more time.", "時間を要する人のための解錠時間。"),
    ),
    Setting(
        "extended_held_open_s",
        Of.DOOR,
        Unit.SECONDS,
        Words("Alarm when open for, more time", "開放警報までの時間（延長）"),
        Words("The same for people who need more time.", "時間を要する人のための開放時間。"),
    ),
    Setting(
        "pre_alarm_s",
        Of.DOOR,
        Unit.SECONDS,
        Words("Warning before that alarm", "開放警報の予告"),
        Words(
            "How long before the alarm the door warns the people at it. 0: not.",
            "警報の何秒前に扉で予告するか。0 は予告なし。",
        ),
    ),
    Setting(
        "shunt_ms",
        Of.DOOR,
        Unit.MILLISECONDS,
        Words("Bounce of the door", "扉の跳ね返り"),
        Words(
            "An opening this soon after a closing is the door's bounce.",
            "閉じてからこの時間内の開きは跳ね返りとみなす。",
        ),
    ),
    Setting(
        "relock",
        Of.DOOR,
        Unit.WORD,
        Words("Locks again", "再施錠"),
        Words("When a released lock is secured again.", "解錠した錠を再び掛ける時点。"),
        tuple(Relock),
    ),
    Setting(
        "unlock",
        Of.DOOR,
        Unit.SCHEDULE,
        Words("Unlocked during", "解錠しておく時間帯"),
        Words(
            "Hours during which the door stands unlocked and asks for no card.",
            "カードなしで通れるよう扉を解錠しておく時間帯。",
        ),
    ),
    Setting(
        "unlock_first",
        Of.DOOR,
        Unit.YES,
        Words("Unlocked only once a supervisor came in", "責任者の入室後に解錠"),
        Words(
            "In those hours the door unlocks only after a supervisor has come in.",
            "その時間帯でも、責任者が入室するまでは解錠しない。",
        ),
    ),
    Setting(
        "may_hold",
        Of.DOOR,
        Unit.YES,
        Words("May be held open by a double swipe", "二度かざしによる開放保持"),
        Words(
            "People who may hold doors unlock this one by presenting twice, until they do it again or it restarts.",
            "権限のある人がカードを二度かざすと、もう一度かざすか再起動するまで解錠したままにする。",
        ),
    ),
    Setting(
        "tailgate_s",
        Of.DOOR,
        Unit.SECONDS,
        Words("Sign of a second person", "共連れの目安"),
        Words(
            "Open this long on one card is told as a sign that somebody followed. 0: not looked at.",
            "一枚のカードでこの時間以上開いていれば共連れの疑いとして知らせる。0 は見ない。",
        ),
    ),
    Setting(
        "exit_mode",
        Of.ACCESS_POINT,
        Unit.WORD,
        Words("Way out", "退室の方式"),
        Words(
            "Whether a card is needed to leave (with a sign-off only), is expected and recorded, or is not read.",
            "退室にカードを必須とする（承認が必要）か、記録のために求めるか、読まないか。",
        ),
        tuple(ExitMode),
    ),
    Setting(
        "card_again_s",
        Of.ACCESS_POINT,
        Unit.SECONDS,
        Words("Same card again after", "同じカードの再入室"),
        Words(
            "How soon the same card may come in again at this reader. 0: at once.",
            "このリーダーで同じカードが再び入室できるまでの時間。0 はすぐ。",
        ),
    ),
    Setting(
        "door_again_s",
        Of.ACCESS_POINT,
        Unit.SECONDS,
        Words("Same card again, if nobody came between", "同じカードの連続入室"),
        Words(
            "The same, as long as no other card came in since. 0: at once.",
            "間に他の人が入室していないときの、再び入室できるまでの時間。0 はすぐ。",
        ),
    ),
    Setting(
        "pin.asked",
        Of.PIN,
        Unit.YES,
        Words("A PIN after the card", "カードの後の暗証番号"),
        Words(
            "Whether people type a PIN after their card to come in. A PIN alone opens nothing; leaving never asks.",
            "入室時、カードの後に暗証番号の入力を求めるかどうか。暗証番号だけでは開かず、退室時は求めない。",
        ),
    ),
    Setting(
        "pin.card_alone",
        Of.PIN,
        Unit.SCHEDULE,
        Words("The card is enough during", "カードだけで入室できる時間帯"),
        Words(
            "Outside these hours it takes card and PIN. None: it always does.",
            "この時間帯以外はカードと暗証番号が必要。「なし」なら常に必要。",
        ),
    ),
    Setting(
        "pin.within_s",
        Of.PIN,
        Unit.SECONDS,
        Words("Time to type the PIN", "暗証番号を入力する時間"),
        Words(
            "How long after the card the PIN must be complete. 3 to 120 s.",
            "カードをかざしてから暗証番号を入力し終えるまでの時間。3～120 秒。",
        ),
    ),
    Setting(
        "pin.tries",
        Of.PIN,
        Unit.TIMES,
        Words("Wrong PINs until it is locked", "ロックされるまでの誤入力"),
        Words(
            "After so many wrong ones in a row that person's PIN is refused for a while. 1 to 20.",
            "この回数続けて間違えると、その人の暗証番号をしばらく受け付けない。1～20 回。",
        ),
    ),
    Setting(
        "pin.lockout_s",
        Of.PIN,
        Unit.SECONDS,
        Words("Locked for", "ロックの時間"),
        Words(
            "How long it is refused then; setting a new PIN ends it. 1 s to a day.",
            "その後受け付けない時間。新しい暗証番号を設定すると解除される。1 秒～1 日。",
        ),
    ),
    Setting(
        "pin.duress_opens",
        Of.PIN,
        Unit.YES,
        Words("A PIN under duress opens", "脅迫時の暗証番号で解錠"),
        Words(
            "Whether the door opens for it like for any other. The silent alarm is raised either way.",
            "脅迫時の暗証番号でも通常どおり扉を開けるかどうか。どちらの場合も無音の警報を出す。",
        ),
    ),
)

CHOICES: Final = {
    Enforcement.OFF: Words("off: not looked at", "なし：見ない"),
    Enforcement.SOFT: Words("soft: recorded", "記録：記録のみ"),
    Enforcement.HARD: Words("hard: refused on the way in, an alarm on the way out", "厳格：入室は拒否、退室は警報"),
    Tier.EVERYBODY: Words("everybody", "全員"),
    Tier.ESSENTIAL: Words("essential staff only", "必須要員のみ"),
    Tier.NOBODY: Words("nobody", "誰も入室できない"),
    Unheard.ENFORCE: Words("enforced by what is known", "分かる範囲で適用する"),
    Unheard.SOFTEN: Words("only recorded, and told", "記録だけにして知らせる"),
    Unheard.REFUSE: Words("nobody may enter", "入室を止める"),
    Relock.OPENED: Words("when the door is opened", "扉が開いたとき"),
    Relock.CLOSED: Words("when the door is closed again", "扉が閉じたとき"),
    ExitMode.CONTROLLED: Words("a card is needed to leave", "退室にカードが必要"),
    ExitMode.RECORDED: Words("a card is expected; the way out is open", "カードを求めるが、退室は妨げない"),
    ExitMode.FREE: Words("no card is read", "カードを読まない"),
}
"""What each word means, by the word."""

_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})
NONE: Final = Words("none", "なし")
YES: Final = Words("yes", "はい")
NO: Final = Words("no", "いいえ")


def settings_for(of: Of) -> tuple[Setting, ...]:
    return tuple(each for each in SETTINGS if each.of is of)


def by_name(name: str) -> Setting | None:
    return next((each for each in SETTINGS if each.name == name), None)


def read(setting: Setting, text: str) -> Value:
    """What a form or a command line says: a word, a whole number, yes or no, HH:MM; `none` or nothing where nothing is
    meant. ValueError with a sentence; whether the value is within its bounds is judged by the rules themselves."""
    said = text.strip()
    if setting.unit in (Unit.SCHEDULE, Unit.CLOCK) and said.lower() in ("", "none"):
        return None
    if setting.unit is Unit.WORD:
        return said
    if setting.unit is Unit.YES:
        if said.lower() not in _YES | _NO:
            raise ValueError("say yes or no")
        return said.lower() in _YES
    if setting.unit is Unit.CLOCK:
        hour, colon, minute = said.partition(":")
        if not (colon and _is_number(hour) and _is_number(minute) and int(minute) < 60):
            raise ValueError("say a time of day as HH:MM")
        return int(hour) * 60 + int(minute)
    if not _is_number(said):
        raise ValueError("say a whole number")
    return int(said)


def written(setting: Setting, value: Value) -> str:
    """The text that `read` reads as this value."""
    if value is None:
        return ""
    if setting.unit is Unit.YES:
        return "yes" if value else "no"
    if setting.unit is Unit.CLOCK and isinstance(value, int):
        return f"{value // 60:02}:{value % 60:02}"
    return str(value)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


def told(setting: Setting, value: object) -> Words:
    """The value in words; a schedule by its number."""
    if value is None:
        return NONE
    if setting.unit is Unit.YES:
        return YES if value else NO
    if isinstance(value, str):
        return CHOICES.get(value, Words(value, value))  # type: ignore[call-overload,no-any-return]
    if setting.unit is Unit.CLOCK and isinstance(value, int):
        text = f"{value // 60:02}:{value % 60:02}"
        return Words(text, text)
    if setting.unit is Unit.SECONDS and isinstance(value, int):
        return _duration(value)
    if setting.unit is Unit.PEOPLE:
        return Words(f"{value}", f"{value} 人")
    if setting.unit is Unit.TIMES:
        return Words(f"{value}", f"{value} 回")
    if setting.unit is Unit.MILLISECONDS:
        return Words(f"{value} ms", f"{value} ミリ秒")
    return Words(str(value), str(value))


def _duration(seconds: int) -> Words:
    for size, en, ja in ((86400, "d", "日"), (3600, "h", "時間"), (60, "min", "分")):
        if seconds and seconds % size == 0:
            return Words(f"{seconds // size} {en}", f"{seconds // size} {ja}")
    return Words(f"{seconds} s", f"{seconds} 秒")
