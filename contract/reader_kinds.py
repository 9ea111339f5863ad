"""What each kind of reader is worth, in the words that installers and admins read: supervised, encrypted, how strong.

The law: this is the one place where it is said. The table of docs/installer/readers.md equals it, an agent reports its
readers by these words when it starts, and the pages show what they mean.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """The same sentence in English and in Japanese."""

    en: str
    ja: str


@dataclass(frozen=True, slots=True)
class KindOfReader:
    """`kind` and `framing` are the words of the wiring file (`framing` empty: it has none)."""

    kind: str
    framing: str
    device: Words
    supervised: Words
    encrypted: Words
    strength: Words

    @property
    def word(self) -> str:
        """The one word for it: the framing, or the kind where there is none."""
        return self.framing or self.kind

    @property
    def may_have_keys(self) -> bool:
        """Whether keys of a keypad can come in by it: a serial line brings cards only."""
        return self.kind != "serial"


_PORT: Final = Words(
    "The port only: a pulled plug is told, a dead reader is not.",
    "ポートのみ：抜けた接続は通知されるが、故障したリーダーは分からない。",
)
_ASKED: Final = Words(
    "Yes: a reader that does not answer within a second is told.",
    "あり：1 秒以内に応答しないリーダーは通知される。",
)
_STUCK: Final = Words(
    "No: only a line that stays low is told; an unplugged reader looks idle.",
    "なし：低レベルのまま固まった線だけが通知され、外されたリーダーは待機中に見える。",
)
_BUS: Final = Words(
    "Yes: line, reader tamper and answers are watched all the time.",
    "あり：回線、リーダーの不正開封、応答を常に監視する。",
)
_PLAIN: Final = Words("No.", "なし。")
_SECURE: Final = Words(
    "Yes: Secure Channel (AES-128), with a key of its own for each reader.",
    "あり：セキュアチャネル（AES-128）。リーダーごとに専用の鍵を使う。",
)
_SIGNED_FOR: Final = Words(
    "No: the installer has signed for it in writing.",
    "なし：設置者が書面で承認している。",
)
_COPIED: Final = Words(
    "Weak: a number in the clear that a handheld device copies in seconds.",
    "弱い：平文の番号であり、携帯機器で数秒で複製できる。",
)
_NUMBER: Final = Words(
    "As the card: a serial number in the clear is weak, whatever the card could do.",
    "カードによる：カードの能力にかかわらず、平文の番号だけなら弱い。",
)
_TAPPED: Final = Words(
    "Weak: two wires behind the reader record and repeat any card.",
    "弱い：リーダー裏の 2 本の線で、どのカードも記録・再生できる。",
)
_AS_CARD: Final = Words(
    "As the card: the line is strong; with a serial number only, the card is the weak part.",
    "カードによる：回線は強いが、番号だけのカードなら弱点はカードである。",
)


def _same(text: str) -> Words:
    return Words(text, text)


def _line(framing: str, en: str, ja: str) -> KindOfReader:
    return KindOfReader("serial", framing, Words(en, ja), _PORT, _PLAIN, _NUMBER)


KINDS_OF_READER: Final = (
    KindOfReader("osdp", "", _same("OSDP v2.2, Secure Channel"), _BUS, _SECURE, _AS_CARD),
    KindOfReader(
        "osdp", "osdp-in-the-clear", Words("OSDP v2.2, in the clear", "OSDP v2.2（平文）"), _BUS, _SIGNED_FOR, _TAPPED
    ),
    KindOfReader("wiegand", "", _same("Wiegand D0/D1"), _STUCK, _PLAIN, _TAPPED),
    KindOfReader("serial", "twn4", _same("Elatec TWN4"), _ASKED, _PLAIN, _NUMBER),
    KindOfReader("serial", "id-12la", _same("ID-12LA, ID-20LA"), _PORT, _PLAIN, _COPIED),
    KindOfReader("serial", "rdm6300", _same("RDM6300"), _PORT, _PLAIN, _COPIED),
    KindOfReader("serial", "stx-etx-hex", _same("EM4100, STX … ETX"), _PORT, _PLAIN, _COPIED),
    KindOfReader("serial", "gwiot-7941", _same("Gwiot 7941E"), _PORT, _PLAIN, _COPIED),
    _line("line-hex", "Lines of hex digits", "16 進数の行"),
    _line("line-decimal", "Lines of decimal digits", "10 進数の行"),
    _line("enclosed-hex", "Hex digits, STX … ETX", "16 進数、STX … ETX"),
    _line("enclosed-decimal", "Decimal digits, STX … ETX", "10 進数、STX … ETX"),
    _line("enclosed-hex-lrc", "Hex digits, STX … ETX, LRC", "16 進数、STX … ETX、LRC"),
    _line("enclosed-decimal-lrc", "Decimal digits, STX … ETX, LRC", "10 進数、STX … ETX、LRC"),
)


_BY_WORD: Final = {each.word: each for each in KINDS_OF_READER}


def kind_of_reader(word: str) -> KindOfReader | None:
    """What a reader is worth, by the word with which an agent reports it; None for one that is not known here."""
    return _BY_WORD.get(word)
