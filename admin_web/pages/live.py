"""The live page: every door as it is now, by room, the alarms that wait, and the feed of facts as they come in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template
from sqlalchemy.orm import Session

from admin_web import guard, streams
from admin_web.centre import centre, now
from admin_web.pages import alarms, forms
from admin_web.plan_drawing import LABEL, Drawing
from controller.delivery import floors, overview, posture
from controller.delivery.posture import Act
from controller.ledger import ledger
from controller.people import first_steps, photo
from controller.people.access import Permission
from controller.record import enquiry
from controller.record.enquiry import LogFilter, LogRow

blueprint = Blueprint("live", __name__)
_FEED = 25


@blueprint.get("/live")
@guard.requires(Permission.SEE_DOORS)
def page() -> str:
    with centre().read() as session:
        feed = enquiry.log(session, LogFilter(), None, _FEED)
        return render_template(
            "live/page.html",
            **_now(session),
            feed=feed.rows,
            head=ledger.head(session),
            way=first_steps.of_site(session, centre().site(session)),
        )


@blueprint.get("/live/doors")
@guard.requires(Permission.SEE_DOORS)
def doors_now() -> str:
    with centre().read() as session:
        return render_template("live/now.html", **_now(session))


@blueprint.get("/live/feed")
@guard.requires(Permission.SEE_DOORS)
def feed() -> str:
    with centre().read() as session:
        rows = enquiry.feed_after(session, forms.number("after") or 0, _FEED)
        return render_template("live/rows.html", feed=list(reversed(rows)))


@blueprint.get("/live/stream")
@guard.requires(Permission.SEE_DOORS)
def stream() -> Response:
    answer = streams.respond(_announced, forms.number("after"))
    if answer is None:
        abort(503)
    return answer


def _announced(_row: LogRow) -> dict[str, Any]:
    """The page fetches what is new itself, in its own language."""
    return {}


def _now(session: Session) -> dict[str, Any]:
    site = centre().site(session)
    stands = posture.standing(session, site)
    newest = enquiry.log(session, LogFilter(kinds=tuple(enquiry.PASSING)), None, 1).rows
    rooms = overview.rooms(session, site, now())
    every = floors.standing(session, site, rooms)
    floor = every.chosen(forms.row_id("plan"))
    return {
        "rooms": rooms,
        "floors": every,
        "floor": floor,
        "drawing": Drawing.of(floor.plan) if floor else None,
        "label": LABEL,
        "ordered": stands.ordered(),
        "orders": [row for act in Act if (row := stands.order(act)) is not None and row.value and act != Act.FORGIVE],
        "alarms": alarms.waiting(session),
        "newest": newest[0] if newest else None,
        "photos": photo.of_many(session, [row.cardholder.id for row in newest if row.cardholder is not None]),
    }
