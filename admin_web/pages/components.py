"""Every component of the pages in every state, beside one another: for whoever changes how something looks.

The law: the states come from the tables of words and nowhere else, so that one that is added is seen here.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template

from admin_web import feed_words, guard, words
from admin_web.centre import centre, now
from controller.delivery.distribution import InForce
from controller.people.access import Permission
from controller.premises import area as areas
from controller.record import enquiry
from controller.record.enquiry import LogFilter

blueprint = Blueprint("components", __name__, url_prefix="/components")
_TABLES = (
    (words.OUTCOMES, "mark"),
    (words.STATES, "mark"),
    (words.PLACES, "mark"),
    (words.KNOWN, "mark"),
    (words.DISPOSITIONS, "mark"),
    (words.DOOR_STATES, "door-state door"),
    (words.DOOR_MODES, "state mode"),
    (words.HEALTH, "state health"),
    (words.AGENTS, "state health"),
    (feed_words.STATES, "mark-feed"),
)
"""Each table of states with the classes that its members are drawn by."""
_SINCE = (timedelta(seconds=0.4), timedelta(hours=3))


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def page() -> str:
    with centre().read() as session:
        rooms = areas.guarded_of_site(session, centre().site(session))
        return render_template(
            "components/page.html",
            tables=_TABLES,
            room=rooms[0] if rooms else None,
            carried=[*(InForce(4, 4, each) for each in _SINCE), InForce(2, 4, None)],
            feed=enquiry.log(session, LogFilter(), None, 5).rows,
            at=now(),
        )
