"""Showing times and names: always in the site's zone, in the language of the reader."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from flask import g, request
from flask_babel import get_locale, gettext
from markupsafe import Markup

from admin_web.centre import centre, now
from contract.reader_kinds import Words
from controller.people.operator import Operator
from controller.people.validity import EARLIEST, LATEST

LANGUAGES = ("en", "ja")
LANGUAGE_COOKIE = "sekisho_language"
_TURNING = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


class Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def name_ja(self) -> str: ...


def language() -> str:
    """The operator's own choice, the cookie's, the browser's, or English."""
    who: Operator | None = g.get("operator")
    chosen = (who.language if who else "") or request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


def named(thing: Named | None) -> str:
    """The name of a room, door or schedule in the reader's language."""
    if thing is None:
        return ""
    return thing.name_ja if str(get_locale()) == "ja" and thing.name_ja else thing.name


def said(words: Words) -> str:
    """A sentence that comes in both languages, in the reader's."""
    return words.ja if str(get_locale()) == "ja" else words.en


def isolated(text: str) -> Markup:
    """What somebody wrote, within a sentence: it turns nothing outside of it."""
    return Markup("<bdi>{}</bdi>").format(text)


def turned(text: str) -> bool:
    """Whether `text` holds characters that change the direction of writing: it may not be what it looks like."""
    return any(unicodedata.bidirectional(each) in _TURNING for each in text)


def zone() -> ZoneInfo:
    """The site's clock."""
    if "zone" not in g:
        with centre().read() as session:
            g.zone = centre().site(session).clock
    found = g.zone
    return found if isinstance(found, ZoneInfo) else ZoneInfo("UTC")


def clock(moment: datetime | None, seconds: bool = False) -> Markup:
    """A <time> element: the site's clock for people, UTC for machines."""
    if moment is None:
        return Markup("")
    local = moment.astimezone(zone())
    text = local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(utc(moment), local.tzname() or "", text)


def leaving(moment: datetime) -> Markup:
    """A <time> element: the last day when the minute is its end, as in files of people."""
    local = moment.astimezone(zone())
    if (local.hour, local.minute) != (0, 0):
        return clock(moment)
    text = gettext("end of %(day)s", day=(local - timedelta(days=1)).strftime("%Y-%m-%d"))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(utc(moment), local.tzname() or "", text)


def briefly(moment: datetime) -> Markup:
    """A <time> element as short as it stays clear on a page that shows today: the hour, or the day before it."""
    local = moment.astimezone(zone())
    text = local.strftime("%H:%M:%S" if local.date() == now().astimezone(local.tzinfo).date() else "%m-%d %H:%M")
    return Markup('<time datetime="%s">%s</time>') % (utc(moment), text)


def hour(moment: datetime) -> Markup:
    """A <time> element with the hour alone, large enough to be read from afar; its day stands beside it."""
    local = moment.astimezone(zone())
    return Markup('<time datetime="{}">{}</time> <small>{}</small>').format(
        utc(moment), local.strftime("%H:%M:%S"), local.strftime("%Y-%m-%d")
    )


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC, as the API writes moments."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_moment(text: str) -> datetime | None:
    """What a date-time field holds, read on the site's clock unless it names an offset, as our links do; None when
    empty; ValueError when it is not a moment."""
    if not text.strip():
        return None
    found = datetime.fromisoformat(text.strip())
    if not EARLIEST.year <= found.year < LATEST.year:
        raise ValueError("no year that a permission may lie in")
    return (found if found.tzinfo else found.replace(tzinfo=zone())).astimezone(UTC)


def field_moment(moment: datetime, seconds: bool = False) -> str:
    """A moment as a date-time field wants it."""
    return moment.astimezone(zone()).strftime("%Y-%m-%dT%H:%M:%S" if seconds else "%Y-%m-%dT%H:%M")
