"""One line of text as people give it: a name, a staff number, a reason. Names are never cut: a cut name is another."""

from __future__ import annotations

import unicodedata

from controller.refusal import Refused


def told(text: str, longest: int = 120) -> str:
    """The line as it is kept; Refused name-missing, text-wrong."""
    found = text.strip()
    if not found:
        raise Refused("name-missing")
    if len(found) > longest or any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in found):
        raise Refused("text-wrong")
    return found


def told_twice(name: str, name_ja: str) -> tuple[str, str]:
    """A name in English and Japanese; the English one serves for both when there is no other."""
    english = told(name)
    return english, told(name_ja) if name_ja.strip() else english


def reason(given: str) -> str:
    """Why something is done, trimmed, at most 400 characters; Refused reason-missing."""
    found = given.strip()[:400]
    if not found:
        raise Refused("reason-missing")
    return found


def opening(why: str) -> dict[str, str]:
    """What a row of the ledger opens of a reason; nothing where none was asked for."""
    return {"reason": why} if why else {}
