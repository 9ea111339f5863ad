"""A hostile agent with good keys, a broker that reorders, an agent restored from a backup: nothing stops the centre,
everything bad leaves a row that an auditor sees, and the good agent beside it is taken in as ever."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from contract import canonical, fact
from contract.authorisation import Version
from contract.commitment import Opening, commit
from contract.envelope import LIMIT, Kind, seal, signed
from contract.message import Carried, Events, Receipt, ReceiptOutcome, SealedFact
from contract.topic import Up
from controller.database import reading, transaction
from controller.delivery import issued
from controller.delivery.link import OF_ONE
from controller.ledger.kinds import Kind as RowKind
from controller.ledger.ledger import LedgerRow, append
from controller.premises import agent
from controller.record import alarm, enquiry, intake, occupancy
from controller.record.chain import Flaw
from controller.record.enquiry import LogFilter
from controller.record.explanation import explained
from controller.record.fact import AgentChain, FactRow
from door_agent.keys import Keys, load
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Doorway, Site, joined, rows

SALT = bytes(range(32))
BOOT = bytes(16)


@pytest.fixture
def site(house: House) -> Site:
    made = joined(house)
    made.talk()
    return made


@dataclass
class Forger:
    """Somebody who holds all keys of one agent and continues its chain as it likes."""

    site: Site
    key: str = "cedar"

    @property
    def keys(self) -> Keys:
        return load(self.site.house.folder / self.key)

    def next(self, kind: str = "REX", wall: str = "2026-11-24T03:00:00.000000Z", **more: Any) -> bytes:
        """The bytes of a fact that continues what the centre holds; `more` overwrites fields."""
        with reading(self.site.house.engine) as session:
            chain = session.get_one(AgentChain, self.site.house.agent(session, self.key).id)
        fields: dict[str, Any] = {
            "version": 1,
            "site": "tokyo",
            "agent": self.key,
            "sequence": chain.through + 1,
            "previous": chain.head.hex(),
            "boot": BOOT.hex(),
            "kind": kind,
            "wall": wall,
            "mono_us": 1,
            "clock": "trusted",
            "body": {},
            "commitments": {},
        }
        return canonical.encode({**fields, **more})

    def send(self, *facts: bytes, openings: dict[str, Opening] | None = None, held: int = 1) -> bool:
        return self.raw(Events(self.site.doors[self.key].agent.address, held, self.sealed(facts, openings)).encoded())

    def sealed(self, facts: Sequence[bytes], openings: dict[str, Opening] | None) -> tuple[SealedFact, ...]:
        plain = fact.encode_openings(openings) if openings else b""
        return tuple(
            SealedFact(
                each, seal(self.keys.intake, plain, fact.SEAL_PURPOSE, X25519PrivateKey.generate()) if plain else b""
            )
            for each in facts
        )

    def raw(self, payload: bytes, kind: Kind = Kind.EVENTS, name: Up = Up.EVENTS) -> bool:
        topic = self.site.doors[self.key].agent.address.up(name)
        return take(self.site, topic, signed(kind, payload, self.keys.signing))


def take(site: Site, topic: str, payload: bytes) -> bool:
    site.link.arrive(topic, payload)
    arrived = site.link.inbox.get_nowait()
    assert arrived is not None
    return site.link.take(arrived, NOW)


def kinds(site: Site, *wanted: RowKind) -> list[dict[str, Any]]:
    with reading(site.house.engine) as session:
        statement = select(LedgerRow).where(LedgerRow.kind.in_(wanted)).order_by(LedgerRow.sequence)
        return [{**row.subjects, **row.content} for row in session.scalars(statement)]


def alarms(site: Site) -> list[str]:
    with reading(site.house.engine) as session:
        return sorted(each.kind for each in alarm.waiting(session))


def require_the_good_agent_is_heard(site: Site) -> None:
    """Another agent's fact is taken in and acknowledged, and every page that shows facts can show them."""
    other, before = site.doors["cedar-back"], len(rows(site.house.engine))
    site.sent.clear()
    other.card("cedar-back-in", "Ben")
    assert take(site, other.agent.address.up(Up.EVENTS), other.envelope(other.facts[-3:]))
    assert len(rows(site.house.engine)) > before
    assert [topic for topic, _ in site.sent] == ["sekisho/1/tokyo/cedar-back/down/ack"]
    site.sent.clear()
    with reading(site.house.engine) as session:
        for row in enquiry.log(session, LogFilter(), None, 200).rows:
            row.fact.fact()
            row.fact.at.astimezone(UTC)
            explained(session, row.fact, lambda _hash: None)
        enquiry.unknown_cards(session)
        occupancy.inside(session, site.house.cedar(session))


