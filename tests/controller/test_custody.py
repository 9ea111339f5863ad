"""In whose hands the cards are: handed out only against a permission, called back after the last one, counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from contract.credential import Identity, Source
from controller.database import reading, transaction
from controller.delivery.compiling import card_must_fit, must_fit
from controller.ledger.ledger import LedgerRow, head
from controller.people import credential, custody, leaver, permission
from controller.people.card_state import Act, Limits
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, NewCard
from controller.people.custody import Due, Place
from controller.people.permission import Wish
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

BY = "operator:1"
DAY = timedelta(days=1)


def prepared(session: Session, house: House, number: int = 77) -> Credential:
    """A new card of Ada's, who may enter the Cedar room, that lies in the office."""
    identity = Identity(Source.SERIAL_HEX, f"{number:040b}")
    return credential.issue(session, BY, NOW, house.holder(session, "Ada"), "Second", [identity], card_must_fit)


def permitted(session: Session, house: House, days: int | None = None) -> Cardholder:
    """Ada, with a permission for the Cedar room from now on."""
    ada = house.holder(session, "Ada")
    for grant in permission.of_cardholder(session, ada):
        if grant.state in ("approved", "requested"):
            permission.revoke(session, house.operator(session, "kim"), NOW, grant, "begins anew")
    until = None if days is None else NOW + days * DAY
    wish = Wish(ada, house.cedar(session), NOW, until, "works there")
    asked = permission.request(session, house.operator(session, "kim"), NOW, wish)
    permission.approve(session, house.operator(session, "mia"), NOW, asked, must_fit)
    return ada


def ids(session: Session, house: House, what: Due, now: datetime = NOW) -> set[int]:
    return {each.card.id for each in custody.due(session, house.site(session), now, what, 0, 100)}


def refused(session: Session, card: Credential, *, acknowledged: bool = True) -> str:
    before = head(session)
    with pytest.raises(Refused) as found:
        custody.hand_out(session, BY, NOW, card, acknowledged=acknowledged)
    assert head(session) == before
    return found.value.code


def test_a_card_goes_to_who_has_a_permission_and_acknowledges_it(house: House) -> None:
    with transaction(house.engine) as session:
        ada, card = permitted(session, house), prepared(session, house)
        assert custody.place(card) is Place.STOCK
        assert card.id in ids(session, house, Due.HAND_OUT)
        assert refused(session, card, acknowledged=False) == "acknowledgement-missing"
        custody.hand_out(session, BY, NOW, card, acknowledged=True)
        row = session.get_one(LedgerRow, head(session))
        assert (row.kind, row.subjects) == ("credential-handed-out", {"cardholder": ada.id, "credential": card.id})
        assert (custody.place(card), card.handed_out_at) == (Place.HOLDER, NOW)
        assert card.id not in ids(session, house, Due.HAND_OUT) | ids(session, house, Due.CALL_BACK)
        assert refused(session, card) == "card-not-here"


def test_nobody_without_a_permission_is_given_a_card(house: House) -> None:
    with transaction(house.engine) as session:
        ada = permitted(session, house)
        card = prepared(session, house)
        (grant,) = [each for each in permission.of_cardholder(session, ada) if each.in_force(NOW)]
        permission.revoke(session, house.operator(session, "kim"), NOW, grant, "moved")
        assert refused(session, card) == "permission-missing"
        assert card.id in ids(session, house, Due.WAIT)
        leaver.deactivate(session, BY, NOW, ada, "left")
        assert refused(session, card) == "cardholder-inactive"
        assert card.id not in ids(session, house, Due.WAIT) | ids(session, house, Due.HAND_OUT)


@pytest.mark.parametrize("act", [Act.SUSPEND, Act.LOSE, Act.DAMAGE, Act.DESTROY])
def test_a_card_that_opens_nothing_is_not_handed_out(house: House, act: Act) -> None:
    with transaction(house.engine) as session:
        permitted(session, house)
        card = prepared(session, house)
        credential.turn(session, BY, NOW, card, act, "because", card_must_fit)
        assert refused(session, card) == "card-not-usable"


