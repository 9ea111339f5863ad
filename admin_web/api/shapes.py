"""How rows are written as JSON. Card numbers are written only where a credential is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from admin_web.shown import utc
from contract.schedule import Interval
from controller.delivery.distribution import InForce
from controller.delivery.fleet import AgentNow, Standing
from controller.feeds.feed import Feed
from controller.feeds.leaving import Left
from controller.ledger.ledger import LedgerRow
from controller.people import asking, custody
from controller.people.access_level import AccessLevel, LevelPlan
from controller.people.attribute import AttributeRow, Exempt, levels
from controller.people.card_state import CardLife, State
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow
from controller.people.hours_use import Uses
from controller.people.level_change import AccessLevelChange
from controller.people.operator import ApiToken, Operator
from controller.people.operator_session import OperatorSession
from controller.people.permission import Grant
from controller.people.pin import PinRow
from controller.people.roster import Row, Said
from controller.people.training import Completion, Training
from controller.people.widening import Widening
from controller.premises.calendar import Calendar, Holiday
from controller.premises.floor_plan import FloorPlan, PlanMark
from controller.premises.pin_rule import PinRuleRow
from controller.premises.schedule import Schedule, SchedulePlan
from controller.record.alarm import Alarm
from controller.record.enquiry import LogRow
from controller.record.explanation import Explanation
from controller.record.finding import Finding
from controller.record.judgement import Judgement
from controller.record.occupancy import Inside
from controller.record.stay import Stay


def cardholder(row: Cardholder, held: Sequence[AttributeRow]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "name_kana": row.name_kana,
        "number": row.number,
        "active": row.active,
        "extended": row.extended,
        "attributes": levels(held),
        "forgiven": row.forgiven,
        "created_at": utc(row.created_at),
        "leaves_at": utc(row.leaves_at) if row.leaves_at else None,
        "ended_at": utc(row.ended_at) if row.ended_at else None,
    }


def file_row(row: Row) -> dict[str, Any]:
    """One row of a file of people; why: the code of a refusal."""
    return {
        "line": row.line,
        "number": row.number,
        "verdict": row.verdict,
        "why": row.why or None,
        "before": _said(row.before),
        "after": _said(row.after),
    }


def _said(said: Said | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"name": said.name, "name_kana": said.name_kana, "leaves_at": _maybe(said.leaves), "active": not said.gone}


def exempt(row: Exempt) -> dict[str, Any]:
    return {
        "cardholder": row.holder.id,
        "cardholder_name": row.holder.name,
        "number": row.holder.number,
        "lifted": [
            {"exemption": each.name, "since": utc(each.since), "given_by": each.given_by, "reason": each.reason}
            for each in row.lifted
        ],
    }


def training(row: Training, areas: Sequence[int]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "name_ja": row.name_ja,
        "valid_days": row.valid_days,
        "areas": list(areas),
    }


def floor_plan(row: FloorPlan, marks: Sequence[PlanMark]) -> dict[str, Any]:
    """x, y: thousandths of the picture's width and height; the picture itself has an address of its own."""
    return {
        "id": row.id,
        "name": row.name,
        "name_ja": row.name_ja,
        "width": row.width,
        "height": row.height,
        "sha256": row.digest,
        "removed_at": _maybe(row.removed_at),
        "marks": [{"door": each.door_id, "area": each.area_id, "x": each.x, "y": each.y} for each in marks],
    }


def completion(row: Completion) -> dict[str, Any]:
    return {
        "id": row.id,
        "cardholder": row.cardholder_id,
        "training": row.training_id,
        "completed_at": utc(row.completed_at),
        "until": utc(row.until),
        "recorded_by": row.recorded_by,
        "withdrawn_at": _maybe(row.withdrawn_at),
    }


def credential(row: Credential, identities: Sequence[IdentityRow], life: CardLife, state: State) -> dict[str, Any]:
    """state: what time and use have made of the card; said: what people said of it."""
    return {
        "id": row.id,
        "cardholder": row.cardholder_id,
        "label": row.label,
        "state": state,
        "said": row.state,
        "issue_level": row.issue_level,
        "replaces": row.replaces_id,
        "issued_at": utc(row.issued_at),
        "ended_at": _maybe(row.ended_at),
        "reason": row.reason,
        "valid_from": _maybe(row.valid_from),
        "valid_until": _maybe(row.valid_until),
        "max_uses": row.max_uses,
        "max_days": row.max_days,
        "unused_days": row.unused_days,
        "uses": life.entries,
        "first_used": _maybe(life.first_used),
        "last_used": _maybe(life.last_used),
        "place": custody.place(row),
        "handed_out_at": _maybe(row.handed_out_at),
        "counted_at": _maybe(row.counted_at),
        "identities": [_identity(each) for each in identities],
    }