DEEP: Any = 1
for _ in range(25):
    DEEP = [DEEP]

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "a NUL where words belong": (
        "DECISION",
        {"outcome": "GR\0NT", "reason": "\0", "access_point": "\0", "door": "a\0b"},
    ),
    "lists where words belong": ("DECISION", {"outcome": [1], "reason": {}, "access_point": [], "door": {"x": 1}}),
    "words that are too long": ("DECISION", {"outcome": "x" * 9000, "reason": "y" * 9000, "door": "z" * 9000}),
    "a deep nest": ("FIRE", {"active": DEEP, "door": DEEP}),
    "numbers and truth": ("PASSAGE", {"inferred": 2**62, "access_point": True, "door": None}),
    "another agent's door": ("PASSAGE", {"access_point": "cedar-back-in", "door": "cedar-back"}),
    "no list at all": ("LIST_ADOPTED", {"epoch": "1", "version": 2**63 - 1, "hash": [], "set_hash": None}),
    "a negative list": ("LIST_ADOPTED", {"epoch": -(2**62), "version": -1, "hash": "00"}),
    "uncertainty of everything": ("STARTED", {"reason": 5, "presence": "uncertain"}),
    "a forced nowhere": ("FORCED_OPEN", {"door": "nowhere"}),
    "a surprising key": ("REX", {"\0": "\0", "𠮷": "𠮷" * 500}),
}


def test_whatever_a_body_holds_is_kept_as_it_is_and_stops_nobody(site: Site) -> None:
    forger = Forger(site)
    for case, (kind, body) in BODIES.items():
        made = forger.next(kind, body=body)
        assert forger.send(made), case
        assert [row.encoded for row in rows(site.house.engine)][-1] == made, case
    require_the_good_agent_is_heard(site)


OPENINGS: dict[str, Any] = {
    "a handle that is no hex": ("holder", "zz" * 16),
    "a handle with spaces": ("holder", " " * 32),
    "a handle that is a list": ("holder", [1, 2]),
    "an identity with a NUL": ("identity", "serial-hex:8:\0\0"),
    "an identity of thousands": ("identity", "serial-hex:40:" + "0" * 20000),
    "a nested input": ("input", {"attempt": DEEP}),
    "a name too long for its column": ("n" * 60, "x"),
    "a name with a NUL": ("\0", "x"),
    "a text with a NUL": ("holder", "\0"),
}


def test_whatever_an_opening_holds_stops_nobody(site: Site) -> None:
    forger = Forger(site)
    for place, (case, (name, value)) in enumerate(OPENINGS.items()):
        opening = Opening(bytes([place]) * 32, value)
        made = forger.next("DECISION", body={"outcome": "REFUSE"}, commitments={name: commit(opening).hex()})
        assert forger.send(made, openings={name: opening}), case
        assert rows(site.house.engine)[-1].cardholder_id is None, case
    require_the_good_agent_is_heard(site)


def test_an_opening_that_opens_nothing_or_was_used_before_stops_nobody(site: Site) -> None:
    forger, opening = Forger(site), Opening(SALT, "serial-hex:8:01")
    for openings in (
        {"identity": Opening(SALT, "another")},
        {"identity": opening},
        {"identity": opening},
        {"other": opening},
    ):
        assert forger.send(forger.next(commitments={"identity": commit(opening).hex()}), openings=openings)
    made = SealedFact(forger.next(), b"\x00" * 40)
    assert forger.raw(Events(site.doors["cedar"].agent.address, 1, (made,)).encoded())
    twice = commit(Opening(SALT, "twice")).hex()
    both = {"holder": Opening(SALT, "twice"), "identity": Opening(SALT, "twice")}
    assert forger.send(forger.next(commitments={"holder": twice, "identity": twice}), openings=both)
    require_the_good_agent_is_heard(site)


