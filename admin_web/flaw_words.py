"""The flaws of a card format's layout in the language of the reader.

The contract tells them in English, for commands and the API. Each sentence here is the pattern by which one of those is
known again; a sentence that is not known stands as it is.
"""

from __future__ import annotations

import re
from typing import Final

from flask_babel import gettext


def _(sentence: str) -> str:
    """Names a sentence for the catalogue; it is translated when it is told."""
    return sentence


SENTENCES: Final = (
    _("the name %(name)s must be 1 to 32 letters, digits and hyphens; rename it"),
    _("the name %(name)s is taken by a published format; rename it"),
    _("length %(length)s must be from %(least)s to %(most)s bits; correct it"),
    _("no class of reader delivers it; list one or more of %(sources)s in sources"),
    _("%(owner)s has bit %(bits)s, but a frame of %(length)s bits ends at %(last)s"),
    _("bit %(bit)s belongs to %(first)s and to %(second)s; leave it in one of them"),
    _('nothing says what bit %(bits)s is; if it means nothing, write unused = "%(again)s"'),
    _("there is no field 'number'; name the bits of the card number"),
    _("field %(name)s has no bits; list them"),
    _("parity %(number)s covers bit %(bits)s, but the frame ends at %(last)s"),
    _("parity %(number)s covers bit %(bits)s, a parity listed after it; list that one first"),
    _("parity %(number)s covers nothing; list the bits it covers"),
    _("parity %(number)s covers a bit twice, which is not covering it; list every bit once"),
    _("parity %(number)s covers its own bit %(bit)s; leave it out"),
    _("'%(text)s' is not a bit or a span of bits; write 9 or 9-24, joined by commas"),
    _("%(field)s is not an integer from %(least)s to %(most)s"),
)
_WHICH = re.compile(r"format 1(?: \('.*?'\))?: ")


def told(flaw: str) -> str:
    """The sentence about the one format that is being described, in the reader's language if it is known."""
    plain = _WHICH.sub("", flaw, count=1)
    for sentence in SENTENCES:
        found = _pattern(sentence).fullmatch(plain)
        if found is not None:
            return str(gettext(sentence, **found.groupdict()))
    return plain


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = re.split(r"%\((\w+)\)s", sentence)
    return re.compile(
        "".join(f"(?P<{each}>.+?)" if place % 2 else re.escape(each) for place, each in enumerate(pieces))
    )
