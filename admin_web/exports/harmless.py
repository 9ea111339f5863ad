"""Text that a spreadsheet or a terminal may show: nothing in it acts, hides or turns what stands around it.

The law: no character is dropped. What would be invisible or would reorder its neighbours stands as its name, [U+202E];
what would be read as a formula is kept, and marked as text by whoever writes the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from controller.formula import is_formula

_INVISIBLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: tabs and line ends too, since a cell is one line
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi, separators, no width
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # halves of characters and what XML forbids
    "\U000e0000-\U000e007f"  # tags
    "]"
)
_BEHIND_SEMICOLON = re.compile(r"(?<=;)[^;]+")


def named(character: str) -> str:
    """A character that cannot be shown, as its name."""
    return f"[U+{ord(character):04X}]"


def visible(text: str, told: Callable[[str], str] = named) -> str:
    """`text` with every invisible or reordering character replaced by its name, or by what else is `told` of it."""
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub(lambda found: told(found[0]), text)


def text_only(text: str) -> str:
    """`text` for a CSV: an apostrophe stands before whatever might be calculated, also behind a semicolon, where a
    spreadsheet of a country that separates by it begins a new cell."""
    shown = _BEHIND_SEMICOLON.sub(lambda part: _marked(part[0]), text) if ";" in text else text
    return _marked(shown)


def _marked(text: str) -> str:
    return f"'{text}" if is_formula(text) else text