@pytest.mark.parametrize(
    "wall", ["1970-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00.000000Z"]
)
def test_an_impossible_wall_clock_moves_nobody_past_what_is_certain(site: Site, wall: str) -> None:
    with reading(site.house.engine) as session:
        handle = site.house.holder(session, "Ada").handle.hex()
    forger = Forger(site)
    for place, (point, salt) in enumerate((("cedar-in", 1), ("cedar-out", 2))):
        opening = Opening(bytes([salt]) * 32, handle)
        body = {"access_point": point, "door": "cedar", "inferred": False}
        clock = wall if place == 0 else "2026-11-24T03:00:00.000000Z"
        made = forger.next("PASSAGE", clock, body=body, commitments={"holder": commit(opening).hex()})
        assert forger.send(made, openings={"holder": opening})
    with reading(site.house.engine) as session:
        assert occupancy.inside(session, site.house.cedar(session)) == []
        assert all(row.at <= NOW + timedelta(minutes=5) for row in session.scalars(select(FactRow)))
    assert rows(site.house.engine)[-2].fact().wall == datetime.fromisoformat(wall)
    require_the_good_agent_is_heard(site)


MALFORMED: dict[str, Callable[[Forger], bytes]] = {
    "no JSON": lambda _: b"\x00",
    "nothing": lambda _: b"",
    "an unknown kind": lambda forger: forger.next("TELEPATHY"),
    "the year one with one digit": lambda forger: forger.next(wall="1-01-01T00:00:00.000000Z"),
    "a wall clock with a leap second": lambda forger: forger.next(wall="2026-12-31T23:59:60.000000Z"),
    "no sequence": lambda forger: forger.next(sequence="1"),
    "sequence nought": lambda forger: forger.next(sequence=0),
    "a newer version": lambda forger: forger.next(version=2),
    "one field more": lambda forger: forger.next(extra=1),
    "a short commitment": lambda forger: forger.next(commitments={"holder": "00"}),
    "a body that is a list": lambda forger: forger.next(body=[]),
    "another agent's name": lambda forger: forger.next(agent="cedar-back"),
    "another site's name": lambda forger: forger.next(site="osaka"),
}


def test_a_malformed_fact_is_refused_recorded_and_stops_nobody(site: Site) -> None:
    before = len(rows(site.house.engine))
    for count, (case, make) in enumerate(MALFORMED.items(), 1):
        assert not Forger(site).send(make(Forger(site))), case
        assert site.link.refused.total() == count, case
    assert len(rows(site.house.engine)) == before
    told = kinds(site, RowKind.MESSAGE_REFUSED)
    assert [(each["topic"], each["count"]) for each in told] == [("events", 1)] * 3
    assert alarms(site) == ["MESSAGE_REFUSED"]
    require_the_good_agent_is_heard(site)


PAYLOADS: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"S",
    "a stump": b"SKE\x01\x06events",
    "zeros": bytes(200),
    "64 KiB": b"SKE\x01\x06events" + bytes(LIMIT - 11),
    "more than 64 KiB": bytes(LIMIT + 1),
    "a megabyte": bytes(2**20),
}


def test_rubbish_on_any_topic_is_refused_recorded_and_stops_nobody(site: Site) -> None:
    heard = set(Up) - {Up.PRESENCE}  # that is between the agents
    for name in heard:
        for case, payload in PAYLOADS.items():
            assert not take(site, f"sekisho/1/tokyo/cedar/up/{name}", payload), case
    assert {each["topic"] for each in kinds(site, RowKind.MESSAGE_REFUSED)} == heard
    assert site.link.refused.total() == len(heard) * len(PAYLOADS)
    require_the_good_agent_is_heard(site)


