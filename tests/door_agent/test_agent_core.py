"""The core: entries wait for the disk, exits for nothing, fire for nobody; and nothing from outside stops it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract import envelope, fact
from contract.envelope import Kind
from contract.fact import FactKind
from contract.message import Ack
from contract.policy import ExitMode
from contract.record import Flag
from contract.room_rules import ALONE, Posture
from contract.topic import Down
from door_agent.durable import JOURNAL_WITHIN_S
from door_agent.events import Arrived, Card, Command, Committed, Level, Lock, LockWish, ReaderState, ResetAsked, Tick
from door_agent.events import Record as JournalRecord
from tests.door_agent.conftest import ADA, BEN, CEDAR, EVE, Core, holder

RELEASE, SECURE = Lock("cedar", LockWish.RELEASE), Lock("cedar", LockWish.SECURE)


def reasons(core: Core) -> list[object]:
    return [each.body["reason"] for each in core.facts if each.kind is FactKind.DECISION]


def place(commands: Sequence[Command], kind: FactKind) -> int:
    """Where the record of this kind stands among the commands."""
    return next(
        at
        for at, each in enumerate(commands)
        if isinstance(each, JournalRecord) and fact.decoded(each.encoded).kind is kind
    )


def test_ada_enters_and_her_passage_moves_her(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.prove_fresh()
    assert RELEASE in core.card("cedar-in", ADA)
    core.feed(Level("cedar", "contact", True))
    where = core.agent.presence[b"A" * 16]
    assert (where.area, where.certain) == ("cedar-room", True)
    assert SECURE in core.feed(Level("cedar", "contact", False))
    assert core.kinds()[-5:] == ["DECISION", "RELEASED", "DOOR_OPENED", "PASSAGE", "DOOR_CLOSED"]


def test_with_the_journal_stopped_an_exit_and_fire_release_and_an_entry_does_not(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.prove_fresh()
    core.disk = False
    assert RELEASE not in core.card("cedar-in", ADA)
    leaving = core.card("cedar-out", ADA)
    assert leaving.index(RELEASE) < place(leaving, FactKind.DECISION)
    burning = core.feed(Level("cedar", "fire", True))
    assert burning[0] == Lock("cedar", LockWish.LATCH, "fire")


def test_an_entry_is_released_by_the_commit_of_its_own_fact(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.prove_fresh()
    core.disk = False
    commands = core.card("cedar-in", ADA)
    record = commands[place(commands, FactKind.DECISION)]
    assert isinstance(record, JournalRecord)
    assert RELEASE not in core.feed(Committed(record.sequence - 1))
    assert RELEASE in core.feed(Committed(record.sequence))


def test_a_commit_that_comes_too_late_releases_nothing_and_the_refusal_is_a_fact(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.prove_fresh()
    core.disk = False
    core.card("cedar-in", ADA)
    sequence = core.facts[-1].sequence
    assert core.agent.deadline is not None
    assert core.agent.deadline <= core.mono + JOURNAL_WITHIN_S
    core.feed(Tick(), after=JOURNAL_WITHIN_S + 0.001)
    assert reasons(core)[-1] == "JOURNAL_UNAVAILABLE"
    assert RELEASE not in core.feed(Committed(sequence))
    assert RELEASE not in core.feed(Committed(sequence + 1))


def test_without_a_list_nobody_enters_and_everybody_leaves(core: Core) -> None:
    assert RELEASE not in core.card("cedar-in", ADA)
    assert RELEASE in core.card("cedar-out", EVE)
    assert reasons(core) == ["NO_LIST", "EXIT_UNVERIFIED"]


def test_a_stranger_is_kept_in_only_while_the_list_is_proven_fresh(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    assert RELEASE in core.card("cedar-out", BEN)
    core.feed(Level("cedar", "contact", True))
    core.feed(Level("cedar", "contact", False))
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-out", BEN)
    core.mono += 3601
    assert RELEASE in core.card("cedar-out", BEN)
    assert reasons(core) == ["EXIT_UNVERIFIED", "NOT_ON_LIST", "EXIT_UNVERIFIED"]


def test_a_card_whose_permission_ended_leaves_and_does_not_enter(core: Core) -> None:
    core.adopt({EVE: holder(b"E", Flag.EXIT_ONLY)})
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-in", EVE)
    assert RELEASE in core.card("cedar-out", EVE)


def test_fire_stays_until_it_is_over_and_somebody_resets(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.feed(Level("cedar", "fire", True))
    assert Lock("cedar", LockWish.RESET) not in core.feed(ResetAsked("cedar"))
    core.card("cedar-out", ADA)
    assert SECURE not in core.feed(Tick(), after=60.0)
    assert SECURE not in core.feed(Level("cedar", "fire", False))
    done = core.feed(ResetAsked("cedar"))
    assert done.index(Lock("cedar", LockWish.RESET)) < done.index(SECURE)
    assert core.kinds()[-1] == "LIFE_SAFETY_RESET"


def test_request_to_exit_opens_a_recorded_exit_and_a_controlled_one_only_without_its_reader(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, 1)
    assert RELEASE not in core.feed(Level("cedar", "rex", True))
    core.feed(ReaderState("cedar-out", "lost", "unplugged"))
    assert RELEASE in core.feed(Level("cedar", "rex", True))
    core.feed(ReaderState("cedar-out", "back", ""))
    core.feed(Tick(), after=20.0)
    assert RELEASE not in core.feed(Level("cedar", "rex", True))
    core.adopt({ADA: holder(b"A")}, 2, mode=ExitMode.RECORDED)
    assert RELEASE in core.feed(Level("cedar", "rex", True))


def test_two_enter_together_where_one_alone_waits(core: Core) -> None:
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B")}, company=2)
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-in", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)
    assert RELEASE in core.card("cedar-in", BEN)
    core.feed(Level("cedar", "contact", True))
    assert core.kinds().count("PASSAGE") == 2
    core.feed(Level("cedar", "contact", False))
    core.card("cedar-in", ADA)
    core.feed(Tick(), after=ALONE.within_s + 1)
    assert RELEASE not in core.card("cedar-in", BEN)


def test_a_restart_continues_the_chain_and_tells_what_was_cut(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.restart()
    assert core.kinds()[-2:] == ["STARTED", "ADMISSION_ENDED"]
    assert core.facts[-2].body == {"reason": "restart", "presence": "uncertain", "readers": {}}
    assert core.facts[-1].body["how"] == "OUTCOME_UNKNOWN"
    previous = fact.first_previous(CEDAR)
    for number, each in enumerate(core.facts, 1):
        assert (each.sequence, each.previous) == (number, previous)
        previous = fact.fact_hash(each.encoded())
    assert core.agent.lists.carried is not None


def test_a_clean_stop_leaves_presence_whole(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    assert core.agent.at_rest
    core.journal.stop_cleanly()
    core.restart()
    assert core.facts[-1].body == {"reason": "restart", "presence": "whole", "readers": {}}


def test_facts_are_forgotten_only_when_the_right_head_is_acknowledged(core: Core) -> None:
    core.card("cedar-in", ADA)
    last = core.facts[-1]
    head = fact.fact_hash(last.encoded())
    for key, wrong, left in (
        (Ed25519PrivateKey.generate(), head, True),
        (core.controller, bytes(32), True),
        (core.controller, head, False),
    ):
        ack = Ack(CEDAR, last.sequence, wrong)
        core.deliver(Down.ACK, envelope.signed(Kind.ACK, ack.encoded(), key))
        kept = [number for number, _ in core.journal.unsent()]
        assert (last.sequence in kept) is left
    core.restart()
    assert core.facts[-1].sequence == core.facts[-2].sequence + 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda core, data: core.sealed(data, Ed25519PrivateKey.generate()),
        lambda core, data: core.sealed(data[:-1] + bytes([data[-1] ^ 1])),
        lambda core, data: core.sealed(data[:200]),
        lambda core, data: core.sealed(data, purpose=b"list:tokyo/other"),
        lambda core, _: core.sealed(core.listed({}, 9, agent="other")),
        lambda core, _: core.sealed(core.listed({BEN: holder(b"B")}, 1)),
        lambda core, _: core.sealed(core.listed({BEN: holder(b"B")}, 2)),
        lambda _core, data: data,
        lambda core, data: envelope.signed(Kind.FRESH, data[:100], core.controller),
    ],
    ids=["stranger", "altered", "cut", "sealed elsewhere", "other agent", "older", "same number", "bare", "other kind"],
)
def test_a_list_that_is_not_ours_and_newer_is_refused_and_recorded(core: Core, spoil: object) -> None:
    core.adopt({ADA: holder(b"A")}, 2)
    carried = core.agent.lists.carried
    assert carried is not None
    assert callable(spoil)
    core.deliver(Down.LIST, spoil(core, core.listed({BEN: holder(b"B")}, 3)))
    assert core.agent.lists.carried is carried
    assert core.kinds()[-1] == "LIST_REFUSED"


def test_a_damaged_list_on_disk_is_refused_and_the_agent_works_without(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.damage_the_list()
    core.restart()
    assert "LIST_REFUSED" in core.kinds()
    assert core.agent.lists.carried is None
    assert RELEASE in core.card("cedar-out", ADA)


def test_after_a_list_was_lost_nobody_is_sure_who_is_inside_until_it_is_forgiven(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-out", EVE)
    core.damage_the_list()
    core.journal.stop_cleanly()
    core.restart()
    assert [each.body["presence"] for each in core.facts if each.kind is FactKind.STARTED] == ["whole", "uncertain"]
    core.feed(Level("cedar", "contact", True))  # forced: who comes in now is in a room that no list names
    core.adopt({ADA: holder(b"A")}, 2)
    core.prove_fresh()
    assert RELEASE in core.card("cedar-out", EVE)
    assert reasons(core)[-1] == "EXIT_UNVERIFIED"
    core.adopt({ADA: holder(b"A")}, 3, posture=1, area={"posture": Posture(forgiven=1)})
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-out", EVE)


def test_garbage_on_a_topic_cannot_fill_the_journal(core: Core) -> None:
    for _ in range(500):
        core.deliver(Down.LIST, b"garbage")
        core.deliver(Down.ACK, b"garbage")
    assert len(core.facts) < 20
    core.mono += 120
    core.deliver(Down.ACK, b"garbage")
    count = core.facts[-1].body["count"]
    assert isinstance(count, int)
    assert count > 400


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.sampled_from(Down), st.binary(max_size=300), st.text("01x", max_size=80))
def test_nothing_from_outside_stops_the_core(core: Core, topic: str, name: Down, payload: bytes, bits: str) -> None:
    core.feed(Arrived(topic, payload))
    core.deliver(name, payload)
    assert RELEASE not in core.feed(Card("cedar-in", "serial-hex", bits))
    core.feed(Card("nowhere", topic, bits))
    core.feed(ReaderState("cedar-in", topic, topic))
    core.feed(Level(topic, topic, True))


def test_no_fact_holds_a_card_number_or_a_handle(core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.feed(Level("cedar", "contact", True))
    core.card("cedar-in", BEN)
    told = b"".join(each.encoded() for each in core.facts)
    for secret in (ADA, BEN, f"{int(ADA, 2):x}", f"{int(BEN, 2):x}", (b"A" * 16).hex()):
        assert secret.encode() not in told
