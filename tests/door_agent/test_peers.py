"""A room with two doors on two agents: what one sees the other knows, or says that it does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.envelope import LIMIT, Kind, signed
from contract.fact import FactKind
from contract.presence_message import MOST_MOVES, Presence
from contract.record import Flag
from contract.room_rules import Company, Enforcement, Tier, Unheard
from door_agent.events import Level, Listen
from door_agent.hearing import PEERS_WITHIN_S
from door_agent.peers import LOST_AFTER_S
from door_agent.telling import HEARTBEAT_S
from tests.door_agent.conftest import holder
from tests.door_agent.room import ADA, BEN, CAST, CYD, HARD, ROOM, STRANGER, Letter, Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    made.adopt()
    yield made
    made.close()


def test_who_came_in_by_one_door_is_refused_at_the_other_and_let_in_once_they_left(room: Room) -> None:
    assert room.goes("cedar-in", ADA)
    room.carry()
    assert not room.goes("maple-in", ADA)
    assert room.violations("maple") == ["ALREADY_INSIDE", "ALREADY_INSIDE"]
    assert room.goes("maple-out", ADA)
    room.carry()
    assert room.violations("maple") == ["PERMITTED"]
    assert room.goes("cedar-in", ADA)
    assert room.violations("cedar") == ["PERMITTED"]


def test_a_decision_records_how_long_ago_the_peer_was_heard(room: Room) -> None:
    room.passes(3.0, carrying=False)
    assert room.cores["maple"].agent.peers.silent_s(ROOM, room.cores["maple"].moment) == 3


def test_a_lone_agent_has_no_peers_to_wait_for(room: Room) -> None:
    peers = room.cores["cedar"].agent.peers
    assert peers.silent_s("another-room", room.cores["cedar"].moment) is None
    assert peers.current("another-room", room.cores["cedar"].moment)


def test_an_agent_listens_to_the_peers_that_its_list_names(tmp_path: Path) -> None:
    room = Room(tmp_path)
    core = room.cores["cedar"]
    told = core.listed(CAST, neighbours=room.neighbours("cedar"))
    assert Listen(("sekisho/1/tokyo/maple/up/presence",)) in core.feed(_list(core, told))
    room.close()


def _list(core: Any, told: bytes) -> Any:
    from contract.topic import Down
    from door_agent.events import Arrived

    return Arrived(core.address.down(Down.LIST), core.sealed(told))


def test_nothing_is_told_before_the_first_fact_of_this_start_is_durable(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.adopt()
    core = room.cores["cedar"]
    core.journal.close()
    core.disk = False
    core.start()
    before = len(core.sent)
    core.mono += 1
    room.mend()
    assert not [each for each in core.sent[before:] if each.topic.endswith("/up/presence")]
    room.close()


@pytest.mark.parametrize(
    ("unheard", "enters", "says"),
    [
        (Unheard.ENFORCE, False, ["ALREADY_INSIDE", "ALREADY_INSIDE"]),
        (Unheard.SOFTEN, True, ["PERMITTED", "ALREADY_INSIDE", "PROTECTION_WEAKENED"]),
        (Unheard.REFUSE, False, ["PRESENCE_UNKNOWN", "PRESENCE_UNKNOWN", "ALREADY_INSIDE"]),
    ],
)
def test_while_the_broker_is_down_the_areas_own_policy_applies(
    room: Room, unheard: Unheard, enters: bool, says: list[str]
) -> None:
    room.adopt(area={**HARD, "unheard": unheard})
    assert room.goes("cedar-in", ADA)
    room.carry()
    room.cut()
    room.passes(PEERS_WITHIN_S + 2)
    assert not room.current("maple")
    assert room.goes("maple-in", ADA) is enters
    found = room.violations("maple")
    assert (found[0], sorted(found[1:])) == (says[0], sorted(says[1:]))


def test_a_peer_that_falls_silent_is_an_alarm_once_and_so_is_its_coming_back(room: Room) -> None:
    room.cut()
    room.passes(PEERS_WITHIN_S + LOST_AFTER_S + 3)
    assert room.told("maple", FactKind.PEER_LOST) == [{"peer": "cedar", "area": ROOM, "detail": "silent"}]
    assert not room.told("maple", FactKind.PEER_BACK)
    room.passes(60)
    room.mend()
    room.passes(2)
    assert len(room.told("maple", FactKind.PEER_LOST)) == 1
    assert room.told("maple", FactKind.PEER_BACK) == [{"peer": "cedar", "area": ROOM}]
    assert room.current("maple")
    assert room.current("cedar")


def test_a_peer_that_was_never_heard_is_an_alarm_too(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.up = False
    room.adopt()
    room.passes(PEERS_WITHIN_S + 3)
    assert not room.current("cedar")
    room.passes(PEERS_WITHIN_S)
    assert len(room.told("cedar", FactKind.PEER_LOST)) == 1
    room.close()


def test_a_stranger_is_kept_in_only_while_the_peers_are_current(room: Room) -> None:
    assert not room.goes("maple-out", STRANGER)
    assert room.violations("maple")[0] == "NOT_ON_LIST"
    room.cut()
    room.passes(PEERS_WITHIN_S + 2)
    room.cores["maple"].prove_fresh()
    room.cores["maple"].agent.peers.link(False, room.cores["maple"].moment)
    assert room.goes("maple-out", STRANGER)
    assert room.violations("maple")[0] == "EXIT_UNVERIFIED"


def test_a_later_list_at_a_peer_ends_the_proof_until_our_own_is_proven_again(room: Room) -> None:
    room.adopt("cedar", later_s=60)
    assert not room.current("maple")
    asked = room.cores["maple"].sent[-1].topic
    assert asked.endswith("/up/status")
    assert room.goes("maple-out", STRANGER)
    assert room.violations("maple")[0] == "EXIT_UNVERIFIED"
    room.cores["maple"].prove_fresh()
    assert room.current("maple")
    assert room.current("cedar")
    room.adopt("maple", later_s=60)
    assert room.current("cedar")


def test_uncertainty_at_one_door_weakens_the_other(room: Room) -> None:
    room.goes("cedar-in", ADA)
    room.carry()
    room.passes(2)
    room.cores["cedar"].feed(Level("cedar", "contact", True))
    room.carry()
    assert not room.cores["maple"].agent.peers.certain(ROOM)
    assert room.goes("maple-in", ADA)
    assert sorted(room.violations("maple")[1:]) == ["ALREADY_INSIDE", "PROTECTION_WEAKENED"]


def test_after_a_restart_what_the_peer_saw_is_known_again_and_what_was_told_before_is_not_taken(room: Room) -> None:
    room.goes("cedar-in", ADA)
    room.carry()
    room.settle()
    room.passes(HEARTBEAT_S + 1, carrying=False)
    old = list(room.flying)
    room.carry()
    room.restart("maple")
    assert room.current("maple")
    assert not room.goes("maple-in", ADA)
    room.restart("cedar")
    room.passes(2)
    assert room.current("maple")
    refused = len(room.told("maple", FactKind.MESSAGE_REFUSED))
    room.deliver(next(each for each in old if each.to == "maple"))
    assert len(room.told("maple", FactKind.MESSAGE_REFUSED)) == refused + 1
    assert room.current("maple")


def test_an_agent_without_anything_to_tell_is_whole_too(room: Room) -> None:
    assert room.current("cedar")
    assert room.current("maple")


def test_a_lost_message_is_a_hole_that_is_filled_as_soon_as_it_shows(room: Room) -> None:
    room.goes("cedar-in", ADA)
    room.carry(lambda letter: letter.to != "maple")
    assert room.cores["maple"].agent.presence.known(b"A" * 16) is None
    room.passes(1.0, carrying=False)
    room.goes("cedar-in", BEN)
    letters, room.flying = room.flying, []
    for each in letters:
        room.deliver(each)
    assert not room.current("maple")
    room.carry()
    assert room.current("maple")
    assert not room.goes("maple-in", ADA)


def test_what_a_broker_keeps_back_proves_nothing_when_it_comes(room: Room) -> None:
    """A constant delay looks like a peer that is always there: its answers do not."""
    kept: list[tuple[float, Letter]] = []
    for _ in range(200):
        room.passes(0.5, carrying=False)
        now = room.cores["maple"].mono
        kept += [(now, each) for each in room.flying]
        room.flying = []
        for _, letter in [each for each in kept if now - each[0] >= 40]:
            room.deliver(letter)
        kept = [each for each in kept if now - each[0] < 40]
    assert not room.current("maple")
    assert not room.current("cedar")


def _letter(room: Room) -> Letter:
    """One that has not been delivered."""
    room.goes("cedar-in", CYD)
    found = room.flying[-1]
    room.flying = []
    return found


def test_what_the_peer_did_not_sign_for_this_area_is_refused_and_recorded(room: Room) -> None:
    letter = _letter(room)
    cedar, stranger = room.cores["cedar"], Ed25519PrivateKey.generate()
    known = {
        each: key for signers in room.cores["maple"].agent.peers._signers.values() for each, key in signers.items()
    }
    from contract.envelope import opened

    message = Presence.decoded(opened(letter.payload, Kind.PRESENCE, known).payload)
    as_maple = signed(Kind.PRESENCE, message.encoded(), room.cores["maple"].signing)
    forged = [
        letter.payload[:-1] + bytes([letter.payload[-1] ^ 1]),
        signed(Kind.PRESENCE, message.encoded(), stranger),
        signed(Kind.EVENTS, message.encoded(), cedar.signing),
        signed(Kind.PRESENCE, b"{}", cedar.signing),
        as_maple,
    ]
    for count, payload in enumerate(forged, 1):
        room.deliver(Letter("cedar", "maple", payload))
        assert len(room.told("maple", FactKind.MESSAGE_REFUSED)) == count
    assert room.cores["maple"].agent.presence.known(b"C" * 16) is None
    room.deliver(letter)
    assert room.cores["maple"].agent.presence.known(b"C" * 16) is not None


def test_what_comes_from_nobodys_peer_or_under_another_key_is_left_aside(room: Room) -> None:
    letter = _letter(room)
    room.key = os.urandom(32)
    room.adopt("maple", later_s=1)
    room.deliver(letter)
    assert room.cores["maple"].agent.presence.known(b"C" * 16) is None
    assert not room.told("maple", FactKind.MESSAGE_REFUSED)
    room.passes(PEERS_WITHIN_S + 2)
    assert not room.current("maple")
    room.adopt("cedar", later_s=1)
    room.passes(HEARTBEAT_S + 2)
    assert room.current("maple")
    assert room.current("cedar")
    assert room.cores["maple"].agent.presence.known(b"C" * 16) is not None


def test_two_cards_of_one_holder_at_two_doors_at_once_are_found_out_by_both(room: Room) -> None:
    assert room.goes("cedar-in", ADA)
    assert room.goes("maple-in", ADA)
    room.carry()
    for name, peer in (("cedar", "maple"), ("maple", "cedar")):
        told = room.told(name, FactKind.PRESENCE_CONFLICT)
        assert told == [{"area": ROOM, "peer": peer, "conflict": "twice inside", "count": 1}]
    room.restart("maple")
    room.passes(20)
    assert len(room.told("cedar", FactKind.PRESENCE_CONFLICT)) == 1


def test_who_left_by_a_door_that_was_not_heard_is_no_conflict(room: Room) -> None:
    room.goes("cedar-in", ADA)
    room.carry()
    room.cut()
    assert room.goes("maple-out", ADA)
    assert room.goes("maple-in", ADA)
    room.mend()
    room.passes(2)
    assert room.current("cedar")
    assert not room.told("cedar", FactKind.PRESENCE_CONFLICT)
    assert not room.told("maple", FactKind.PRESENCE_CONFLICT)


def test_a_room_that_two_doors_filled_at_once_is_found_out(room: Room) -> None:
    room.adopt(area={"company": Company(most=2, most_by=Enforcement.HARD)})
    room.goes("cedar-in", ADA)
    room.carry()
    assert room.goes("cedar-in", BEN)
    assert room.goes("maple-in", CYD)
    room.carry()
    told = room.told("cedar", FactKind.PRESENCE_CONFLICT) + room.told("maple", FactKind.PRESENCE_CONFLICT)
    assert [each["conflict"] for each in told] == ["too many"]
    assert not room.goes("maple-in", f"{0x1E00000004:040b}")


def test_supervisors_and_visitors_are_counted_over_all_doors(room: Room) -> None:
    cards = {ADA: holder(b"A", Flag.SUPERVISOR), BEN: holder(b"B")}
    room.adopt(cards=cards, area={"company": Company(supervisor=Enforcement.HARD)})
    assert not room.goes("maple-in", BEN)
    assert room.goes("cedar-in", ADA)
    room.carry()
    assert room.goes("maple-in", BEN)


def test_everything_is_told_in_pieces_that_fit_a_message(room: Room) -> None:
    cards = {f"{0x2E00000000 + number:040b}": holder(number.to_bytes(2, "big") * 8) for number in range(150)}
    many = {bits: record._replace(holder=os.urandom(16)) for bits, record in cards.items()}
    assert len(many) > 2 * MOST_MOVES
    room.adopt(cards=many, area=HARD)
    for card in many:
        assert room.goes("cedar-in", card)
    room.flying = []
    before = len(room.cores["cedar"].sent)
    room.restart("maple")
    assert room.current("maple")
    assert room.cores["maple"].agent.presence.others(ROOM, None).people == 150
    assert all(len(each.payload) < LIMIT for each in room.cores["cedar"].sent[before:])


def test_without_a_believable_clock_the_order_of_what_was_heard_counts(tmp_path: Path) -> None:
    room = Room(tmp_path, untrusted=("maple",))
    room.adopt(area={**HARD, "clockless": Tier.EVERYBODY})
    for way, point in (("in", "cedar"), ("out", "maple"), ("in", "maple"), ("out", "cedar"), ("in", "maple")):
        assert room.goes(f"{point}-{way}", ADA), (point, way)
        room.carry()
    assert not room.goes("cedar-in", ADA)
    room.close()


def test_nothing_on_the_broker_names_a_holder(room: Room) -> None:
    room.goes("cedar-in", ADA)
    room.settle()
    told = b"".join(each.payload for each in room.flying)
    assert told
    assert b"A" * 16 not in told
    assert (b"A" * 16).hex().encode() not in told