def test_good_envelopes_with_bad_payloads_are_refused_and_recorded(site: Site) -> None:
    forger = Forger(site)
    for payload in (b"", b"[]", b"{}", b'{"a":' * 5000, b'{"agent":"cedar","facts":[],"held":0,"site":"tokyo"}'):
        assert not forger.raw(payload)
    assert not forger.raw(b"{}", Kind.STATUS, Up.EVENTS)
    assert not forger.raw(b"{}", Kind.STATUS, Up.STATUS)
    assert not forger.raw(b"{}", Kind.LIST, Up.RECEIPT)
    assert {each["why"] for each in kinds(site, RowKind.MESSAGE_REFUSED)} == {str(Flaw.MALFORMED), str(Flaw.SIGNATURE)}
    require_the_good_agent_is_heard(site)


def test_a_flood_of_rubbish_does_not_fill_the_ledger(site: Site) -> None:
    for _ in range(300):
        take(site, "sekisho/1/tokyo/cedar/up/events", b"rubbish")
    assert len(kinds(site, RowKind.MESSAGE_REFUSED)) == 3
    site.link.arrive("sekisho/1/tokyo/cedar/up/events", b"rubbish")
    arrived = site.link.inbox.get_nowait()
    assert arrived is not None
    site.link.take(arrived, NOW + timedelta(minutes=11))
    assert [each["count"] for each in kinds(site, RowKind.MESSAGE_REFUSED)] == [1, 1, 1, 298]


def test_a_flooding_agent_waits_for_itself_and_for_nobody_else(site: Site) -> None:
    for _ in range(20 * OF_ONE):
        site.link.arrive("sekisho/1/tokyo/cedar/up/events", b"rubbish")
    other = site.doors["cedar-back"]
    other.card("cedar-back-in", "Ben")
    site.link.arrive(other.agent.address.up(Up.EVENTS), other.envelope(other.facts[-3:]))
    taken = []
    while not site.link.inbox.empty():
        arrived = site.link.inbox.get()
        assert arrived is not None
        taken.append(site.link.take(arrived, NOW))
    assert len(taken) == OF_ONE + 1
    assert taken[-1]
    site.link.arrive("sekisho/1/tokyo/cedar/up/events", b"rubbish")
    assert not site.link.inbox.empty(), "what was taken makes room again"


def test_a_receipt_with_control_characters_is_written_down_without_them(site: Site) -> None:
    with reading(site.house.engine) as session:
        carried = Carried(Version(1, 1), bytes(32))
        address = site.doors["cedar"].agent.address
    receipt = Receipt(address, ReceiptOutcome.REFUSED, carried, "a\0b\x1b[31m" + "c" * 150, ("x\0" * 40,))
    Forger(site).raw(receipt.encoded(), Kind.RECEIPT, Up.RECEIPT)
    of_none = Receipt(address, ReceiptOutcome.ADOPTED, Carried(Version(2**62, 2**63 - 1), bytes(32)), "")
    Forger(site).raw(of_none.encoded(), Kind.RECEIPT, Up.RECEIPT)
    assert kinds(site, RowKind.MESSAGE_REFUSED) == []
    with reading(site.house.engine) as session:
        newest = issued.newest(session, site.house.agent(session))
        assert newest is not None
        assert newest.receipt is not None
        assert newest.receipt.isprintable()
    require_the_good_agent_is_heard(site)


def test_adopting_a_list_of_other_bytes_counts_for_nothing(site: Site) -> None:
    site.grant("Ada")
    site.link.follow(NOW)
    forger = Forger(site)
    assert forger.send(forger.next("LIST_ADOPTED", body={"epoch": 1, "version": 2, "hash": "00" * 32}))
    with reading(site.house.engine) as session:
        newest = issued.newest(session, site.house.agent(session))
        assert newest is not None
        assert newest.version == 2
        assert newest.adopted_at is None