def access_level(row: AccessLevel, plan: LevelPlan, holders: int) -> dict[str, Any]:
    """holders: permissions by it that have not ended, and requests for it that wait."""
    return {
        "id": row.id,
        "name": row.name,
        "name_ja": row.name_ja,
        "rooms": _rooms(plan),
        "holders": holders,
        "retired_at": _maybe(row.retired_at),
    }


def level_change(row: AccessLevelChange) -> dict[str, Any]:
    """decided_by: null while it waits, and where it needed nobody else."""
    return {
        "id": row.id,
        "access_level": row.access_level_id,
        "name": row.name,
        "name_ja": row.name_ja,
        "rooms": _rooms(row.plan),
        "reason": row.reason,
        "state": row.state,
        "requested_by": row.requested_by,
        "requested_at": utc(row.requested_at),
        "decided_by": row.decided_by,
        "decided_at": _maybe(row.decided_at),
        "note": row.decision_note,
    }


def widening(row: Widening, now: datetime) -> dict[str, Any]:
    """subject: the id of what is changed, by the lever; told: what it is to be; expires_at: until when it waits."""
    wanted = row.wanted
    return {
        "id": row.id,
        "lever": wanted.lever,
        "subject": wanted.subject,
        "told": wanted.told,
        "reason": row.reason,
        "state": row.became(now),
        "requested_by": row.requested_by,
        "requested_at": utc(row.requested_at),
        "expires_at": utc(row.until),
        "decided_by": row.decided_by,
        "decided_at": _maybe(row.decided_at),
        "note": row.decision_note,
    }


def _rooms(plan: LevelPlan) -> list[dict[str, Any]]:
    return [{"area": area, "schedule": plan.rooms[area]} for area in sorted(plan.rooms)]


def in_force(found: InForce) -> dict[str, Any]:
    after = found.after.total_seconds() if found.after is not None else None
    return {"doors": found.doors, "concerned": found.concerned, "after_s": after}


def _maybe(moment: datetime | None) -> str | None:
    return utc(moment) if moment else None


def _identity(row: IdentityRow) -> dict[str, Any]:
    found = row.identity()
    return {"source": found.source, "length": found.length, "bits": found.bits, "text": row.text}


def pin(row: PinRow) -> dict[str, Any]:
    """Nothing of the PIN itself."""
    return {"cardholder": row.cardholder_id, "duress": row.duress is not None, "set_at": utc(row.set_at)}


def pin_rule(row: PinRuleRow) -> dict[str, Any]:
    return {
        "access_point": row.access_point_id,
        "card_alone": row.card_alone_id,
        "within_s": row.within_s,
        "tries": row.tries,
        "lockout_s": row.lockout_s,
        "duress": row.duress,
    }


def grant(row: Grant) -> dict[str, Any]:
    """A request and the permission that it may become. became: what became of the request; state: what it is now."""
    return {
        "id": row.id,
        "cardholder": row.cardholder_id,
        "area": row.area_id,
        "access_level": row.access_level_id,
        "schedule": row.schedule_id,
        "valid_from": utc(row.valid_from),
        "valid_until": utc(row.valid_until) if row.valid_until else None,
        "reason": row.reason,
        "state": row.state,
        "became": asking.became(row),
        "requested_by": row.requested_by,
        "requested_at": utc(row.requested_at),
        "decided_by": row.decided_by,
        "decided_at": utc(row.decided_at) if row.decided_at else None,
        "decision_note": row.decision_note,
        "revoked_by": row.revoked_by,
        "revoked_at": utc(row.revoked_at) if row.revoked_at else None,
        "revoke_reason": row.revoke_reason,
        "ledger_sequence": row.ledger_sequence,
    }


