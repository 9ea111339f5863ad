"""Permissions need two people, cards belong to one, operators sign in by what only they know."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from contract.credential import Identity, Source
from controller.database import reading, transaction
from controller.delivery.compiling import card_must_fit
from controller.people import (
    credential,
    leaver,
    operator,
    operator_session,
    permission,
    sign_in_failure,
    signing_in,
)
from controller.people.operator import NewOperator
from controller.people.permission import Grant, GrantState, Wish
from controller.refusal import SENTENCES, Refused
from tests.controller.conftest import CARDS, CHEAP, NOW, PASSWORD, House


def anything_fits(_session: object, _grant: Grant) -> None:
    return None


def asked(house: House, by: str = "kim", changes: dict[str, Any] | None = None) -> int:
    with transaction(house.engine) as session:
        wish = Wish(house.holder(session, "Ben"), house.cedar(session), NOW, None, "night shift")
        wish = replace(wish, **(changes or {}))
        return permission.request(session, house.operator(session, by), NOW, wish).id


def decided(house: House, grant: int, by: str, decide: str = "approve") -> None:
    with transaction(house.engine) as session:
        row = session.get_one(Grant, grant)
        if decide == "approve":
            permission.approve(session, house.operator(session, by), NOW, row, anything_fits)
        else:
            permission.decline(session, house.operator(session, by), NOW, row, "not needed")


def test_who_asks_may_not_approve_and_another_may_once(house: House) -> None:
    grant = asked(house)
    with pytest.raises(Refused, match="Another person"):
        decided(house, grant, "kim")
    decided(house, grant, "mia")
    with pytest.raises(Refused, match="already been decided"):
        decided(house, grant, "mia")
    with reading(house.engine) as session:
        assert [each.id for each in permission.in_force(session, house.cedar(session), NOW)] == [grant]


def test_approve_and_decline_at_once_have_one_winner(house: House) -> None:
    grant, outcomes = asked(house), list[str]()

    def run(decide: str) -> None:
        try:
            decided(house, grant, "mia", decide)
            outcomes.append(decide)
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=run, args=(decide,)) for decide in ("approve", "decline")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({"approve", "decline"} & set(outcomes)) == 1
    assert "already-decided" in outcomes


def test_a_revocation_needs_a_reason_and_one_person(house: House) -> None:
    grant = asked(house)
    decided(house, grant, "mia")
    with transaction(house.engine) as session, pytest.raises(Refused, match="reason"):
        permission.revoke(session, house.operator(session, "kim"), NOW, session.get_one(Grant, grant), " ")
    with transaction(house.engine) as session:
        permission.revoke(session, house.operator(session, "kim"), NOW, session.get_one(Grant, grant), "shift over")
    with reading(house.engine) as session:
        assert session.get_one(Grant, grant).state == GrantState.REVOKED
        assert list(permission.in_force(session, house.cedar(session), NOW)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "  "}, "reason-missing"),
        ({"valid_until": NOW - timedelta(days=1)}, "validity-wrong"),
        ({"valid_from": NOW - timedelta(days=2), "valid_until": NOW - timedelta(days=1)}, "validity-past"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(house: House, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(house, changes=changes)
    assert refused.value.code == code


def test_the_same_wish_twice_is_refused(house: House) -> None:
    asked(house)
    with pytest.raises(Refused, match="already requested"):
        asked(house, by="mia")


def test_a_card_belongs_to_one_person(house: House) -> None:
    identity = Identity(Source.SERIAL_HEX, f"{CARDS['Ada']:040b}")
    with transaction(house.engine) as session, pytest.raises(Refused, match="somebody"):
        credential.issue(session, "operator:1", NOW, house.holder(session, "Ben"), "", [identity], card_must_fit)


def test_a_lost_card_ends_and_may_be_found_again(house: House) -> None:
    with transaction(house.engine) as session:
        card = credential.of_cardholder(session, house.holder(session, "Eve"))[0]
        credential.report_lost(session, "operator:1", NOW, card, "left on a train")
        with pytest.raises(Refused):
            credential.report_lost(session, "operator:1", NOW, card, "again")
        credential.restore(session, "operator:1", NOW, card, "it came back", card_must_fit)
        assert card.state == "active"


def test_a_cardholder_ends_once_and_with_a_reason(house: House) -> None:
    with transaction(house.engine) as session:
        ben = house.holder(session, "Ben")
        with pytest.raises(Refused):
            leaver.deactivate(session, "operator:1", NOW, ben, "")
        leaver.deactivate(session, "operator:1", NOW, ben, "left the company")
        with pytest.raises(Refused):
            leaver.deactivate(session, "operator:1", NOW, ben, "again")


def test_signing_in_closes_for_a_while_after_five_failures(house: House) -> None:
    with transaction(house.engine) as session:
        own = house.site(session)
        for _ in range(sign_in_failure.FREE_FAILURES):
            assert signing_in.sign_in(session, NOW, own, "kim", "wrong password here", CHEAP) is None
        assert signing_in.sign_in(session, NOW, own, "kim", PASSWORD, CHEAP) is None
        later = NOW + timedelta(minutes=2)
        token = signing_in.sign_in(session, later, own, "Kim ", PASSWORD, CHEAP)
        assert isinstance(token, str)
        found = operator.resume(session, later, token)
        assert found is not None
        assert found.name == "kim"
        assert signing_in.sign_in(session, NOW, own, "nobody", PASSWORD, CHEAP) is None


def test_a_session_ends_by_idleness_by_age_and_by_leaving(house: House) -> None:
    with transaction(house.engine) as session:
        token = signing_in.sign_in(session, NOW, house.site(session), "kim", PASSWORD, CHEAP)
        assert isinstance(token, str)
        assert operator.resume(session, NOW + timedelta(minutes=29), token) is not None
        assert operator.resume(session, NOW + timedelta(minutes=60), token) is None
        moment = NOW + timedelta(minutes=58)
        while moment < NOW + operator_session.SESSION_LIFE:
            assert operator.resume(session, moment, token) is not None
            moment += timedelta(minutes=20)
        assert operator.resume(session, NOW + operator_session.SESSION_LIFE, token) is None
        again = signing_in.sign_in(session, NOW, house.site(session), "kim", PASSWORD, CHEAP)
        assert isinstance(again, str)
        operator_session.sign_out(session, again)
        assert operator.resume(session, NOW, again) is None


def test_a_link_works_once_and_for_a_day(house: House) -> None:
    with transaction(house.engine) as session:
        own = house.site(session)
        assert operator.first_link(session, NOW, own) is None
        token = operator.recover(session, NOW, own, "kim")
        wanted = NewOperator("", "", "another long password")
        with pytest.raises(Refused):
            operator.set_up(session, NOW + timedelta(hours=25), token, wanted, CHEAP)
        with pytest.raises(Refused, match="12"):
            operator.set_up(session, NOW, token, NewOperator("", "", "short"), CHEAP)
        operator.set_up(session, NOW, token, wanted, CHEAP)
        with pytest.raises(Refused):
            operator.set_up(session, NOW, token, wanted, CHEAP)
        assert signing_in.sign_in(session, NOW, own, "kim", "another long password", CHEAP) is not None


def test_an_api_token_is_kept_as_a_hash_and_ends_when_revoked(house: House) -> None:
    with transaction(house.engine) as session:
        olu = house.operator(session, "olu")
        token = operator.issue_token(session, NOW, olu, "reports")
        kept = operator.tokens_of(session, olu)[0]
        assert token.encode() not in kept.token_hash
        found = operator.by_api_token(session, token)
        assert found is not None
        assert found.id == olu.id
        operator.revoke_token(session, NOW, olu, kept.id)
        assert operator.by_api_token(session, token) is None
        assert operator.by_api_token(session, "x" * 43) is None


def test_two_security_admins_must_remain(house: House) -> None:
    with transaction(house.engine) as session, pytest.raises(Refused, match="two"):
        operator.set_active(session, house.operator(session, "kim"), NOW, house.operator(session, "mia"), False)


def test_every_refusal_is_a_sentence() -> None:
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in SENTENCES.values())


def test_grants_of_everybody_are_there_to_be_read(house: House) -> None:
    grant = asked(house)
    with reading(house.engine) as session:
        assert session.scalars(select(Grant.id)).all() == [grant]
