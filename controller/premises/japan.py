"""Japan's public holidays, with those that the law moves or adds, and what they are called in English.

Which days they are says the library (Act on National Holidays, with substitute holidays, days between two holidays,
and the special laws of 2019 to 2021); equinoxes of years that the government has not yet announced are computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import jpholiday

_SUBSTITUTE = " 振替休日"
_ENGLISH: Mapping[str, str] = {
    "元日": "New Year's Day",
    "成人の日": "Coming of Age Day",
    "建国記念の日": "National Foundation Day",
    "天皇誕生日": "The Emperor's Birthday",
    "春分の日": "Vernal Equinox Day",
    "昭和の日": "Showa Day",
    "憲法記念日": "Constitution Day",
    "みどりの日": "Greenery Day",
    "こどもの日": "Children's Day",
    "海の日": "Marine Day",
    "山の日": "Mountain Day",
    "敬老の日": "Respect for the Aged Day",
    "秋分の日": "Autumnal Equinox Day",
    "スポーツの日": "Sports Day",
    "体育の日": "Health and Sports Day",
    "文化の日": "Culture Day",
    "勤労感謝の日": "Labour Thanksgiving Day",
    "国民の休日": "Citizens' Holiday",
    "天皇の即位の日": "Day of the Emperor's Accession",
    "即位礼正殿の儀": "Day of the Enthronement Ceremony",
}


@lru_cache(maxsize=256)
def public_holidays(year: int) -> tuple[tuple[date, str, str], ...]:
    """(day, English name, Japanese name) of one year, in order."""
    found = sorted(jpholiday.year_holidays(year))
    return tuple((date(day.year, day.month, day.day), english(name), name) for day, name in found)


def english(name: str) -> str:
    """What it is called in English; the Japanese name itself when a new law has brought one that is not known here."""
    own = name.removesuffix(_SUBSTITUTE)
    known = _ENGLISH.get(own, own)
    return known if own == name else f"Substitute holiday for {known}"
