"""What operators, their tokens and strangers were refused: recorded at doublings, coarsely from where."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.database import transaction
from controller.ledger import acts, ledger
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, OpeningRow
from controller.people import operator, sign_in_failure, signing_in
from controller.people.access import Permission
from controller.people.operator_session import Proof, Whence
from controller.people.passkey import Challenge, Party, Passkey
from controller.people.sign_in_failure import FREE_FAILURES, Origin, SignInFailure
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House

DESK = Whence("Firefox, Linux", "192.0.2.0/24")
HERE = Origin("192.0.2.7/32", whence=DESK)
PARTY = Party("localhost", "http://localhost")
MINUTE = timedelta(minutes=1)


def kept(session: Session, kind: Kind) -> list[tuple[str, Any, Any]]:
    """By whom, about whom and what, of every row of a kind in order."""
    rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == kind).order_by(LedgerRow.sequence))
    told = [(row, {name: value for name, value in row.content.items() if name != "commitments"}) for row in rows]
    return [(row.actor, row.subjects, content) for row, content in told]


def test_what_a_role_may_not_is_recorded_once_at_each_doubling(house: House) -> None:
    with transaction(house.engine) as session:
        olu = house.operator(session, "olu")
        for _ in range(100):
            operator.act_refused(session, NOW, olu, Permission.MANAGE_OPERATORS, DESK)
        operator.act_refused(session, NOW, olu, Permission.SET_POSTURE, DESK)
        told = kept(session, Kind.ACT_REFUSED)
    assert all((by, about) == (f"operator:{olu.id}", {"operator": olu.id}) for by, about, _ in told)
    wanted = [(each["permission"], each["count"]) for _, _, each in told]
    assert wanted == [*(("manage-operators", 2**power) for power in range(7)), ("set-posture", 1)]


def test_after_a_day_of_rest_a_refusal_is_a_first_one_again(house: House) -> None:
    with transaction(house.engine) as session:
        olu = house.operator(session, "olu")
        for moment in (NOW, NOW + MINUTE, NOW + 2 * MINUTE, NOW + 3 * MINUTE + sign_in_failure.FORGOTTEN_AFTER):
            operator.act_refused(session, moment, olu, Permission.SET_POSTURE, DESK)
        assert [each["count"] for _, _, each in kept(session, Kind.ACT_REFUSED)] == [1, 2, 1]
        assert session.query(SignInFailure).count() == 1


@pytest.mark.parametrize("end", ["revoked", "closed"])
def test_a_token_that_has_ended_is_recorded_for_its_operator(house: House, end: str) -> None:
    with transaction(house.engine) as session:
        olu, kim = house.operator(session, "olu"), house.operator(session, "kim")
        token = operator.issue_token(session, NOW, olu, "typed label")
        (row,) = operator.tokens_of(session, olu)
        if end == "revoked":
            operator.revoke_token(session, NOW, olu, row.id)
        else:
            operator.set_active(session, kim, NOW, olu, active=False)
        assert operator.by_api_token(session, token) is None
        ended = operator.ended_token(session, token)
        assert ended is row
        for _ in range(3):
            operator.token_refused(session, NOW, ended, DESK)
        subjects = {"operator": olu.id, "token": row.id}
        told = [("controller", subjects, {"revoked": end == "revoked", "count": count}) for count in (1, 2)]
        assert kept(session, Kind.TOKEN_REFUSED) == told
        assert operator.ended_token(session, "x" * 43) is None


def test_attempts_while_an_account_is_closed_are_recorded_and_close_it_no_longer(house: House) -> None:
    with transaction(house.engine) as session:
        own, kim = house.site(session), house.operator(session, "kim")
        for _ in range(FREE_FAILURES + 64):
            assert signing_in.sign_in(session, NOW, own, "kim", "wrong password here", CHEAP, origin=HERE) is None
        told = [content for _, about, content in kept(session, Kind.SIGN_IN_FAILED) if about == {"operator": kim.id}]
        closed = [each["count"] for each in told if each["step"] == "while-closed"]
        assert [each["count"] for each in told if each["step"] == "password"] == [1, 2, 3, 4, 5]
        assert closed == [1, 2, 4, 8, 16, 32, 64]
        later = NOW + MINUTE
        assert signing_in.sign_in(session, later, own, "kim", PASSWORD, CHEAP, origin=HERE) is not None


def test_names_that_nobody_has_are_counted_while_closed_too(house: House) -> None:
    with transaction(house.engine) as session:
        own = house.site(session)
        for number in range(FREE_FAILURES + 9):
            assert signing_in.sign_in(session, NOW, own, f"typed-{number}", PASSWORD, CHEAP) is None
        rows = kept(session, Kind.SIGN_IN_FAILED)
        assert [content["count"] for _, _, content in rows] == [1, 2, 4, 8]
        assert "typed" not in json.dumps([about for _, about, _ in rows])


def passkey_of(session: Session, who: operator.Operator) -> Passkey:
    row = Passkey(
        operator_id=who.id,
        credential_id=b"known",
        public_key=b"",
        sign_count=0,
        rp_id="localhost",
        label="",
        created_at=NOW,
    )
    session.add(row)
    session.flush()
    return row


def answer_of(credential: str) -> str:
    """An answer that says it is of this passkey; its proof is none."""
    response = {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}
    told = {"id": credential, "rawId": credential, "response": response, "type": "public-key"}
    return json.dumps(told | {"clientExtensionResults": {}})


def test_a_refused_passkey_is_recorded_for_whom_it_names_and_for_strangers_together(house: House) -> None:
    asked = Challenge(bytes(32), NOW)
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        passkey_of(session, kim)
        for answer in (*[answer_of("a25vd24")] * 3, *[answer_of("dHlwZWQ")] * 5, "typed rubbish", ""):
            assert signing_in.by_passkey(session, NOW, PARTY, asked, answer, DESK) is None
        told = kept(session, Kind.SIGN_IN_FAILED)
    mine = [content for _, about, content in told if about == {"operator": kim.id}]
    strangers = [content for _, about, content in told if about == {}]
    assert mine == [{"step": "passkey", "count": count} for count in (1, 2)]
    assert strangers == [{"step": "passkey", "count": count} for count in (1, 2, 4)]
    assert "typed" not in json.dumps(told)


def test_a_confirmation_is_recorded_with_its_proof_and_a_failed_one_as_such(house: House) -> None:
    with transaction(house.engine) as session:
        own, kim = house.site(session), house.operator(session, "kim")
        token = signing_in.enter(session, NOW, kim, Proof.PASSWORD, HERE)
        failing = Kind.CONFIRMATION_FAILED
        given = "wrong password here"
        assert signing_in.checked(session, NOW, own, "kim", given, CHEAP, origin=HERE, failing=failing) is None
        assert signing_in.second_step(session, NOW, kim, bytes(32), "000000", HERE, failing=failing) is None
        signing_in.confirmed_by_another(session, NOW, kim, DESK)
        signing_in.confirmed(session, NOW + MINUTE, kim, token, Proof.PASSKEY, DESK)
        about = {"operator": kim.id}
        steps = [(each["step"], each["count"]) for _, _, each in kept(session, failing)]
        assert steps == [("password", 1), ("code", 2), ("passkey-of-another", 1)]
        assert kept(session, Kind.CONFIRMED) == [(kim.actor, about, {"proof": "passkey"})]
        assert kept(session, Kind.SIGN_IN_FAILED) == []


def test_from_where_is_beside_the_row_and_goes_when_it_is_erased(house: House) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        signing_in.enter(session, NOW, kim, Proof.PASSWORD, HERE)
        signing_in.enter(session, NOW, kim, Proof.PASSWORD)
        seen, unknown = acts.listed(session, ActFilter(kind=Kind.SIGN_IN), ledger.head(session) + 1, 2)[::-1]
        assert b"192.0.2" not in seen.leaf
        assert b"Firefox" not in seen.leaf
        assert acts.whence(session, [seen, unknown]) == {seen.sequence: "Firefox, Linux; 192.0.2.0/24"}
        for row in session.scalars(select(OpeningRow).where(OpeningRow.sequence == seen.sequence)):
            row.salt = row.value = None
        assert acts.whence(session, [seen, unknown]) == {seen.sequence: None}
