"""One line of text as people give it: a name, a staff number. Trimmed and never cut: a cut name is another name."""

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
