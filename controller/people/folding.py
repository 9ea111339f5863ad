"""Folded keys: what a search compares instead of the names themselves. They stand in the database beside the name.

A key holds the words of what it was made from, each as it is written (`plain`) and as it sounds (`kana.sound`), and all
of them in one: Japanese names are written with and without a space. A search looks for its terms anywhere in a key.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from controller.people.kana import sound
from controller.people.kanji import VARIANTS

LONGEST_KEY: Final = 600
"""In characters. PostgreSQL takes no more than 2,704 bytes into an index; only nonsense is cut."""
MOST_TERMS: Final = 8

_WITHIN_WORDS: Final = frozenset("'’‘ʼ`")
_HIRAGANA: Final = str.maketrans({chr(code): chr(code - 0x60) for code in range(0x30A1, 0x30F7)})


def key(*texts: str) -> str:
    """The key of a name, its reading, a number …"""
    found = dict[str, None]()
    for text in texts:
        words = plain(text)
        for word in ("".join(words), *words):
            found |= dict.fromkeys((word, sound(word)))
    return _apart(found)[:LONGEST_KEY]


def terms(text: str) -> Sequence[Sequence[str]]:
    """What must stand in a key, one by one, each in any of its spellings."""
    return [tuple(dict.fromkeys((word, sound(word)))) for word in plain(text)[:MOST_TERMS]]


def plain(text: str) -> Sequence[str]:
    """The words of `text`, without width, case, accents, kind of kana and variants of kanji."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_HIRAGANA).translate(VARIANTS)
    return "".join(_letter(each) for each in unicodedata.normalize("NFC", folded)).split()


def _letter(each: str) -> str:
    """The character as it is compared: nothing of what is not seen, a space for what stands between words."""
    category = unicodedata.category(each)
    if each in _WITHIN_WORDS or category in ("Cf", "Mn", "Me", "Cs"):
        return ""
    base = unicodedata.normalize("NFD", each)[0]
    if base.isascii() and base.isalpha():
        return base
    return each if each.isalnum() or each == "ー" or category == "So" else " "


def _apart(words: Iterable[str]) -> str:
    """The words with a space between, without those that stand in another one anyway."""
    found = list[str]()
    for word in sorted(words, key=len, reverse=True):
        if not any(word in each for each in found):
            found.append(word)
    return " ".join(found)
