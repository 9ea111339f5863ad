"""Which agents share an area, and when the key changes under which they tell each other who is in it."""

from __future__ import annotations

from dataclasses import replace

from contract.neighbours import NOBODY, Neighbours
from controller.database import reading, transaction
from controller.delivery import compiling, distribution, sharing
from controller.premises import agent as agents
from controller.premises.agent import Certificate, Enrolment
from tests.controller.conftest import NOW, House

OPERATOR = "operator:1"


def followed(house: House) -> int:
    with transaction(house.engine) as session:
        return len(distribution.follow(session, house.site(session), NOW, house.authority.signing))


def told(house: House, key: str = "cedar") -> Neighbours:
    with reading(house.engine) as session:
        return compiling.content_for(session, house.site(session), house.agent(session, key), NOW).neighbours


def test_agents_with_doors_into_one_room_are_told_of_each_other_and_of_that_room_only(house: House) -> None:
    followed(house)
    found, other = told(house), told(house, "cedar-back")
    with reading(house.engine) as session:
        assert found.peers["cedar-back"].signing == house.agent(session, "cedar-back").signing_key
    assert {name: peer.areas for name, peer in found.peers.items()} == {"cedar-back": ("cedar-room",)}
    assert {name: peer.areas for name, peer in other.peers.items()} == {"cedar": ("cedar-room",)}
    assert found.area_keys == other.area_keys
    assert [len(key) for key in found.area_keys.values()] == [32]


def test_nothing_is_shared_before_the_distributor_has_made_the_keys(house: House) -> None:
    assert told(house) == NOBODY


def test_a_key_stays_while_nobody_who_had_it_is_gone(house: House) -> None:
    followed(house)
    before = told(house)
    followed(house)
    assert told(house) == before


def test_a_revoked_agent_is_nobodys_peer_any_more_and_its_room_is_not_shared(house: House) -> None:
    followed(house)
    with transaction(house.engine) as session:
        agents.revoke(session, OPERATOR, NOW, house.agent(session, "cedar-back"))
    assert followed(house) == 1, "the one that is left must be told at once"
    assert told(house) == NOBODY


def test_an_agent_that_is_enrolled_under_other_keys_never_reads_with_the_old_one(house: House) -> None:
    followed(house)
    before = told(house)
    with transaction(house.engine) as session:
        back = house.agent(session, "cedar-back")
        assert back.sealing_key is not None
        assert back.list_key is not None
        keys = Enrolment(bytes(range(32)), back.sealing_key, back.list_key, Certificate("a", "b" * 64, NOW))
        agents.enrol(session, OPERATOR, NOW, back, keys)
    assert followed(house) == 2
    after = told(house)
    assert after.area_keys.keys() == before.area_keys.keys()
    assert after.area_keys != before.area_keys
    assert after.peers["cedar-back"] == replace(before.peers["cedar-back"], signing=bytes(range(32)))


def test_the_key_is_made_anew_when_a_room_is_shared_again(house: House) -> None:
    followed(house)
    before = told(house)
    with transaction(house.engine) as session:
        back = house.agent(session, "cedar-back")
        agents.revoke(session, OPERATOR, NOW, back)
    followed(house)
    with transaction(house.engine) as session:
        back = house.agent(session, "cedar-back")
        back.revoked_at = None
        sharing.keep_keys(session, house.site(session))
    assert told(house).area_keys != before.area_keys
