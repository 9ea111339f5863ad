"""A house that grows: of everything that a page or a resource lists, as many more as are asked for.

What it grows hangs on the same few things (the Cedar room, Ada, one level, one schedule, one calendar, the Cedar
agent), so that the pages of these grow as well as the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from contract.canonical import Object
from contract.commitment import SALT_BYTES, Opening, commit
from contract.credential import Identity, Source, lookup_key
from contract.fact import Clock, Fact, FactKind
from contract.policy import Direction, ExitMode
from contract.schedule import Interval
from controller.database import transaction
from controller.delivery import posture
from controller.feeds import feed
from controller.ledger.kinds import Kind
from controller.ledger.ledger import Entry, append, append_all
from controller.people import attribution, cardholder, credential, level_change, operator, operator_session, training
from controller.people.access import Role
from controller.people.access_level import AccessLevel, AccessLevelArea, LevelPlan
from controller.people.attribute import Attribute
from controller.people.cardholder import Cardholder
from controller.people.level_change import AccessLevelChange, ChangeState
from controller.people.operator import NewOperator, Operator
from controller.people.operator_session import Proof
from controller.people.passkey import Passkey
from controller.people.permission import Grant, GrantState
from controller.people.photo import Photo
from controller.people.training import Training
from controller.picture import Picture
from controller.premises import calendar as calendars
from controller.premises import door as doors
from controller.premises import floor_plan, schedule
from controller.premises import format as formats
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.calendar import Calendar
from controller.premises.door import AccessPointPlan, Door, DoorPlan
from controller.premises.floor_plan import FloorPlan, Of, Thing
from controller.premises.schedule import Schedule, SchedulePlan
from controller.premises.sign_off import ExitSignOff, Failsafe
from controller.premises.site import Site
from controller.record import saved_report
from controller.record.alarm import Alarm
from controller.record.door_state import DoorState, Leaf
from controller.record.fact import FactRow
from controller.record.hearing import Hearing
from controller.record.judgement import Disposition, Judgement
from controller.record.occupancy import AreaUncertainty, Presence
from controller.record.overruled import OverruledGrant
from controller.record.saved_report import Saving
from controller.record.stay import Stay
from tests.controller.conftest import CHEAP, NOW, House
from tests.controller.many_doors import add_many

ACTOR = "operator:1"
LATER = NOW + timedelta(days=2)
_NIGHT, _LONG = [Interval(0, 1320, 1800)], timedelta(days=200)


@dataclass(frozen=True)
class Hub:
    """What everything else hangs on."""

    site: Site
    kim: Operator
    cedar: Area
    ada: Cardholder
    agent: Agent
    level: AccessLevel
    hours: Schedule
    closed: Calendar
    plan: FloorPlan


def begin(house: House) -> None:
    """The few things that are there however little has grown."""
    with transaction(house.engine) as session:
        site, kim = house.site(session), house.operator(session, "kim")
        hours = schedule.make(session, ACTOR, NOW, site, SchedulePlan("hub hours", "", _NIGHT))
        calendars.make(session, ACTOR, NOW, site, "hub days")
        level_change.make(
            session, kim, NOW, site, LevelPlan("hub level", "", {house.cedar(session).id: hours.id}), "hub"
        )
        floor_plan.make(session, ACTOR, NOW, site, ("hub plan", ""), _picture())


def grow(house: House, numbers: Iterable[int]) -> None:
    """One more of everything for each of these numbers."""
    numbers = list(numbers)
    with transaction(house.engine) as session:
        add_many(house, session, LATER, len(numbers), 1, numbers[0])
        hub = _hub(house, session)
        for number in numbers:
            room = session.scalars(select(Area).where(Area.key == f"room-{number}")).one()
            _hours(session, hub, room, number)
            _centre(session, hub, number)
            door = _door(session, hub, number)
            holder = _person(session, hub, number)
            _grants(session, hub, holder, room, number)
            _lived(session, hub, door, holder, number)
            _stayed(session, holder, room)


def _hub(house: House, session: Session) -> Hub:
    site, kim = house.site(session), house.operator(session, "kim")
    hours, closed = schedule.by_name(session, site, "hub hours"), calendars.by_name(session, site, "hub days")
    assert hours is not None
    assert closed is not None
    level = session.scalars(select(AccessLevel).where(AccessLevel.name == "hub level")).one()
    plan = session.scalars(select(FloorPlan).where(FloorPlan.name == "hub plan")).one()
    ada = house.holder(session, "Ada")
    return Hub(site, kim, house.cedar(session), ada, house.agent(session), level, hours, closed, plan)


def _picture() -> Picture:
    return Picture(b"RIFF", 800, 600)


def _hours(session: Session, hub: Hub, room: Area, number: int) -> None:
    """A schedule, a calendar and its days, a training and a level; what the hub's own name of them."""
    own = calendars.make(session, ACTOR, NOW, hub.site, f"days {number}")
    day = calendars.Holiday((NOW + timedelta(days=number)).date(), f"day {number}", "")
    calendars.add_day(session, ACTOR, NOW, hub.closed, day, _fits)
    named: dict[int, Sequence[Interval]] = {own.id: [], hub.closed.id: []}
    hours = schedule.make(session, ACTOR, NOW, hub.site, SchedulePlan(f"hours {number}", "", _NIGHT, {}, named))
    taught = training.make(session, ACTOR, NOW, hub.site, (f"course {number}", ""), 365)
    training.require(session, ACTOR, NOW, room, taught, "asked", required=True)
    rooms = {hub.cedar.id: hub.hours.id, room.id: hours.id}
    level = level_change.make(session, hub.kim, NOW, hub.site, LevelPlan(f"level {number}", "", rooms), "asked")
    session.add(AccessLevelArea(access_level_id=hub.level.id, area_id=room.id, schedule_id=hub.hours.id))
    for each in (level, hub.level):
        state = ChangeState.REQUESTED if each is level else ChangeState.APPROVED
        session.add(_change(each, session.get_one(AccessLevelArea, (each.id, room.id)), state, hub, number))
    posture.change(session, ACTOR, LATER, hub.site, posture.Order(posture.Act.THREAT, 2, room), "drill")