def event(row: LogRow) -> dict[str, Any]:
    found = row.fact.fact()
    return {
        "id": row.fact.ledger_sequence,
        "agent": found.agent,
        "sequence": row.fact.sequence,
        "kind": row.fact.kind,
        "at": utc(row.fact.at),
        "trusted": row.fact.trusted,
        "received_at": utc(row.fact.received_at),
        "outcome": row.fact.outcome,
        "reason": row.fact.reason,
        "violations": found.body.get("violations", []),
        "inferred": row.fact.inferred,
        "overruled": _overruled(row),
        "direction": row.access_point.direction if row.access_point else None,
        "access_point": row.access_point.key if row.access_point else None,
        "door": row.door.key if row.door else None,
        "area": row.area.key if row.area else None,
        "cardholder": row.cardholder.id if row.cardholder else None,
        "cardholder_name": row.cardholder.name if row.cardholder else None,
        "body": found.body,
        "hash": row.fact.fact_hash.hex(),
    }


def _overruled(row: LogRow) -> dict[str, Any] | None:
    found = row.overruled
    if found is None:
        return None
    return {
        "reason": found.reason,
        "epoch": found.epoch,
        "version": found.version,
        "certain": found.certain,
        "credential": row.card.id if row.card else None,
    }


def why(found: Explanation) -> dict[str, Any]:
    """Whether the decision, replayed from its recorded input, is the recorded one (null: it cannot be replayed)."""
    replay = found.replay
    return {
        "verdict": found.verdict,
        "agrees": found.agrees,
        "erased": found.erased,
        "replay": {"outcome": replay.outcome, "reason": replay.reason} if replay else None,
        "given": found.given,
    }


def inside(row: Inside) -> dict[str, Any]:
    return {
        "cardholder": row.cardholder.id,
        "cardholder_name": row.cardholder.name,
        "since": utc(row.since),
        "certain": row.certain,
    }


def stay(row: Stay) -> dict[str, Any]:
    return {
        "id": row.id,
        "cardholder": row.cardholder_id,
        "area": row.area_id,
        "how": row.how,
        "entered_at": utc(row.entered_at) if row.entered_at else None,
        "not_before": utc(row.not_before),
        "left_at": utc(row.left_at) if row.left_at else None,
        "entry_event": row.entry_sequence,
        "exit_event": row.exit_sequence,
    }


def agent(now: AgentNow) -> dict[str, Any]:
    """An agent as the centre knows it; what it has not told is null."""
    row, carries, told = now.agent, now.carried, now.told
    return {
        "id": row.id,
        "key": row.key,
        "name": row.name,
        "state": now.standing,
        "trusted": row.trusted,
        "connected": row.trusted and now.standing in (Standing.WELL, Standing.FAULT),
        "enrolled_at": utc(row.enrolled_at) if row.enrolled_at else None,
        "revoked_at": utc(row.revoked_at) if row.revoked_at else None,
        "last_heard_at": utc(row.last_heard_at) if row.last_heard_at else None,
        "fresh_until": utc(now.fresh_until) if now.fresh_until else None,
        "list": None
        if carries is None
        else {"version": carries.version, "newest": carries.newest, "adopted_at": utc(carries.adopted_at)},
        "last_event": None
        if told is None
        else {"sequence": told.sequence, "at": utc(told.at), "received_at": utc(told.received_at), "clock": told.clock},
        "signing_key_sha256": row.signing_key_sha256,
        "certificate": None
        if row.certificate_serial is None
        else {
            "serial": row.certificate_serial,
            "sha256": row.certificate_sha256,
            "valid_until": utc(row.certificate_until) if row.certificate_until else None,
        },
        "doors": [door.id for door, _ in now.doors],
    }


def schedule(row: Schedule, plan: SchedulePlan) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "name_ja": row.name_ja,
        "intervals": [[each.weekday, each.start, each.end] for each in plan.intervals],
        "exceptions": {day.isoformat(): _hours(each) for day, each in plan.exceptions.items()},
        "calendars": [{"calendar": key, "hours": _hours(each)} for key, each in plan.calendars.items()],
        "retired_at": utc(row.retired_at) if row.retired_at else None,
    }


def uses(found: Uses) -> dict[str, Any]:
    """By ids: permissions and requests, access levels with the areas that they open at these hours, and so on."""
    return {
        "grants": [each.id for each in found.grants],
        "access_levels": [{"access_level": level.id, "area": area.id} for level, area in found.levels],
        "access_level_changes": [each.id for each in found.changes],
        "doors": [each.id for each in found.unlocked],
        "access_points": [each.id for each in found.entries],
    }


def _hours(intervals: Sequence[Interval]) -> list[list[int]]:
    return [[each.start, each.end] for each in intervals]


def calendar(row: Calendar) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "name_ja": row.name_ja, "built_in": row.built_in}


