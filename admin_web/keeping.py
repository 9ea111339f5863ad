"""Doing what might widen entry into a private room, for pages and API alike: at once, or kept for a second person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.centre import centre, now
from controller.delivery.compiling import all_must_fit
from controller.people import widening
from controller.people.levers import Wanted
from controller.people.private_entry import Concerned, Widened
from controller.people.widening import Widening


def done_or_kept(session: Session, wanted: Wanted, reason: str) -> Widening | None:
    """What waits for a second person, None when it was done; Refused as `widening.make`."""
    return widening.make(session, guard.operator(), now(), centre().site(session), wanted, reason, all_must_fit)


def would_widen(session: Session, wanted: Wanted) -> Widened | None:
    """What it would widen, None: nothing, it is done at once; Refused as `widening.make`."""
    return widening.look(session, now(), centre().site(session), wanted, all_must_fit)


def waiting_at(session: Session, schedules: Iterable[int] = (), areas: Iterable[int] = ()) -> Sequence[Widening]:
    """What waits for a second person at these schedules or rooms, by id."""
    places = Concerned(frozenset(schedules), frozenset(areas))
    return widening.waiting_at(session, centre().site(session), now(), places)