def _change(
    level: AccessLevel, opened: AccessLevelArea, state: ChangeState, hub: Hub, number: int
) -> AccessLevelChange:
    return AccessLevelChange(
        access_level_id=level.id,
        name=f"{level.name} wider",
        name_ja="",
        rooms=f'{{"{opened.area_id}":null}}',
        reason="wider",
        state=state,
        requested_by=hub.kim.id,
        requested_at=NOW,
        decided_by=hub.kim.id if state is ChangeState.APPROVED else None,
        decided_at=NOW,
        ledger_sequence=number + 1,
    )


def _centre(session: Session, hub: Hub, number: int) -> None:
    """Operators and what is theirs; formats, feeds, plans and saved reports."""
    wanted = NewOperator(f"operator-{number}", f"Operator {number}", f"long enough a password {number}")
    operator.add(session, ACTOR, NOW, hub.site, Role.AUDITOR, wanted, CHEAP)
    operator.invite(session, hub.kim, NOW, hub.site, Role.AUDITOR)
    operator.issue_token(session, NOW, hub.kim, f"token {number}")
    operator_session.open_session(session, LATER + timedelta(days=3), hub.kim.id, Proof.PASSWORD)
    session.add(
        Passkey(
            operator_id=hub.kim.id,
            credential_id=number.to_bytes(8),
            public_key=b"",
            sign_count=0,
            rp_id="house",
            label=f"key {number}",
            created_at=NOW,
        )
    )
    table = {"name": f"Badge{number}", "length": 28, "sources": ["wiegand"], "fields": {"number": "0-27"}}
    formats.add(session, ACTOR, NOW, hub.site, table, "badges")
    to = feed.Wanted(f"desk {number}", "watching", f"syslog-tls://desk-{number}.example", [feed.Topic.ALARMS], [])
    feed.make(session, hub.kim, NOW, hub.site, to)
    floor_plan.make(session, ACTOR, NOW, hub.site, (f"plan {number}", ""), _picture())
    saved_report.save(session, hub.kim, NOW, hub.site, Saving("log", {}, f"report {number}"))