def test_facts_that_overlap_come_twice_or_backwards_are_stored_once_in_order(site: Site) -> None:
    door = site.doors["cedar"]
    for _ in range(6):
        door.card("cedar-in", "Ben")
    topic, every = door.agent.address.up(Up.EVENTS), door.facts
    for some in (every[4:], every[2:5], every[:3], every[1:4], every[3:], every[-1:], every):
        take(site, topic, door.envelope(some))
    mine = [row for row in rows(site.house.engine) if row.fact().agent == "cedar"]
    assert [row.sequence for row in mine] == list(range(1, len(every) + 1))
    assert "CHAIN_BROKEN" not in alarms(site)
    assert "FACTS_MISSING" not in alarms(site)


def test_a_message_whose_facts_go_backwards_is_refused_behind_the_first(site: Site) -> None:
    door = site.doors["cedar"]
    for _ in range(3):
        door.card("cedar-in", "Ben")
    last = door.facts[-2:]
    before = len(rows(site.house.engine))
    assert take(site, door.agent.address.up(Up.EVENTS), door.envelope([*door.facts[:-1], last[0], last[1]]))
    assert len(rows(site.house.engine)) > before
    assert alarms(site) == ["MESSAGE_REFUSED"]


def test_what_an_agent_no_longer_keeps_becomes_a_gap_that_an_auditor_sees(site: Site) -> None:
    forger = Forger(site)
    with reading(site.house.engine) as session:
        through = session.get_one(AgentChain, site.house.agent(session).id).through
    far = forger.next(sequence=through + 41, previous="77" * 32)
    assert not forger.send(far, held=1), "it says that it still keeps what is missing: it will send it"
    assert not forger.send(far, held=through + 40)
    assert kinds(site, RowKind.FACTS_MISSING) == []
    assert forger.send(far, held=through + 41)
    assert [(each["first"], each["last"]) for each in kinds(site, RowKind.FACTS_MISSING)] == [
        (through + 1, through + 40)
    ]
    assert "FACTS_MISSING" in alarms(site)
    with reading(site.house.engine) as session:
        assert site.house.cedar(session).id in occupancy.uncertain(session)
    assert forger.send(forger.next())
    late = forger.next(sequence=through + 7, previous="66" * 32)
    assert not forger.send(late), "what comes late from a gap changes nothing"
    assert "CHAIN_BROKEN" not in alarms(site)


def test_a_jump_to_the_end_of_all_numbers_is_a_gap_and_stops_nobody(site: Site) -> None:
    forger = Forger(site)
    for number in (2**62, 2**63 - 1):
        assert forger.send(forger.next(sequence=number, previous="00" * 32), held=number)
    assert len(kinds(site, RowKind.FACTS_MISSING)) == 2
    require_the_good_agent_is_heard(site)


def test_a_restored_centre_says_what_it_lost_and_goes_on(site: Site) -> None:
    door = site.doors["cedar"]
    for _ in range(4):
        door.card("cedar-in", "Ben")
    topic = door.agent.address.up(Up.EVENTS)
    with transaction(site.house.engine) as session:
        kept = session.get_one(AgentChain, site.house.agent(session).id)
        through, head = kept.through, kept.head
    take(site, topic, door.envelope(door.facts))
    with transaction(site.house.engine) as session:
        chain = session.get_one(AgentChain, site.house.agent(session).id)
        lost = chain.through
        for row in session.scalars(
            select(FactRow).where(FactRow.agent_id == chain.agent_id, FactRow.sequence > through)
        ):
            session.delete(row)
        chain.through, chain.head = through, head
    door.card("cedar-in", "Eve")
    fresh = [each for each in door.facts if each.sequence > lost]
    assert take(site, topic, door.envelope(fresh, held=lost + 1))
    assert [(each["first"], each["last"]) for each in kinds(site, RowKind.FACTS_MISSING)] == [(through + 1, lost)]


