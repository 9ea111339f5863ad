"""Fonts of this machine that a PDF may carry within it: Japanese ones, and others for the characters that they lack.

All of them are free: the SIL Open Font License, the IPA Font License and Bitstream's allow a document to embed them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from admin_web.exports.glyphs import Characters, characters

_SHARED = Path("/usr/share/fonts")


@dataclass(frozen=True, slots=True)
class Face:
    """family: as it names itself; place: of its file, below the distribution's folder of fonts."""

    family: str
    place: str


JAPANESE = (
    Face("Noto Sans CJK JP", "opentype/noto/NotoSansCJK-Regular.ttc"),
    Face("IPAexGothic", "opentype/ipaexfont-gothic/ipaexg.ttf"),
    Face("IPAGothic", "opentype/ipafont-gothic/ipag.ttf"),
)
"""From fonts-noto-cjk, fonts-ipaexfont-gothic and fonts-ipafont-gothic; the first one that is there is taken."""
BESIDE = (
    Face("IPAmjMincho", "truetype/ipamj/ipamjm.ttf"),
    Face("DejaVu Sans", "truetype/dejavu/DejaVuSans.ttf"),
)
"""For rare forms of kanji, and for other writing."""


@dataclass(frozen=True, slots=True)
class Fonts:
    """families: in the order in which a character is looked for; files: in the same order."""

    families: Sequence[str]
    files: Sequence[Path]

    def characters(self) -> Sequence[Characters]:
        return [characters(each) for each in self.files]


def installed(shared: Path = _SHARED) -> Fonts | None:
    """The fonts of this machine; None while none of them is Japanese."""
    japanese = [each for each in JAPANESE if (shared / each.place).is_file()]
    if not japanese:
        return None
    chosen = [japanese[0], *(each for each in BESIDE if (shared / each.place).is_file())]
    return Fonts([each.family for each in chosen], [shared / each.place for each in chosen])