def _door(session: Session, hub: Hub, number: int) -> Door:
    """One more door of the Cedar room: every second one at the Cedar agent, the others at a new one."""
    agent = hub.agent
    if number % 2:
        agent = Agent(site_id=hub.site.id, key=f"own-{number}", name=f"own {number}", last_heard_at=LATER)
        session.add(agent)
        session.flush()
    session.add(Hearing(agent_id=agent.id, since=NOW, until=LATER + timedelta(seconds=number)))
    outside = session.scalars(select(Area).where(Area.key == "outside")).one()
    key = f"side-{number}"
    door = doors.make(session, ACTOR, NOW, hub.site, agent, DoorPlan(key, f"Side {number}", f"脇 {number}"), "more")
    door.unlock_schedule_id = hub.hours.id
    ways = ((Direction.ENTRY, outside, hub.cedar, None), (Direction.EXIT, hub.cedar, outside, ExitMode.CONTROLLED))
    for direction, start, end, mode in ways:
        point = AccessPointPlan(f"{key}-{direction}", direction, start, end, ("serial-40", f"Badge{number}"), mode)
        made = doors.add_access_point(session, ACTOR, NOW, door, point, "more")
    session.add(
        ExitSignOff(
            access_point_id=made.id,
            signed_by="Installer",
            failsafe=Failsafe.FAIL_SAFE_LOCK,
            note="",
            recorded_by=ACTOR,
            signed_at=NOW,
            valid_until=NOW + timedelta(days=300),
        )
    )
    session.add(DoorState(door_id=door.id, leaf=Leaf.CLOSED, leaf_at=LATER, held_by="", faults="", passage=None))
    floor_plan.place(session, ACTOR, NOW, hub.plan, {Thing(Of.DOOR, door.id): (10 * number, 5)})
    posture.change(session, ACTOR, LATER, hub.site, posture.Order(posture.Act.LOCKDOWN, 1, None, door), "drill")
    return door


def _person(session: Session, hub: Hub, number: int) -> Cardholder:
    """Somebody with a card in stock, and one more card of Ada's that was handed out."""
    holder = cardholder.enrol(session, ACTOR, NOW, hub.site, f"Person {number}", f"p{number}")
    for whose, start in ((holder, 100), (hub.ada, 500)):
        identity = Identity(Source.SERIAL_HEX, f"{start + number:040b}")
        card = credential.issue(session, ACTOR, NOW, whose, f"card {start + number}", [identity], _fits)
    card.handed_out_at = NOW
    for held in (Attribute.OVERRIDE, Attribute.HOLD):
        attribution.change(session, ACTOR, NOW, holder, held, 1, "needed")
    taught = session.scalars(select(Training).where(Training.name == f"course {number}")).one()
    for whose in (holder, hub.ada):
        training.complete(session, ACTOR, NOW, whose, taught, NOW - timedelta(days=1))
    session.add(Photo(cardholder_id=holder.id, picture=b"RIFF", set_at=NOW))
    session.add(Presence(cardholder_id=holder.id, area_id=hub.cedar.id, since=LATER, certain=False))
    return holder


def _grants(session: Session, hub: Hub, holder: Cardholder, room: Area, number: int) -> None:
    """One of each state and way for the new one, and one more for Ada."""
    own_level = session.scalars(select(AccessLevel).where(AccessLevel.name == f"level {number}")).one()
    own_hours = session.scalars(select(Schedule).where(Schedule.name == f"hours {number}")).one()
    rows = [
        (holder, hub.cedar, None, GrantState.REQUESTED),
        (holder, None, own_level, GrantState.REQUESTED),
        (holder, None, hub.level, GrantState.REQUESTED),
        (holder, hub.cedar, None, GrantState.APPROVED),
        (holder, None, own_level, GrantState.APPROVED),
        (holder, room, None, GrantState.APPROVED),
        (holder, room, None, GrantState.REVOKED),
        (hub.ada, room, None, GrantState.APPROVED),
    ]
    for whose, area, level, state in rows:
        place = append(session, Kind.GRANT_REQUESTED, hub.kim.actor, LATER, {"cardholder": whose.id})
        decided = state is not GrantState.REQUESTED
        session.add(
            Grant(
                cardholder_id=whose.id,
                area_id=area.id if area else None,
                access_level_id=level.id if level else None,
                schedule_id=own_hours.id if area is room else None,
                valid_from=NOW,
                valid_until=NOW + timedelta(days=20),
                reason="works there",
                state=state,
                requested_by=hub.kim.id,
                requested_at=NOW,
                decided_by=hub.kim.id if decided else None,
                decided_at=LATER if decided else None,
                revoked_by=hub.kim.id if state is GrantState.REVOKED else None,
                revoked_at=LATER if state is GrantState.REVOKED else None,
                ledger_sequence=place,
            )
        )


