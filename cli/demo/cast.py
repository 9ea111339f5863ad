"""Who is in the demo building: operators and cardholders, and which rooms they may enter. Names only, no secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """One cardholder. `areas`: (area key, schedule name or None for always). `lost`: the card was reported lost."""

    name: str
    kana: str
    number: str
    areas: tuple[tuple[str, str | None], ...]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class OperatorPart:
    """One operator: sign-in name, shown name, role."""

    name: str
    display_name: str
    role: str


HALLWAY: Final = ("hallway", None)
CEDAR: Final = ("cedar-room", None)
MAPLE: Final = ("maple-room", None)
OFFICE_HOURS: Final = "Office hours"
HALLWAY_BY_DAY: Final = ("hallway", OFFICE_HOURS)
CEDAR_BY_DAY: Final = ("cedar-room", OFFICE_HOURS)
MAPLE_BY_DAY: Final = ("maple-room", OFFICE_HOURS)

OPERATORS: Final = (
    OperatorPart("kim", "Kim", "security-admin"),
    OperatorPart("mia", "Mia", "security-admin"),
    OperatorPart("olu", "Olu", "auditor"),
    OperatorPart("pia", "Pia", "privacy-officer"),
)

PEOPLE: Final = (
    Person("Ada", "エイダ", "1001", (HALLWAY, CEDAR, MAPLE)),
    Person("Ben", "ベン", "1002", (HALLWAY,)),
    Person("Eve", "イヴ", "1003", (HALLWAY, CEDAR), lost=True),
    Person("佐藤 美咲", "サトウ ミサキ", "1011", (HALLWAY, CEDAR, MAPLE)),
    Person("鈴木 大輔", "スズキ ダイスケ", "1012", (HALLWAY, CEDAR)),
    Person("高橋 結衣", "タカハシ ユイ", "1013", (HALLWAY, CEDAR_BY_DAY, MAPLE_BY_DAY)),
    Person("田中 健一", "タナカ ケンイチ", "1014", (HALLWAY, CEDAR_BY_DAY)),
    Person("伊藤 さくら", "イトウ サクラ", "1015", (HALLWAY, CEDAR)),
    Person("渡辺 翔太", "ワタナベ ショウタ", "1016", (HALLWAY,)),
    Person("山本 葵", "ヤマモト アオイ", "1017", (HALLWAY, MAPLE)),
    Person("中村 直樹", "ナカムラ ナオキ", "1018", (HALLWAY_BY_DAY,)),
    Person("小林 真由", "コバヤシ マユ", "1019", (HALLWAY_BY_DAY,)),
    Person("加藤 隆", "カトウ タカシ", "1020", (HALLWAY_BY_DAY,)),
    Person("吉田 陽子", "ヨシダ ヨウコ", "1021", (HALLWAY, MAPLE_BY_DAY)),
    Person("山田 太郎", "ヤマダ タロウ", "1022", (HALLWAY, CEDAR_BY_DAY)),
)
