"""What the pages say of feeds, in the language of the reader; a test holds the tables complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from admin_web import act_words
from admin_web.words import phrase
from controller.feeds.feed import Personal, State, Topic
from controller.feeds.handing import Why
from controller.feeds.target import FeedKind
from controller.ledger.kinds import Kind

KINDS: dict[str, Any] = {
    FeedKind.WEBHOOK: _("Webhook"),
    FeedKind.SYSLOG: _("Syslog (CEF)"),
    FeedKind.HOME_ASSISTANT: _("Home Assistant"),
}
TOPICS: dict[str, Any] = {
    Topic.ALARMS: _("Alarms, and that they were seen"),
    Topic.ACCESS: _("What happens at the doors"),
    Topic.CHANGES: _("What people change, without its content, and what is refused to them"),
}
PERSONAL: dict[str, Any] = {
    Personal.HANDLE: _("The handle that stands for a person, and numbers of rows about people"),
    Personal.PERSON: _("Name and staff number"),
    Personal.CARD: _("Label of the card"),
    Personal.OPERATOR: _("Which operator did it"),
}
ACTS: dict[str, Any] = {**act_words.ACTS, Kind.FEED_PAUSED: _("Feed paused by itself")}
"""What people did, and what a feed does by itself."""
MEMBERS: dict[str, dict[str, str]] = {
    FeedKind.WEBHOOK: {
        Personal.HANDLE: "handle, of.*",
        Personal.PERSON: "person.name, person.number",
        Personal.CARD: "card.id, card.label",
        Personal.OPERATOR: "operator.name, operator.display_name",
    },
    FeedKind.SYSLOG: {
        Personal.HANDLE: "suid, sekisho*",
        Personal.PERSON: "suser, flexString1",
        Personal.CARD: "cs3",
        Personal.OPERATOR: "duid",
    },
}
"""Under which members of an event each is told; a star stands for the numbers of rows, one for each."""
NARROWED: dict[str, Any] = {
    "area": _("one room"),
    "door": _("one door"),
    "cardholder": _("one person"),
    "operator": _("one operator"),
    "outcome": _("one result"),
    "kind": _("some kinds"),
    "act": _("one kind"),
    "alarm": _("one kind"),
    "passing": _("passages"),
    "disposition": _("one disposition"),
    "ended": _("one kind"),
    "receipts": _("what waits for receipts"),
    "period": _("a time"),
    "since": _("a time"),
    "until": _("a time"),
    "days": _("some days"),
}
"""By what a list was narrowed, without saying to whom."""
STATES: dict[str, Any] = {
    State.WAITING: _("Waits for the privacy officer"),
    State.DECLINED: _("Closed by the privacy officer"),
    State.STOPPED: _("Stopped"),
    State.PAUSED: _("Paused"),
    State.FAILING: _("Tried again"),
    State.ON: _("Sending"),
}
WHY: dict[str, Any] = {
    Why.NAME: _("the name of the target has no address"),
    Why.FORBIDDEN: _("the address lies where feeds may not reach"),
    Why.AWAY: _("no connection"),
    Why.TIMEOUT: _("no answer in time"),
    Why.CERTIFICATE: _("the certificate does not prove whose it is"),
    Why.NONSENSE: _("the answer cannot be read"),
    Why.REFUSED: _("not taken"),
    Why.GONE: _("the recipient wants no more"),
    Why.SECRET: _("the secret was sealed for another controller: renew it"),
    Why.DEFECT: _("a defect of our own, which the log of the controller names"),
}


def narrowed(filters: Sequence[str]) -> str:
    """By what a list was narrowed."""
    return ", ".join(dict.fromkeys(phrase(NARROWED, each) for each in filters)) or gettext("everything")


def flaw(code: str) -> str:
    """Why nothing is taken, and the number of the answer if there was one."""
    why, _colon, status = code.partition(":")
    return f"{phrase(WHY, why)} ({gettext('answer')} {status})" if status else phrase(WHY, why)
