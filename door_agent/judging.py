"""From a card's bits to a decision, and the fact that records it with its whole input (DESIGN 3.5)."""

from __future__ import annotations

import msgspec

from contract import formats
from contract.authorisation import AuthorisationList
from contract.canonical import Object, Value
from contract.credential import Identity, Source, lookup_key
from contract.decision import decide, decide_unlisted, input_object
from contract.fact import FactKind
from contract.outcome import Decision, Outcome
from contract.policy import AccessPointPolicy, Direction
from contract.record import Flag, Record
from contract.situation import ELSEWHERE, NOTHING, Attempt, Moment, PinVerdict, Proof, Situation
from door_agent.chain import Chain
from door_agent.company import Company
from door_agent.entered import Entries
from door_agent.events import Card
from door_agent.events import Record as JournalRecord
from door_agent.keys import Keys
from door_agent.lists import Lists
from door_agent.peers import Peers
from door_agent.pins import Pins
from door_agent.portal import Admission
from door_agent.presence import Presence
from door_agent.rulebook import Rulebook
from door_agent.wiring import WiredDoor

_SOURCES: dict[str, Source] = {source: source for source in Source}


class Judged(msgspec.Struct, frozen=True):
    """record: what the list says of the card, None if nothing; fact: the decision as it is journalled, `body` what it
    says; admission: who may go through if they do; company: with whom, if they do, themselves included; extended: they
    need more time at the door."""

    decision: Decision
    record: Record | None
    admission: Admission
    company: tuple[Admission, ...]
    body: Object
    fact: JournalRecord
    extended: bool


class Judging:
    """Reads a card in its access point's formats, looks it up, gathers the situation, decides and records."""

    def __init__(
        self,
        keys: Keys,
        lists: Lists,
        chain: Chain,
        rulebook: Rulebook,
        presence: Presence,
        company: Company,
        entries: Entries,
        pins: Pins,
        peers: Peers,
    ) -> None:
        self._lookup = keys.lookup
        self._lists, self._chain, self._rulebook = lists, chain, rulebook
        self._presence, self._company, self._entries = presence, company, entries
        self._pins, self._peers = pins, peers

    def judge(
        self,
        door: WiredDoor,
        card: Card,
        moment: Moment,
        *,
        interlocked: bool,
        pin: PinVerdict = PinVerdict.UNASKED,
    ) -> Judged:
        """What becomes of this card here and now; `interlocked`: another door of the interlock is not secured; `pin`:
        what became of the PIN, UNASKED when the card has just come."""
        carried, point = self._lists.carried, self._rulebook.point(card.access_point)
        identity = _read(card, point, carried)
        record, key = None, b""
        if identity is not None:
            key = lookup_key(self._lookup, identity)
            record = self._rulebook.record(card.access_point, key)
        if record is not None:
            self._company.leave(record.holder)
        attempt = Attempt(card.access_point, identity is not None, record)
        situation = self._situation(door, point, attempt, key, moment, interlocked=interlocked, pin=pin)
        decision = _decision(carried, point, door, attempt, situation, moment)
        body = _body(carried, point, door, attempt, decision)
        admission = self._admission(point, attempt, key)
        opened = self._company.complete(admission, moment.mono) if decision.outcome is Outcome.GRANT else ()
        personal = _personal(attempt, situation, moment, identity, key)
        fact = self._chain.record(FactKind.DECISION, moment, body, personal, opened=opened)
        extended = record is not None and bool(record.flags & Flag.EXTENDED)
        return Judged(decision, record, admission, opened, body, fact, extended)

    def _situation(
        self,
        door: WiredDoor,
        point: AccessPointPolicy | None,
        attempt: Attempt,
        key: bytes,
        moment: Moment,
        *,
        interlocked: bool,
        pin: PinVerdict,
    ) -> Situation:
        if pin is PinVerdict.UNASKED and point is not None and attempt.record is not None:
            pin = self._pins.at_card(point, attempt.record, moment)
        proven, record = self._lists.proven_s(moment), attempt.record
        presence, peers = self._presence, self._peers
        if point is None:
            return Situation(proven, Proof(presence.whole, False, False), door.permits_control, pin=pin)
        area, name = point.guarded, attempt.access_point
        return Situation(
            proven,
            Proof(presence.whole, peers.current(area, moment), presence.certain(area) and peers.certain(area)),
            door.permits_control,
            ELSEWHERE if record is None else presence.standing(record, area, moment),
            presence.others(area, record.holder if record else None),
            self._company.companions(name, moment.mono),
            NOTHING if record is None else self._entries.before(name, key, moment),
            interlocked,
            self._entries.uses(key),
            pin,
            peers.silent_s(area, moment),
        )

    def _admission(self, point: AccessPointPolicy | None, attempt: Attempt, key: bytes) -> Admission:
        record, number = attempt.record, self._chain.sequence + 1
        source, target = (point.from_area, point.to_area) if point else ("", "")
        if record is None:
            return Admission(number, attempt.access_point, None, source, target)
        return Admission(
            number, attempt.access_point, record.holder, source, target, key, record.flags, record.forgiven
        )


def _read(card: Card, point: AccessPointPolicy | None, carried: AuthorisationList | None) -> Identity | None:
    """The identity on the card, if it is a clean read here; what an unlisted access point may read is not known."""
    source = _SOURCES.get(card.source)
    if carried is None or point is None or source is None:
        return None
    try:
        return formats.read(source, card.bits, point.formats, carried.policy.readable)
    except ValueError:
        return None


def _decision(
    carried: AuthorisationList | None,
    point: AccessPointPolicy | None,
    door: WiredDoor,
    attempt: Attempt,
    situation: Situation,
    moment: Moment,
) -> Decision:
    if carried is None or point is None:
        return decide_unlisted(door.points[attempt.access_point] is Direction.EXIT)
    return decide(carried.policy, attempt, situation, moment)


def _body(
    carried: AuthorisationList | None,
    point: AccessPointPolicy | None,
    door: WiredDoor,
    attempt: Attempt,
    decision: Decision,
) -> Object:
    known: Value = None
    if carried is not None:
        version = carried.version
        known = {"epoch": version.epoch, "version": version.number, "hash": carried.hash.hex()}
    return {
        **decision.as_object(),
        "access_point": attempt.access_point,
        "door": door.id,
        "direction": door.points[attempt.access_point],
        "area": point.guarded if point else None,
        "list": known,
        "policy": carried.policy_hash.hex() if carried else None,
    }


def _personal(
    attempt: Attempt, situation: Situation, moment: Moment, identity: Identity | None, key: bytes
) -> dict[str, Value]:
    """What only intake may read: the input, and whose card it was and which of them (the key it is looked up by), or
    the bits of an unknown one for enrolment."""
    personal: dict[str, Value] = {"input": input_object(attempt, situation, moment)}
    if attempt.record is not None:
        personal["holder"] = attempt.record.holder.hex()
        personal["key"] = key.hex()
    elif identity is not None:
        personal["identity"] = identity.text()
    return personal
