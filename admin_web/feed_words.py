"""What the pages say of feeds, in the language of the reader; a test holds the tables complete."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from admin_web.words import phrase
from controller.feeds.feed import Personal, State, Topic
from controller.feeds.handing import Why
from controller.feeds.target import FeedKind

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
STATES: dict[str, Any] = {
    State.WAITING: _("Waits for the privacy officer"),
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


def flaw(code: str) -> str:
    """Why nothing is taken, and the number of the answer if there was one."""
    why, _colon, status = code.partition(":")
    return f"{phrase(WHY, why)} ({gettext('answer')} {status})" if status else phrase(WHY, why)