def test_a_card_is_called_back_at_the_minute_the_last_permission_ends(house: House) -> None:
    with transaction(house.engine) as session:
        permitted(session, house, days=3)
        card = prepared(session, house)
        custody.hand_out(session, BY, NOW, card, acknowledged=True)
        assert card.id not in ids(session, house, Due.CALL_BACK, NOW + 3 * DAY - timedelta(seconds=1))
        assert card.id in ids(session, house, Due.CALL_BACK, NOW + 3 * DAY)
        counts = custody.due_counts(session, house.site(session), NOW + 3 * DAY)
        assert counts[Due.CALL_BACK] == len(ids(session, house, Due.CALL_BACK, NOW + 3 * DAY))
        credential.turn(session, BY, NOW, card, Act.RETURN, "brought back", card_must_fit)
        assert custody.place(card) is Place.STOCK
        assert card.id not in ids(session, house, Due.CALL_BACK, NOW + 3 * DAY)


def test_a_leavers_card_and_a_replaced_one_are_called_back_and_a_lost_one_cannot_be(house: House) -> None:
    with transaction(house.engine) as session:
        ada = permitted(session, house)
        first, lost = prepared(session, house), prepared(session, house, 78)
        for each in (first, lost):
            custody.hand_out(session, BY, NOW, each, acknowledged=True)
        credential.report_lost(session, BY, NOW, lost, "on the train")
        assert custody.place(lost) is Place.MISSING
        new = NewCard("Third", [Identity(Source.SERIAL_HEX, f"{79:040b}")])
        third = credential.reissue(session, BY, NOW, first, new, "worn", card_must_fit)
        assert first.id in ids(session, house, Due.CALL_BACK)
        assert third.id in ids(session, house, Due.HAND_OUT)
        custody.hand_out(session, BY, NOW, third, acknowledged=True)
        leaver.deactivate(session, BY, NOW, ada, "left")
        called = ids(session, house, Due.CALL_BACK)
        assert {first.id, third.id} <= called
        assert lost.id not in called


def test_a_count_remembers_what_was_seen_and_tells_what_was_not(house: House) -> None:
    with transaction(house.engine) as session:
        site = house.site(session)
        seen, unseen = prepared(session, house), prepared(session, house, 78)
        missed = custody.count_stock(session, BY, NOW, site, [seen.id, seen.id], NOW)
        assert seen.counted_at == NOW
        found = {each.card.id for each in missed}
        assert unseen.id in found
        assert seen.id not in found
        row = session.get_one(LedgerRow, head(session))
        assert (row.kind, row.subjects) == ("cards-counted", {"credentials": [seen.id]})
        permitted(session, house)
        custody.hand_out(session, BY, NOW, seen, acknowledged=True)
        for wrong in ([], [seen.id], [10**6], list(range(1, 502))):
            with pytest.raises(Refused, match="A count names"):
                custody.count_stock(session, BY, NOW, site, wrong, NOW)
    with reading(house.engine) as session:
        assert unseen.id in {each.card.id for each in custody.stock(session, house.site(session), 0, 100)}


def test_what_is_due_comes_in_pages(house: House) -> None:
    with transaction(house.engine) as session:
        permitted(session, house)
        cards = [prepared(session, house, 100 + number) for number in range(5)]
        site, last, pages = house.site(session), 0, list[list[int]]()
        while page := [each.card.id for each in custody.due(session, site, NOW, Due.HAND_OUT, last, 2)]:
            pages.append(page)
            last = page[-1]
        assert [len(each) for each in pages[:2]] == [2, 2]
        assert {each.id for each in cards} <= {each for page in pages for each in page}


def test_every_change_of_a_card_names_the_row_that_its_doors_must_reach(house: House) -> None:
    with transaction(house.engine) as session:
        card = prepared(session, house)
        assert card.ledger_sequence == head(session)
        credential.limit(session, BY, NOW, card, Limits(max_uses=3), "trial", card_must_fit)
        assert card.ledger_sequence == head(session)
        credential.report_lost(session, BY, NOW, card, "gone")
        assert card.ledger_sequence == head(session)


def test_a_count_of_several_drawers_is_one_count(house: House) -> None:
    later = NOW + timedelta(minutes=10)
    with transaction(house.engine) as session:
        site = house.site(session)
        first, second, third = (prepared(session, house, number) for number in (77, 78, 79))
        custody.count_stock(session, BY, NOW, site, [first.id], NOW)
        missed = {each.card.id for each in custody.count_stock(session, BY, later, site, [second.id], NOW)}
        assert third.id in missed
        assert not {first.id, second.id} & missed
        assert first.id in {each.card.id for each in custody.count_stock(session, BY, later, site, [third.id], later)}
