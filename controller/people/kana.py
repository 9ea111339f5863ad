"""How kana and romaji sound, in one spelling: whichever way a name is written down, it is found.

The spelling is Kunrei's, with everything levelled in which people and machines differ: Hepburn (`shi`, `tsu`, `fu`,
`ja`), long vowels (`ou`, `oo`, `oh`, ー; a macron is taken off before), doubled letters (っ, `nn`), `m` before `b`, `m`
and `p`, small kana (bank forms have none: シヨウ). It is no reading for people, and never shown.

The law: a beginning of what is typed sounds like a beginning of the whole wherever a syllable ends, so that a search
finds more and more while somebody types.
"""

from __future__ import annotations

import re
from typing import Final

_COLUMNS: Final = {
    "": "あいうえお", "k": "かきくけこ", "s": "さしすせそ", "t": "たちつてと", "n": "なにぬねの", "h": "はひふへほ",
    "m": "まみむめも", "r": "らりるれろ", "g": "がぎぐげご", "z": "ざじずぜぞ", "d": "だぢづでど", "b": "ばびぶべぼ",
    "p": "ぱぴぷぺぽ",
}  # fmt: skip
_OTHERS: Final = {
    "や": "ya", "ゆ": "yu", "よ": "yo", "わ": "wa", "ゐ": "i", "ゑ": "e", "を": "o", "ん": "n", "っ": "", "ー": "",
    "ゔ": "bu", "ぢ": "zi", "づ": "zu",
}  # fmt: skip
_SMALL: Final = str.maketrans("ぁぃぅぇぉゃゅょゎゕゖ", "あいうえおやゆよわかけ")
_KANA: Final = str.maketrans(
    {kana: row + vowel for row, column in _COLUMNS.items() for kana, vowel in zip(column, "aiueo", strict=True)}
    | _OTHERS
)
_FOREIGN: Final = tuple(
    {"てぃ": "ti", "でぃ": "di", "とぅ": "tu", "どぅ": "du", "うぃ": "wi", "うぇ": "we", "うぉ": "wo"}.items()
)
"""Two kana for one syllable that romaji writes with two letters."""

_LEVELLED: Final = tuple(
    (re.compile(found), told)
    for found, told in (
        (r"ts", "t"),
        (r"dz", "z"),
        (r"tch|ch", "t~"),
        (r"sh", "s~"),
        (r"jy?|dy", "z~"),
        (r"~(?=[auo])", "iy"),
        (r"~(?=e)", "i"),
        (r"~", ""),
        (r"f(?=[aieo])", "hu"),
        (r"f", "h"),
        (r"d(?=[iu])", "z"),
        (r"v(?=[aieo])", "bu"),
        (r"v", "b"),
        (r"m(?=[bmp])", "n"),
        (r"(?<=[bdghkmnprstz])y", "iy"),
        (r"oh(?![aiueoy])", "o"),
        (r"o[ou]+", "o"),
        (r"([aiue])\1+", r"\1"),
        (r"([bcdfghjklmnpqrstvwxyz])\1+", r"\1"),
    )
)


def sound(word: str) -> str:
    """How a word of hiragana or small Latin letters sounds; other characters stay as they are."""
    for kana, romaji in _FOREIGN:
        word = word.replace(kana, romaji)
    word = word.translate(_SMALL).translate(_KANA)
    for found, told in _LEVELLED:
        word = found.sub(told, word)
    return word
