"""Showing times and names: always in the site's zone, in the language of the reader."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from flask import g, request
from flask_babel import get_locale, gettext
from markupsafe import Markup

from admin_web import cookies
from admin_web.centre import centre, now
from contract.reader_kinds import Words
from controller.people.operator import Operator
from controller.people.validity import EARLIEST, LATEST

LANGUAGES = ("en", "ja")
_TURNING = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


class Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def name_ja(self) -> str: ...


def language() -> str:
    """The operator's own choice, the cookie's, the browser's, or English."""
    who: Operator | None = g.get("operator")
    chosen = (who.language if who else "") or cookies.read(cookies.LANGUAGE)
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


def named(thing: Named | None) -> str:
    """The name of a room, door or schedule in the reader's language."""
    return "" if thing is None else namer()(thing)


def labelled(thing: Named) -> str:
    """The same in a field that also offers what is out of service: which says so."""
    is_retired = getattr(thing, "retired_at", None) is not None
    return str(gettext("%(name)s (retired)", name=named(thing))) if is_retired else named(thing)


def namer() -> Callable[[Named], str]:
    """`named` for a page that says hundreds of names: the language is asked for once."""
    if str(get_locale()) == "ja":
        return lambda thing: thing.name_ja or thing.name
    return lambda thing: thing.name


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
    return brief()(moment)


def brief() -> Callable[[datetime], Markup]:
    """`briefly` for a page that says hundreds of moments: the site's clock and its day are looked at once."""
    clock_of_site = zone()
    today = now().astimezone(clock_of_site).date()

    def said_briefly(moment: datetime) -> Markup:
        local = moment.astimezone(clock_of_site)
        text = f"{local:%H:%M:%S}" if local.date() == today else f"{local:%m-%d %H:%M}"
        return Markup(f'<time datetime="{utc(moment)}">{text}</time>')  # noqa: S704 - digits and signs of our own

    return said_briefly


def marked(table: Mapping[str, Any], css: str) -> dict[str, Markup]:
    """Every word of a table as a mark of its own shape, in the language of this request; css: the classes, to whose
    end the key is put."""
    mark = Markup('<span class="{}{}">{}</span>')
    return {key: mark.format(css, key, str(said_as)) for key, said_as in table.items()}


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
