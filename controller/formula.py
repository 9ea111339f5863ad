"""What a spreadsheet might calculate, although it is somebody's name.

The law: one answer for every file that leaves the house.
"""

from __future__ import annotations

import re
import unicodedata

_SIGNS = frozenset("=+-@\u2212")
_STARTS = re.compile(r"\A[\s\u200c\u200d]*(.)", re.DOTALL)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might calculate `text`: full-width forms and what stands behind blanks count, too."""
    if text[:1].isascii() and text[:1].isalnum():
        return False
    found = _STARTS.match(text)
    return found is not None and unicodedata.normalize("NFKC", found[1])[:1] in _SIGNS