def _lived(session: Session, hub: Hub, door: Door, holder: Cardholder, number: int) -> None:
    """What happened at the new door: somebody unknown, a refusal, a way in on an old list, and alarms."""
    point = doors.access_points(session, door)[0]
    row = {"door_id": door.id, "agent_id": door.agent_id, "area_id": hub.cedar.id, "access_point_id": point.id}
    secret = Opening(b"k" * SALT_BYTES, _key(session, door, number))
    places = [_fact(session, row, kind, **more) for kind, more in _facts(holder, secret)]
    _, refused, granted, passed = places
    session.add(OverruledGrant(ledger_sequence=granted, reason="NOT_PERMITTED", epoch=1, version=1, certain=True))
    _stayed(session, holder, hub.cedar, passed)
    judged = append(session, Kind.FINDINGS_JUDGED, hub.kim.actor, LATER, {})
    verdict = {"disposition": Disposition.EXPLAINED, "note": "seen", "at": LATER, "operator_id": hub.kim.id}
    session.add(Judgement(finding=refused, **verdict, by_auditor=False, replaced=False, ledger_sequence=judged))
    for place, kind in ((refused, "FORCED_OPEN"), (granted, "GRANTED_ON_OLD_LIST")):
        raised = {"kind": kind, "agent_id": door.agent_id, "door_id": door.id, "raised_at": LATER}
        session.add(Alarm(ledger_sequence=place, note="", **raised))
        session.add(Alarm(ledger_sequence=place, note="seen", acknowledged_at=LATER, acknowledged_by=1, **raised))


def _stayed(session: Session, holder: Cardholder, room: Area, passed: int | None = None) -> None:
    outside = session.scalars(select(Area).where(Area.key == "outside")).one()
    stay = {"cardholder_id": holder.id, "area_id": room.id, "not_before": LATER, "entry_certain": passed is not None}
    session.add(Stay(**stay, entered_at=LATER if passed else None, entry_sequence=passed, came_from_id=outside.id))
    session.add(AreaUncertainty(area_id=room.id, since=NOW, until=LATER, cause="FACTS_MISSING"))


def _facts(holder: Cardholder, secret: Opening) -> list[tuple[FactKind, dict[str, Any]]]:
    grant = {"outcome": "GRANT", "reason": "PERMITTED", "cardholder_id": holder.id, "secret": secret}
    return [
        (FactKind.DECISION, {"outcome": "REFUSE", "reason": "UNKNOWN_CARD"}),
        (FactKind.DECISION, {"outcome": "REFUSE", "reason": "SCHEDULE", "cardholder_id": holder.id}),
        (FactKind.DECISION, grant),
        (FactKind.PASSAGE, {"inferred": True, "cardholder_id": holder.id}),
    ]


def _key(session: Session, door: Door, number: int) -> str:
    known = session.get_one(Agent, door.agent_id).list_key or b"0" * 32
    return lookup_key(known, Identity(Source.SERIAL_HEX, f"{100 + number:040b}")).hex()


def _fact(session: Session, row: dict[str, Any], kind: FactKind, secret: Opening | None = None, **more: Any) -> int:
    identity = Opening(b"i" * SALT_BYTES, Identity(Source.SERIAL_HEX, f"{row['door_id']:040b}").text())
    openings = {"key": secret} if secret else {"identity": identity} if "cardholder_id" not in more else {}
    place = append_all(session, [Entry(Kind.FACT, "agent:grown", LATER, {}, {}, openings)])
    body: Object = {"decision": place - 1} if kind is FactKind.PASSAGE else {}
    hidden = {name: commit(each) for name, each in openings.items()}
    told = Fact("tokyo", "grown", place, b"\0" * 32, b"\0" * 16, kind, LATER, 0, Clock.TRUSTED, body, hidden)
    times = {"sequence": place, "ledger_sequence": place, "received_at": LATER, "at": LATER, "trusted": True}
    blank = dict.fromkeys(("outcome", "reason", "inferred", "cardholder_id"))
    told_as = {"kind": kind, "encoded": told.encoded(), "fact_hash": b""}
    session.execute(insert(FactRow), [{**row, **times, **blank, **more, **told_as}])
    return place


def _fits(*_given: object) -> None:
    """What would not fit one message is not the question here."""
