"""Operators: who counts as a second person, codes that serve once, sessions that end, failures that lock nobody out."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from controller.database import transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.people import operator, operator_session, second_factor, sign_in_failure, signing_in, two_people
from controller.people.access import Role
from controller.people.operator import NewOperator, Operator
from controller.people.operator_session import OperatorSession, Proof
from controller.people.second_factor import Authenticator
from controller.people.sign_in_failure import FREE_FAILURES, FREE_FOR_ALL, Origin
from controller.people.signing_in import HalfWay
from controller.refusal import Refused
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House

KEY = bytes(range(32))
MINUTE = timedelta(minutes=1)


def joined(session: Session, house: House, by: Operator | None, name: str) -> Operator:
    link = operator.invite(session, by, NOW, house.site(session), Role.SECURITY_ADMIN)
    return operator.set_up(session, NOW, link, NewOperator(name, name, PASSWORD), CHEAP)


def enrolled(session: Session, who: Operator) -> pyotp.TOTP:
    app = pyotp.TOTP(second_factor.begin(session, NOW, who.id, KEY))
    second_factor.confirm(session, NOW, who.id, KEY, app.at(NOW))
    return app


def refusal(session: Session, first: Operator, second: Operator) -> str:
    with pytest.raises(Refused) as caught:
        two_people.require_second_person(session, first.id, second)
    return caught.value.code


def test_who_was_invited_is_no_second_person_to_whoever_invited_them(house: House) -> None:
    with transaction(house.engine) as session:
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        ann = joined(session, house, kim, "ann")
        bob, cid = joined(session, house, ann, "bob"), joined(session, house, kim, "cid")
        for first, second in ((kim, ann), (ann, kim), (kim, bob), (bob, cid)):
            assert refusal(session, first, second) == "not-independent"
        assert refusal(session, kim, kim) == "same-person"
        for first, second in ((kim, mia), (mia, ann), (bob, mia)):
            two_people.require_second_person(session, first.id, second)


def test_the_host_makes_and_vouches_for_second_people_and_that_is_recorded(house: House) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        ann, bob = joined(session, house, kim, "ann"), joined(session, house, None, "bob")
        two_people.require_second_person(session, kim.id, bob)
        two_people.vouch(session, NOW, house.site(session), "ann")
        two_people.require_second_person(session, kim.id, ann)
        newest = session.query(LedgerRow).order_by(LedgerRow.sequence.desc()).first()
        assert newest is not None
        assert (newest.kind, newest.actor, newest.subjects) == (
            Kind.OPERATOR_VOUCHED,
            operator.HOST,
            {"operator": ann.id},
        )
        with pytest.raises(Refused):
            two_people.vouch(session, NOW, house.site(session), "nobody")


def test_a_code_serves_once_and_within_a_step_of_now(house: House) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        app = enrolled(session, kim)
        later = NOW + 5 * MINUTE
        assert not second_factor.code_fits(session, NOW, kim.id, KEY, app.at(NOW))
        assert not second_factor.code_fits(session, later, kim.id, KEY, app.at(later - 2 * MINUTE))
        assert second_factor.code_fits(session, later, kim.id, KEY, f" {app.at(later)[:3]} {app.at(later)[3:]} ")
        assert not second_factor.code_fits(session, later, kim.id, KEY, app.at(later))
        assert not second_factor.code_fits(session, later, kim.id, KEY, app.at(later - MINUTE / 2))
        for wrong in ("", "12345", "١٢٣٤٥٦", "x" * 64):
            assert not second_factor.code_fits(session, later, kim.id, KEY, wrong)


def test_a_secret_is_kept_sealed_for_its_operator_alone(house: House) -> None:
    with transaction(house.engine) as session:
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        app = enrolled(session, kim)
        row = session.get_one(Authenticator, kim.id)
        assert app.secret.encode() not in row.sealed
        moved = Authenticator(operator_id=mia.id, sealed=row.sealed, created_at=NOW, confirmed_at=NOW, last_step=0)
        session.add(moved)
        session.flush()
        assert not second_factor.code_fits(session, NOW, mia.id, KEY, app.at(NOW))
        later = NOW + 5 * MINUTE
        assert not second_factor.code_fits(session, later, kim.id, bytes(32), app.at(later))


def test_an_app_is_asked_for_only_after_its_first_code(house: House) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        second_factor.begin(session, NOW, kim.id, KEY)
        assert not second_factor.is_held(session, kim.id)
        with pytest.raises(Refused):
            second_factor.confirm(session, NOW, kim.id, KEY, "000000x")
        enrolled(session, kim)
        assert second_factor.is_held(session, kim.id)
        with pytest.raises(Refused):
            second_factor.begin(session, NOW, kim.id, KEY)


def test_recovery_codes_serve_once_and_new_ones_end_the_old(house: House) -> None:
    with transaction(house.engine) as session:
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        codes = second_factor.new_recovery_codes(session, kim.id)
        assert len(set(codes)) == second_factor.RECOVERY_CODES
        assert all(re.fullmatch("([a-z2-7]{4}-){6}[a-z2-7]{4}", each) for each in codes)
        assert all(len(base64.b32decode(each.replace("-", "").upper() + "====")) * 8 >= 128 for each in codes)
        assert not second_factor.recovery_fits(session, NOW, mia.id, codes[0])
        assert second_factor.recovery_fits(session, NOW, kim.id, codes[0].upper().replace("-", " "))
        assert not second_factor.recovery_fits(session, NOW, kim.id, codes[0])
        second_factor.new_recovery_codes(session, kim.id)
        assert not second_factor.recovery_fits(session, NOW, kim.id, codes[1])


def test_a_password_alone_leads_half_way_for_whoever_has_a_factor_and_not_for_long(house: House) -> None:
    with transaction(house.engine) as session:
        kim, own = house.operator(session, "kim"), house.site(session)
        app = enrolled(session, kim)
        half = signing_in.sign_in(session, NOW, own, "kim", PASSWORD, CHEAP)
        assert isinstance(half, HalfWay)
        assert signing_in.waits(session, NOW + 4 * MINUTE, half) is kim
        assert signing_in.waits(session, NOW + 5 * MINUTE, half) is None
        assert signing_in.second_step(session, NOW + MINUTE, kim, KEY, app.at(NOW + MINUTE)) is Proof.CODE
        operator.set_password(session, NOW, kim, "another long password", hasher=CHEAP)
        assert signing_in.waits(session, NOW, half) is None


def test_guessing_codes_closes_the_second_step_too(house: House) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        app, later = enrolled(session, kim), NOW + 5 * MINUTE
        for _ in range(FREE_FAILURES):
            assert signing_in.second_step(session, later, kim, KEY, "abc") is None
        assert signing_in.second_step(session, later, kim, KEY, app.at(later)) is None
        after = later + MINUTE
        assert signing_in.second_step(session, after, kim, KEY, app.at(after)) is Proof.CODE


@pytest.mark.parametrize("change", ["password", "role", "closed", "link"])
def test_sessions_end_at_once_when_the_account_changes(house: House, change: str) -> None:
    with transaction(house.engine) as session:
        own, by = house.site(session), house.operator(session, "kim")
        joined(session, house, None, "ann")
        mia = house.operator(session, "mia")
        token = signing_in.enter(session, NOW, mia, Proof.PASSWORD)
        assert operator.resume(session, NOW, token) is not None
        if change == "password":
            operator.set_password(session, NOW, mia, "another long password", hasher=CHEAP)
        elif change == "role":
            operator.set_role(session, by, NOW, mia, Role.AUDITOR)
        elif change == "closed":
            operator.set_active(session, by, NOW, mia, active=False)
        else:
            enrolled(session, mia)
            link = operator.recover(session, NOW, own, "mia")
            operator.set_up(session, NOW, link, NewOperator("", "", "another long password"), CHEAP)
            assert not second_factor.is_held(session, mia.id)
        session.flush()
        assert session.query(OperatorSession).filter_by(operator_id=mia.id).count() == 0
        assert operator.resume(session, NOW, token) is None


def test_nobody_changes_their_own_role_and_two_admins_remain(house: House) -> None:
    with transaction(house.engine) as session:
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        for who, code in ((kim, "own-role"), (mia, "last-admin")):
            with pytest.raises(Refused) as caught, session.begin_nested():
                operator.set_role(session, kim, NOW, who, Role.AUDITOR)
            assert caught.value.code == code


def test_failures_from_one_address_close_it_and_not_another(house: House) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        for _ in range(FREE_FAILURES):
            sign_in_failure.failed(session, NOW, kim.id, Origin("192.0.2.1/32"))
        assert sign_in_failure.is_closed(session, NOW, kim.id, Origin("192.0.2.1/32"))
        assert not sign_in_failure.is_closed(session, NOW, kim.id, Origin("192.0.2.2/32"))
        assert not sign_in_failure.is_closed(session, NOW, kim.id, Origin("192.0.2.1/32", "known"))


def test_failures_from_everywhere_slow_strangers_for_seconds_and_no_known_device(house: House) -> None:
    with transaction(house.engine) as session:
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        for number in range(FREE_FOR_ALL + 20):
            sign_in_failure.failed(session, NOW, kim.id, Origin(f"2001:db8:{number:x}::/64"))
        elsewhere = Origin("198.51.100.7/32")
        assert sign_in_failure.is_closed(session, NOW, mia.id, elsewhere)
        assert not sign_in_failure.is_closed(session, NOW, mia.id, Origin("198.51.100.7/32", "known"))
        over = NOW + sign_in_failure.LONGEST_FOR_ALL
        assert not sign_in_failure.is_closed(session, over, mia.id, elsewhere)
        sign_in_failure.failed(session, NOW + timedelta(days=2), mia.id, elsewhere)
        assert session.query(sign_in_failure.SignInFailure).count() == 2


def test_closures_grow_to_an_hour_and_no_further(house: House) -> None:
    with transaction(house.engine) as session:
        kim, there = house.operator(session, "kim"), Origin("192.0.2.1/32")
        lengths, moment = list[timedelta](), NOW
        for _ in range(20):
            sign_in_failure.failed(session, moment, kim.id, there)
            row = session.get_one(sign_in_failure.SignInFailure, sign_in_failure._counted(kim.id, there)[0])
            lengths.append((row.closed_until or moment) - moment)
            moment = row.closed_until or moment
        assert lengths == sorted(lengths)
        assert lengths[FREE_FAILURES - 1] == timedelta(seconds=30)
        assert lengths[-1] == sign_in_failure.LONGEST_CLOSURE


def test_no_typed_name_reaches_the_ledger_and_strangers_make_it_grow_slowly(house: House) -> None:
    with transaction(house.engine) as session:
        own, before = house.site(session), session.query(LedgerRow).count()
        for number in range(64):
            moment = NOW + number * timedelta(hours=2)
            assert signing_in.sign_in(session, moment, own, f"typed-{number}", PASSWORD, CHEAP) is None
        rows = session.query(LedgerRow).filter(LedgerRow.sequence > before).all()
        assert [row.content.get("unknown_names") for row in rows] == [8, 16, 32, 64]
        assert all(b"typed" not in row.leaf for row in rows)


def test_a_session_knows_its_proof_and_one_or_all_others_end(house: House) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        here, *others = (signing_in.enter(session, NOW, kim, Proof.PASSWORD) for _ in range(3))
        later = NOW + 20 * MINUTE
        operator_session.confirm(session, later, here, Proof.PASSKEY)
        operator_session.confirm(session, later, here, Proof.PASSWORD)
        kept = session.get_one(OperatorSession, operator_session.hashed(here))
        assert (kept.proof, kept.confirmed_at) == (Proof.PASSKEY, later)
        assert operator_session.end_all(session, kim.id, but=here) == 2
        assert [each.key for each in operator_session.sessions_of(session, NOW, kim.id)] == [kept.key]
        assert all(operator.resume(session, NOW, each) is None for each in others)


def test_a_password_that_was_hashed_with_less_work_is_hashed_anew_at_a_sign_in(house: House) -> None:
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    with transaction(house.engine) as session:
        kim, own = house.operator(session, "kim"), house.site(session)
        before = kim.password_hash
        assert signing_in.sign_in(session, NOW, own, "kim", "wrong password here", dearer) is None
        assert kim.password_hash == before
        assert signing_in.sign_in(session, NOW, own, "kim", PASSWORD, dearer) is not None
        assert "m=16,t=2" in kim.password_hash
        assert signing_in.sign_in(session, NOW, own, "kim", PASSWORD, dearer) is not None
