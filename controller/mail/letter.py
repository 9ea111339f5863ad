"""A letter: subject and text, in English and then in Japanese, of what happened, where and when.

The law: the subject holds the site, what kind of news it is and how much of it, and nothing else; no person is named
anywhere. A name of a place is one line of printable text here, whatever somebody entered, so it can neither add a
header nor look like a part of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.reader_kinds import Words
from controller.premises.site import Site

SUBJECT_LIMIT: Final = 300
_SITE_LIMIT = 80
_MORE = Words("and {count} more", "ほか {count} 件")
_LINK = Words("Look at them: {link}", "確認：{link}")
_ZONE = Words("Times are those of {zone}.", "時刻は {zone} の時刻です。")
_ROBOT = Words(
    "Sekisho sent this by itself; nobody reads an answer.",
    "このメールは Sekisho が自動で送信しました。返信は読まれません。",
)
_BETWEEN = "\n\n----------------------------------------\n\n"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, the first of its lines, and how many there are in all."""

    heading: Words
    lines: Sequence[Words]
    count: int


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    body: str


def written(site: Site, what: Words, sections: Sequence[Section], link: str) -> Letter:
    """The letter about `what` (kind of news and count), with the page to look at."""
    names = Words(one_line(site.name)[:_SITE_LIMIT], one_line(site.name_ja)[:_SITE_LIMIT])
    subject = f"[{names.en}] {what.en} / {what.ja}"
    texts = [_text(language, names, sections, link, site.zone) for language in (_english, _japanese)]
    return Letter(subject[:SUBJECT_LIMIT], _BETWEEN.join(texts) + "\n")


def one_line(text: str) -> str:
    """`text` without what would end a line or could not be seen."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def moment(site: Site, at: datetime) -> str:
    """A moment on the site's clock."""
    return f"{at.astimezone(site.clock):%Y-%m-%d %H:%M}"


def _english(words: Words) -> str:
    return words.en


def _japanese(words: Words) -> str:
    return words.ja


def _text(said: Callable[[Words], str], names: Words, sections: Sequence[Section], link: str, zone: str) -> str:
    parts = [said(names)]
    for section in sections:
        lines = [said(section.heading), *(f"- {one_line(said(line))}" for line in section.lines)]
        if section.count > len(section.lines):
            lines.append(f"- {said(_MORE).format(count=section.count - len(section.lines))}")
        parts.append("\n".join(lines))
    parts.append("\n".join((said(_LINK).format(link=link), said(_ZONE).format(zone=zone), said(_ROBOT))))
    return "\n\n".join(parts)