def holiday(calendar_id: int, found: Holiday) -> dict[str, Any]:
    """id: null where the calendar is built in, and nothing can be changed."""
    named = {"name": found.name, "name_ja": found.name_ja}
    return {"id": found.id, "calendar": calendar_id, "day": found.day.isoformat(), **named}


def read_day(value: object) -> date:
    """A calendar date as it is written here; ValueError with a sentence that holds nothing of what was sent."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.isoformat() != value:
        raise ValueError("is a date as YYYY-MM-DD")
    return found


def change(row: LedgerRow, reason: str | None, whence: str | None) -> dict[str, Any]:
    """reason: null where none was asked for; whence: coarsely from where, of sign-ins, confirmations and refusals; both
    are null where they were erased."""
    return {
        "id": row.sequence,
        "at": utc(row.at),
        "kind": row.kind,
        "actor": row.actor,
        "reason": reason,
        "whence": whence,
        "subjects": row.subjects,
        "content": row.content,
    }


def left(act: Left) -> dict[str, Any]:
    """Something that left the house. report, form, rows: of a list; narrowed: by which filters, not to what; null where
    there is none, and where words were erased."""
    content = act.row.content
    return {
        "id": act.row.sequence,
        "at": utc(act.row.at),
        "kind": act.row.kind,
        "actor": act.row.actor,
        "report": content.get("report"),
        "form": content.get("form"),
        "rows": content.get("rows"),
        "narrowed": act.narrowed,
        "feed": act.feed,
        "version": content.get("version"),
        "name": act.words.get("name"),
        "recipient": act.words.get("recipient"),
        "purpose": act.words.get("purpose"),
        "reason": act.words.get("reason"),
    }


def alarm(row: Alarm, *, escalated: bool) -> dict[str, Any]:
    """escalated: nobody has acknowledged it for as long as the site lets alarms wait."""
    return {
        "id": row.id,
        "kind": row.kind,
        "event": row.ledger_sequence,
        "agent": row.agent_id,
        "door": row.door_id,
        "raised_at": utc(row.raised_at),
        "acknowledged_at": utc(row.acknowledged_at) if row.acknowledged_at else None,
        "acknowledged_by": row.acknowledged_by,
        "note": row.note,
        "escalated": escalated,
    }


def finding(row: Finding) -> dict[str, Any]:
    """alarms: the kinds that were raised there; judged: null while nobody has said anything."""
    return {
        "id": row.place,
        "at": _maybe(row.at),
        "event": event(row.fact) if row.fact else None,
        "alarms": [each.kind for each in row.alarms],
        "disposition": row.disposition,
        "judged": _judged(row.judged) if row.judged else None,
    }


def _judged(row: Judgement) -> dict[str, Any]:
    return {
        "disposition": row.disposition,
        "note": row.note,
        "at": utc(row.at),
        "operator": row.operator_id,
        "by_auditor": row.by_auditor,
        "ledger_sequence": row.ledger_sequence,
    }


def operator(row: Operator) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "display_name": row.display_name,
        "role": row.role,
        "active": row.active,
    }


def signed_in(row: OperatorSession) -> dict[str, Any]:
    """A session of pages. id: what it is called, by which nothing can be resumed; proof: by what it was opened."""
    return {
        "id": row.key,
        "device": row.device,
        "network": row.network,
        "created_at": utc(row.created_at),
        "last_seen_at": utc(row.last_seen_at),
        "ends_at": utc(row.ends_at),
        "proof": row.proof,
    }


def feed(row: Feed) -> dict[str, Any]:
    """made_by: null when the owner of the host keeps it; approved_by: null while nobody has, or nobody needs to;
    declined_by: null unless somebody said no to it, or approves it no longer."""
    return {
        "id": row.id,
        "kind": row.kind,
        "recipient": row.recipient,
        "purpose": row.purpose,
        "target": row.target,
        "topics": row.carries,
        "fields": row.tells,
        "state": row.state,
        "version": row.version,
        "made_by": row.made_by,
        "written_by": row.written_by,
        "made_at": utc(row.made_at),
        "approved_by": row.approved_by,
        "approved_at": _maybe(row.approved_at),
        "declined_by": row.declined_by,
        "declined_at": _maybe(row.declined_at),
        "declined_why": row.declined_why or None,
        "taken_at": _maybe(row.taken_at),
        "failing_since": _maybe(row.failing_since),
        "flaw": row.flaw or None,
    }


def token(row: ApiToken) -> dict[str, Any]:
    return {"id": row.id, "label": row.label, "created_at": utc(row.created_at)}
