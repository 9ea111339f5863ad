"""What the demo's operators have done on their pages, so that every page shows something: an access level in use, a
floor plan, a feed that waits for the privacy officer, a saved report, findings that somebody looked into.

The law: only the controller's own verbs write, as everywhere in the demo.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cli.demo import drawing
from cli.demo.cast import OFFICE_HOURS
from controller.delivery import compiling
from controller.delivery.authority import Authority
from controller.feeds import feed as feeds
from controller.feeds import signing_secret
from controller.feeds.feed import Personal, Topic, Wanted
from controller.ledger.ledger import head
from controller.people import access_level as levels
from controller.people import cardholder as cardholders
from controller.people import level_change
from controller.people import operator as operators
from controller.people import permission as permissions
from controller.people.access_level import LevelPlan
from controller.people.operator import Operator
from controller.people.permission import Wish
from controller.picture import redrawn
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import floor_plan
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.floor_plan import Of, Thing
from controller.premises.schedule import Schedule
from controller.premises.site import Site
from controller.record import finding, saved_report
from controller.record.enquiry import LogFilter
from controller.record.finding import FindingFilter, What
from controller.record.judgement import Disposition, Verdict
from controller.record.saved_report import Saving

LEVEL = ("Stocktaking", "棚卸")
_HAVE_IT = ("1018", "1019")


def give_level(session: Session, site: Site, staff: Sequence[Operator], now: datetime) -> None:
    """An access level, and the people who have it."""
    asks, decides, *_ = staff
    level = level_change.make(session, asks, now, site, _level(session, site, "maple-room"), "Stocktaking every month")
    for number in _HAVE_IT:
        holder = cardholders.by_number(session, site, number)
        if holder is None:
            raise LookupError(number)
        wish = Wish(holder, levels.opening(session, level), now, None, "Counts the stock")
        asked = permissions.request(session, asks, now, wish)
        permissions.approve(session, decides, now + timedelta(minutes=1), asked, compiling.must_fit)


def work(session: Session, site: Site, authority: Authority, now: datetime) -> None:
    """What was done last: the day that the demo opens on."""
    kim, olu = (_operator(session, site, name) for name in ("kim", "olu"))
    _widen_level(session, site, kim, now)
    _draw_plan(session, site, kim, now)
    _ask_for_feed(session, site, authority, kim, now)
    _look_into_refusals(session, olu, now)
    saving = Saving("refusals", {"period": ["last-month"]}, "Monthly review · 月次点検")
    saved_report.save(session, olu, now, site, saving)


def _widen_level(session: Session, site: Site, kim: Operator, now: datetime) -> None:
    """A room more, which waits for the other security admin."""
    [level] = levels.offered(session, site)
    wider = _level(session, site, "maple-room", "cedar-room")
    level_change.change(
        session, kim, now, level, wider, "The Cedar room is counted too from now on", compiling.all_must_fit
    )


def _draw_plan(session: Session, site: Site, kim: Operator, now: datetime) -> None:
    picture = redrawn(drawing.plan(), floor_plan.SIDE)
    plan = floor_plan.make(session, kim.actor, now, site, ("Third floor", "3 階"), picture)
    things = {Thing(Of.AREA, _area(session, site, key).id): drawing.place(at) for key, at in drawing.AREAS.items()}
    for key, at in drawing.DOORS.items():
        door = doors.by_key(session, site, key)
        if door is None:
            raise LookupError(key)
        things[Thing(Of.DOOR, door.id)] = drawing.place(at)
    floor_plan.place(session, kim.actor, now, plan, things)


def _ask_for_feed(session: Session, site: Site, authority: Authority, kim: Operator, now: datetime) -> None:
    """One that names people, so that it waits for the privacy officer."""
    signing_secret.let_read(session, site.id, authority.intake.public_key().public_bytes_raw())
    wanted = Wanted(
        "Example Security KK · 例示警備株式会社",
        "Look after the building at night, and call whoever left a door open",
        "https://alarms.example/sekisho",
        (Topic.ALARMS, Topic.ACCESS),
        (Personal.PERSON,),
    )
    feeds.make(session, kim, now, site, wanted)


def _look_into_refusals(session: Session, olu: Operator, now: datetime) -> None:
    """The two oldest refusals have been explained or are being followed up; the others are open."""
    found = finding.listed(session, FindingFilter(What.REFUSAL, LogFilter()), head(session) + 1, 50)
    told = (
        (Disposition.EXPLAINED, "Went to the wrong door; shown the right one. 扉を間違えたため案内済み。"),
        (Disposition.FOLLOW_UP, "To be asked on Monday. 月曜日に本人へ確認。"),
    )
    for each, (disposition, note) in zip(reversed(found), told, strict=False):
        finding.judge(session, olu, now, [each.place], Verdict(disposition, note))


def _level(session: Session, site: Site, *rooms: str) -> LevelPlan:
    hours = _hours(session, site).id
    return LevelPlan(*LEVEL, {_area(session, site, key).id: hours for key in rooms})


def _hours(session: Session, site: Site) -> Schedule:
    found = schedules.by_name(session, site, OFFICE_HOURS)
    if found is None:
        raise LookupError(OFFICE_HOURS)
    return found


def _area(session: Session, site: Site, key: str) -> Area:
    found = areas.by_key(session, site, key)
    if found is None:
        raise LookupError(key)
    return found


def _operator(session: Session, site: Site, name: str) -> Operator:
    found = operators.by_name(session, site, name)
    if found is None:
        raise LookupError(name)
    return found