def test_an_agent_restored_from_a_backup_is_found_out_at_its_first_fact(site: Site) -> None:
    door = site.doors["cedar"]
    restored = Doorway(site.house, "cedar", site.link)
    while not site.link.inbox.empty():
        site.link.inbox.get()
    for _ in range(5):
        door.card("cedar-in", "Ben")
    topic = door.agent.address.up(Up.EVENTS)
    take(site, topic, door.envelope(door.facts))
    site.sent.clear()
    restored.card("cedar-in", "Eve")
    assert len(restored.facts) < len(door.facts)
    assert not take(site, topic, restored.envelope(restored.facts))
    assert alarms(site) == ["CHAIN_BROKEN"]
    assert len(kinds(site, RowKind.FACT_CHAIN_BROKEN)) == 1
    take(site, topic, restored.envelope(restored.facts))
    assert len(kinds(site, RowKind.FACT_CHAIN_BROKEN)) == 1, "once until somebody has looked at it"
    require_the_good_agent_is_heard(site)
    assert take(site, topic, door.envelope(door.facts)) is False
    door.card("cedar-in", "Ben")
    assert take(site, topic, door.envelope(door.facts)), "the agent whose record it is goes on"


def test_an_agent_is_believed_about_its_own_doors_only(site: Site) -> None:
    with reading(site.house.engine) as session:
        handle = site.house.holder(session, "Ada").handle.hex()
    opening = Opening(SALT, handle)
    forger = Forger(site, "cedar-back")
    made = forger.next(
        "PASSAGE", body={"access_point": "cedar-in", "door": "cedar"}, commitments={"holder": commit(opening).hex()}
    )
    assert forger.send(made, openings={"holder": opening})
    row = rows(site.house.engine)[-1]
    assert (row.door_id, row.access_point_id, row.area_id) == (None, None, None)
    with reading(site.house.engine) as session:
        assert occupancy.inside(session, site.house.cedar(session)) == []


def test_nothing_is_acknowledged_when_the_commit_fails(site: Site) -> None:
    door, engine = site.doors["cedar"], site.house.engine
    door.card("cedar-in", "Ben")
    topic = door.agent.address.up(Up.EVENTS)
    before = len(rows(engine))

    def fail(_connection: object) -> None:
        raise OperationalError("COMMIT", None, Exception("disk full"))

    event.listen(engine, "commit", fail)
    try:
        with pytest.raises(OperationalError):
            take(site, topic, door.envelope(door.facts))
    finally:
        event.remove(engine, "commit", fail)
    assert site.sent == []
    assert len(rows(engine)) == before
    assert take(site, topic, door.envelope(door.facts)), "it is sent again, and taken"
    assert len(site.sent) == 1


def test_values_that_the_database_does_not_take_are_refused_and_stop_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    forger = Forger(site)
    made = forger.next()

    def collide(session: Any, *_: object) -> None:
        append(session, RowKind.FACT, "x", NOW, {})
        session.add(LedgerRow(sequence=1, at=NOW, kind="x", actor="x", leaf=b"", leaf_hash=b""))
        session.flush()

    with monkeypatch.context() as patched:
        patched.setattr(intake, "receive", collide)
        assert not forger.send(made)
    assert [each["why"] for each in kinds(site, RowKind.MESSAGE_REFUSED)] == [str(Flaw.DATABASE)]
    require_the_good_agent_is_heard(site)


def test_a_revoked_agent_is_not_taken_in_and_that_is_recorded(site: Site) -> None:
    forger = Forger(site)
    made = forger.next()
    with transaction(site.house.engine) as session:
        agent.revoke(session, "operator:1", NOW, site.house.agent(session))
    assert not forger.send(made)
    assert site.sent == []
    assert [each["why"] for each in kinds(site, RowKind.MESSAGE_REFUSED)] == [str(Flaw.UNTRUSTED)]
    require_the_good_agent_is_heard(site)


def test_no_row_about_a_refusal_repeats_what_a_message_held(site: Site) -> None:
    secret = "1e00000001"
    forger = Forger(site)
    forger.send(forger.next(body={secret: 1}, version=2))
    forger.raw(json.dumps({secret: 1}).encode())
    take(site, "sekisho/1/tokyo/cedar/up/events", secret.encode())
    with reading(site.house.engine) as session:
        for row in session.scalars(select(LedgerRow).where(LedgerRow.kind == RowKind.MESSAGE_REFUSED)):
            assert secret.encode() not in row.leaf
