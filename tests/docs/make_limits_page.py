"""Writes the tables of docs/security/limits.md from the constants that bound what anybody may do.

Run it as `python -m tests.docs.make_limits_page`; a test holds the page to it, and the page to every constant of the
centre that is called `MOST…` or `LONGEST…`.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security" / "limits.md"


@dataclass(frozen=True, slots=True)
class Bound:
    """said: what is bounded; module, name: by which constant; unit: of its number."""

    said: str
    module: str
    name: str
    unit: str = ""


_OPERATORS = (
    Bound("failures of an account before its source waits", "controller.people.sign_in_failure", "FREE_FAILURES"),
    Bound("… and at most for so long", "controller.people.sign_in_failure", "LONGEST_CLOSURE"),
    Bound("failures of all strangers before all wait", "controller.people.sign_in_failure", "FREE_FOR_ALL"),
    Bound("… and at most for so long", "controller.people.sign_in_failure", "LONGEST_FOR_ALL"),
    Bound("a failure is forgotten after", "controller.people.sign_in_failure", "FORGOTTEN_AFTER"),
    Bound("a password has at least", "controller.people.password", "SHORTEST", "characters"),
    Bound("… and at most", "controller.people.password", "LONGEST", "characters"),
    Bound("passwords that are judged at once", "admin_web.confirming", "AT_ONCE"),
    Bound("an answer of a passkey", "admin_web.confirming", "LONGEST_ANSWER", "bytes"),
    Bound("a session lives", "controller.people.operator_session", "SESSION_LIFE"),
    Bound("… and idles", "controller.people.operator_session", "SESSION_IDLE"),
    Bound("half a sign-in waits for its second step", "controller.people.signing_in", "HALF_WAY_LIFE"),
    Bound("a one-time link serves", "controller.people.operator", "LINK_LIFE"),
    Bound("passkeys of an operator", "controller.people.passkey", "MOST"),
    Bound("a challenge of a passkey serves", "controller.people.passkey", "CHALLENGE_LIFE"),
    Bound("recovery codes", "controller.people.second_factor", "RECOVERY_CODES"),
    Bound("accounts of the provider linked to an operator", "controller.people.provider_identity", "MOST"),
    Bound("an address of the provider", "admin_web.openid.settings", "LONGEST_ADDRESS", "characters"),
    Bound("an answer of the provider", "admin_web.openid.wire", "LARGEST", "bytes"),
    Bound("questions to the provider at once", "admin_web.openid.provider", "AT_ONCE"),
)  # fmt: skip
_PEOPLE = (
    Bound("a permission for a private room lasts", "controller.people.permission", "LONGEST_PRIVATE"),
    Bound("permissions that one bundle asks for or ends", "controller.people.bundle", "MOST"),
    Bound("rooms of an access level", "controller.people.level_change", "MOST_ROOMS"),
    Bound("a card's uses, where they are limited", "controller.people.card_state", "MOST_USES"),
    Bound("a card's days, where they are limited", "controller.people.card_state", "MOST_DAYS"),
    Bound("cards counted by one count", "controller.people.custody", "MOST_COUNTED"),
    Bound("words of a search", "controller.people.folding", "MOST_TERMS"),
    Bound("what is kept for searching", "controller.people.folding", "LONGEST_KEY", "characters"),
    Bound("a PIN has at least", "contract.pin", "SHORTEST", "digits"),
    Bound("… and at most", "contract.pin", "LONGEST", "digits"),
    Bound("a file of people", "controller.people.roster_file", "LONGEST", "bytes"),
    Bound("… and its rows", "controller.people.roster_file", "MOST_ROWS"),
    Bound("… sent in a form", "admin_web.roster", "LONGEST_FILE", "bytes"),
    Bound("… and its plan, which comes back", "admin_web.roster", "LONGEST_PLAN", "bytes"),
    Bound("a picture", "controller.picture", "LONGEST", "bytes"),
    Bound("… and its points, of a plan or a photo", "controller.picture", "MOST_POINTS"),
    Bound("… sent in a form", "admin_web.pictures", "LONGEST_FORM", "bytes"),
    Bound("… sent to the API", "admin_web.pictures", "LONGEST_BODY", "bytes"),
)
_PREMISES = (
    Bound("people who enter together", "controller.premises.area", "MOST_TOGETHER"),
    Bound("days of a calendar", "controller.premises.calendar", "MOST_DAYS"),
    Bound("intervals of a schedule", "controller.premises.schedule", "MOST_INTERVALS"),
    Bound("exceptions of a schedule", "controller.premises.schedule", "MOST_EXCEPTIONS"),
    Bound("calendars of a schedule", "controller.premises.schedule", "MOST_CALENDARS"),
    Bound("names of the card formats of a reader", "controller.premises.door", "LONGEST_FORMATS", "characters"),
    Bound("card formats of a site", "contract.site_formats", "MOST_FORMATS"),
    Bound("floor plans", "controller.premises.floor_plan", "MOST"),
    Bound("how long a list may be unconfirmed", "controller.premises.rules", "LONGEST_FRESH_S", "seconds"),
)
_RECORD = (
    Bound("rows of a page of the API", "admin_web.api.fields", "MOST"),
    Bound("rows of a page of the access log", "controller.record.enquiry", "MOST_ROWS"),
    Bound("findings judged at once", "controller.record.judgement", "MOST_AT_ONCE"),
    Bound("saved reports", "controller.record.saved_report", "MOST"),
    Bound("days that a report asks back", "admin_web.reports.asking", "MOST_DAYS"),
    Bound("marks of a room's timeline", "controller.delivery.room_timeline", "MOST_MARKS"),
    Bound("stays of a room's timeline", "controller.delivery.room_timeline", "MOST_STAYS"),
    Bound("marks of a person's timeline", "controller.record.person_timeline", "MOST"),
    Bound("doors that an end of a card names; more are counted", "controller.delivery.receipts", "MOST_NAMED"),
    Bound("rows of a PDF", "admin_web.exports.pdf_file", "MOST_ROWS"),
    Bound("rows of a workbook", "admin_web.exports.workbook", "MOST_ROWS"),
    Bound("memory of the press that sets a PDF", "admin_web.exports.press", "MOST_MEMORY", "bytes"),
    Bound("… and its time", "admin_web.exports.press", "MOST_SECONDS", "seconds"),
    Bound("files of an operator that are kept", "admin_web.exports.making", "KEPT_EACH"),
    Bound("… and for how long", "admin_web.exports.making", "KEPT_FOR"),
)
_OUTSIDE = (
    Bound("feeds", "controller.feeds.feed", "MOST"),
    Bound("an address of a feed", "controller.feeds.target", "LONGEST", "characters"),
    Bound("a connection of a feed lasts", "controller.feeds.reach", "LONGEST_S", "seconds"),
    Bound("events that are handed over at once", "controller.feeds.courier", "AT_ONCE"),
    Bound("mails of a topic that wait for a recipient", "controller.mail.outbox", "WAITING_FOR_ONE"),
    Bound("the pause before a mail is tried again", "controller.mail.postman", "LONGEST_PAUSE"),
    Bound("the pause while the mail server is away", "controller.mail.postman", "LONGEST_AWAY"),
)
_SERVER = (
    Bound("a body, unless its route takes more", "admin_web.application", "_BODY_LIMIT", "bytes"),
    Bound("a body of any route, which the server takes at all", "admin_web.serve", "LARGEST_BODY", "bytes"),
    Bound("the head of a request", "admin_web.serve", "LARGEST_HEAD", "bytes"),
    Bound("what waits for a reader who does not read", "admin_web.serve", "UNREAD", "bytes"),
    Bound("connections, beside those of viewers", "admin_web.serve", "CONNECTIONS"),
    Bound("threads, beside those of viewers", "admin_web.serve", "FREE_THREADS"),
    Bound("a silent connection", "admin_web.serve", "IDLE_S", "seconds"),
    Bound("a live stream lasts, and is taken up again", "admin_web.streams", "LIFE_S", "seconds"),
    Bound("a file of settings", "process.settings", "SIZE_LIMIT", "bytes"),
    Bound("a message between centre and door", "process.mqtt_session", "LIMIT", "bytes"),
    Bound("messages that wait to be sent", "process.mqtt_session", "QUEUE_LIMIT"),
)
GROUPS = {
    "Signing in": _OPERATORS,
    "People, cards, permissions": _PEOPLE,
    "Rooms and doors": _PREMISES,
    "The record and files": _RECORD,
    "Other systems": _OUTSIDE,
    "Server and messages": _SERVER,
}


def written(page: str) -> str:
    """The page with its tables as they are now."""
    before, rest = page.split("<!-- limits -->\n", 1)
    _, after = rest.split("<!-- end of limits -->\n", 1)
    tables = "\n".join(_table(title, bounds) for title, bounds in GROUPS.items())
    return f"{before}<!-- limits -->\n{tables}<!-- end of limits -->\n{after}"


def forgotten() -> list[str]:
    """Constants of the centre that are called a bound and are on no line of the page."""
    told = {(bound.module, bound.name) for bounds in GROUPS.values() for bound in bounds}
    return [f"{module}.{name}" for module, name in _named() if (module, name) not in told]


def _named() -> list[tuple[str, str]]:
    """The constants of the centre's modules that are called so, with their modules."""
    return [
        (".".join(file.relative_to(ROOT).with_suffix("").parts), node.id)
        for folder in ("admin_web", "controller")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for statement in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.startswith(("MOST", "LONGEST"))
    ]


def _table(title: str, bounds: Sequence[Bound]) -> str:
    lines = [f"## {title}", "", "| what | bound | where |", "|---|---|---|"]
    for bound in bounds:
        value = getattr(importlib.import_module(bound.module), bound.name)
        lines.append(f"| {bound.said} | {_number(value, bound.unit)} | `{bound.module}.{bound.name}` |")
    return "\n".join([*lines, ""])


def _number(value: timedelta | float, unit: str) -> str:
    if isinstance(value, timedelta):
        value, unit = value.total_seconds(), "seconds"
    if unit == "bytes":
        return _in(value, (("MiB", 2**20), ("KiB", 2**10)), "bytes")
    if unit == "seconds":
        return _in(value, (("days", 86400), ("hours", 3600), ("minutes", 60)), "seconds")
    return f"{value:,.0f} {unit}".strip()


def _in(value: float, larger: Sequence[tuple[str, int]], smallest: str) -> str:
    """In the largest unit of which it is a whole number, more than one of the next."""
    for name, size in larger:
        if value == size or (value >= 2 * size and value % size == 0):
            return f"{value // size:,.0f} {name if value > size else name.removesuffix('s')}"
    return f"{value:,.0f} {smallest}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
