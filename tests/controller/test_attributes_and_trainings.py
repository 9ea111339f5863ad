"""What people are and may, for a reason and on a report; and trainings that rooms ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from contract.record import FOREVER, Flag, Record
from controller.database import reading, transaction
from controller.delivery import compiling
from controller.ledger.kinds import CHANGES_LISTS, Kind
from controller.ledger.ledger import LedgerRow, head, openings_of
from controller.people import attribute, attribution, cardholder, credential, leaver, permission, training
from controller.people.attribute import Attribute
from controller.people.permission import Grant, Wish
from controller.refusal import Refused
from tests.controller.conftest import NOW, House
from tests.controller.doorway import joined

DAY = timedelta(days=1)
BY = "operator:1"


def record(session: Session, house: House) -> Record:
    """The one record of the Cedar room's list."""
    content = compiling.content_for(session, house.site(session), house.agent(session), NOW)
    (found,) = content.tables["cedar-room"].values()
    return found


def change(session: Session, house: House, name: Attribute, value: int = 1, reason: str = "needed") -> None:
    attribution.change(session, BY, NOW, house.holder(session, "Ada"), name, value, reason)


@pytest.mark.parametrize("name", [each for each in Attribute if each is not Attribute.CLEARANCE])
def test_an_attribute_reaches_the_list_and_leaves_it_again(house: House, name: Attribute) -> None:
    with transaction(house.engine) as session:
        wish = Wish(house.holder(session, "Ada"), house.cedar(session), NOW, NOW + DAY, "a day")
        grant = permission.request(session, house.operator(session, "kim"), NOW, wish)
        permission.approve(session, house.operator(session, "mia"), NOW, grant, compiling.must_fit)
        for card in credential.of_cardholder(session, house.holder(session, "Ada")):
            card.valid_until = NOW + DAY
        change(session, house, name)
        assert Flag(record(session, house).flags) is Flag[name.replace("-", "_").upper()]
        change(session, house, name, 0)
        assert record(session, house).flags == 0


def test_a_clearance_is_a_level_from_0_to_9(house: House) -> None:
    site = joined(house)
    site.grant("Ada")
    with transaction(house.engine) as session:
        for level in (9, 3, 0):
            change(session, house, Attribute.CLEARANCE, level)
            assert record(session, house).clearance == level
        for wrong in (-1, 10):
            with pytest.raises(Refused, match="clearance is 0 to 9"):
                change(session, house, Attribute.CLEARANCE, wrong)
        with pytest.raises(Refused, match="given or taken away"):
            change(session, house, Attribute.HOLD, 2)


def test_an_attribute_is_given_and_taken_for_a_reason_that_the_ledger_keeps(house: House) -> None:
    with transaction(house.engine) as session:
        for value in (1, 0):
            with pytest.raises(Refused, match="reason"):
                change(session, house, Attribute.HOST, value, " ")
        before = head(session)
        for value in (1, 1, 0, 0):
            change(session, house, Attribute.HOST, value, f"reason {value}")
        assert head(session) == before + 2
        row = session.get_one(LedgerRow, head(session))
        told = {name: opening.opening() for name, opening in openings_of(session, row.sequence).items()}
        assert row.kind in CHANGES_LISTS
        assert {name: each and each.value for name, each in told.items()} == {
            "attribute": "host",
            "value": 0,
            "reason": "reason 0",
        }


def test_the_report_names_everybody_for_whom_a_rule_is_lifted(house: House) -> None:
    with transaction(house.engine) as session:
        eve = house.holder(session, "Eve")
        change(session, house, Attribute.OVERRIDE, reason="fire warden")
        change(session, house, Attribute.PASSBACK_EXEMPT, reason="carries post")
        change(session, house, Attribute.SUPERVISOR)
        attribution.change(session, "operator:2", NOW + DAY, eve, Attribute.HOLD, 1, "moves furniture")
        found = attribute.exemptions(session, house.site(session))
        assert [(each.holder.name, [(row.name, row.reason) for row in each.lifted]) for each in found] == [
            ("Ada", [("override", "fire warden"), ("passback-exempt", "carries post")]),
            ("Eve", [("hold", "moves furniture")]),
        ]
        assert (found[1].lifted[0].since, found[1].lifted[0].given_by) == (NOW + DAY, "operator:2")
        leaver.deactivate(session, BY, NOW, eve, "left")
        assert [each.holder.name for each in attribute.exemptions(session, house.site(session))] == ["Ada"]


def test_a_visitor_hosts_and_supervises_nobody(house: House) -> None:
    with transaction(house.engine) as session:
        for card in credential.of_cardholder(session, house.holder(session, "Ada")):
            card.valid_until = NOW + DAY
        change(session, house, Attribute.HOST)
        with pytest.raises(Refused, match="neither host"):
            change(session, house, Attribute.VISITOR)
        change(session, house, Attribute.HOST, 0)
        change(session, house, Attribute.VISITOR)
        for other in (Attribute.HOST, Attribute.SUPERVISOR, Attribute.OVERRIDE, Attribute.HOLD):
            with pytest.raises(Refused, match="neither host"):
                change(session, house, other)
        change(session, house, Attribute.CLEARANCE, 2)


def test_a_visitors_permission_needs_an_end(house: House) -> None:
    with transaction(house.engine) as session:
        ada, kim, mia = house.holder(session, "Ada"), house.operator(session, "kim"), house.operator(session, "mia")
        for card in credential.of_cardholder(session, ada):
            card.valid_until = NOW + DAY
        asked = permission.request(session, kim, NOW, Wish(ada, house.cedar(session), NOW, None, "for ever"))
        asked.valid_until = None  # as one of before may be
        session.flush()
        with pytest.raises(Refused, match="need an end"):
            change(session, house, Attribute.VISITOR)
        permission.decline(session, mia, NOW, asked, "a visitor")
        change(session, house, Attribute.VISITOR)
        with pytest.raises(Refused, match="need an end"):
            permission.request(session, kim, NOW, Wish(ada, house.cedar(session), NOW, None, "for ever"))
        asked = permission.request(session, kim, NOW, Wish(ada, house.cedar(session), NOW, NOW + DAY, "a day"))
        asked.valid_until = None  # as an import could have left it
        session.flush()
        with pytest.raises(Refused, match="need an end"):
            permission.approve(session, mia, NOW, asked, compiling.must_fit)


def test_forgiving_is_counted_and_reaches_the_list(house: House) -> None:
    site = joined(house)
    site.grant("Ada")
    with transaction(house.engine) as session:
        ada = house.holder(session, "Ada")
        with pytest.raises(Refused, match="reason"):
            cardholder.forgive(session, BY, NOW, ada, "")
        for _ in range(2):
            cardholder.forgive(session, BY, NOW, ada, "left by the fire exit")
        assert record(session, house).forgiven == 2
        assert session.get_one(LedgerRow, head(session)).kind == Kind.PRESENCE_FORGIVEN
        ada.forgiven = 2**16 + 5
        assert record(session, house).forgiven == 5
        grant = session.query(Grant).one()
        permission.revoke(session, house.operator(session, "kim"), NOW, grant, "moved")
        assert (record(session, house).flags, record(session, house).forgiven) == (Flag.EXIT_ONLY, 5)


def test_a_record_is_trained_until_the_first_of_what_the_room_asks_for_ends(house: House) -> None:
    site = joined(house)
    site.grant("Ada")
    with transaction(house.engine) as session:
        ada, cedar = house.holder(session, "Ada"), house.cedar(session)
        privacy = training.make(session, BY, NOW, house.site(session), ("Privacy", "個人情報"), 365)
        fire = training.make(session, BY, NOW, house.site(session), ("Fire", "防火"), 30)
        assert record(session, house).trained_until == FOREVER
        for each in (privacy, fire):
            training.require(session, BY, NOW, cedar, each, "the privacy officer says so", required=True)
        assert record(session, house).trained_until == 0
        training.complete(session, BY, NOW, ada, privacy, NOW - DAY)
        assert record(session, house).trained_until == 0
        training.complete(session, BY, NOW, ada, fire, NOW - 40 * DAY)
        assert record(session, house).trained_until == int((NOW - 10 * DAY).timestamp())
        renewed = training.complete(session, BY, NOW, ada, fire, NOW)
        assert record(session, house).trained_until == int((NOW + 30 * DAY).timestamp())
        training.withdraw(session, BY, NOW, renewed, "somebody else's")
        assert record(session, house).trained_until == int((NOW - 10 * DAY).timestamp())
        training.require(session, BY, NOW, cedar, fire, "asked for elsewhere now", required=False)
        assert record(session, house).trained_until == int((NOW + 364 * DAY).timestamp())


def test_trainings_that_make_no_sense_are_refused(house: House) -> None:
    with transaction(house.engine) as session:
        own, ada = house.site(session), house.holder(session, "Ada")
        made = training.make(session, BY, NOW, own, ("Privacy", ""), 365)
        assert made.name_ja == "Privacy"
        for names, days, told in ((("Privacy", ""), 9, "already"), ((" ", "x"), 9, "name"), (("Fire", ""), 0, "days")):
            with pytest.raises(Refused, match=told):
                training.make(session, BY, NOW, own, names, days)
        with pytest.raises(Refused, match="future"):
            training.complete(session, BY, NOW, ada, made, NOW + DAY)
        done = training.complete(session, BY, NOW, ada, made, NOW)
        with pytest.raises(Refused, match="reason"):
            training.withdraw(session, BY, NOW, done, "")
        training.withdraw(session, BY, NOW, done, "a mistake")
        with pytest.raises(Refused, match="not in force"):
            training.withdraw(session, BY, NOW, done, "again")
        with pytest.raises(Refused, match="reason"):
            training.require(session, BY, NOW, house.cedar(session), made, " ", required=True)
        leaver.deactivate(session, BY, NOW, ada, "left")
        with pytest.raises(Refused, match="no longer active"):
            training.complete(session, BY, NOW, ada, made, NOW)
    with reading(house.engine) as session:
        assert training.areas_asking(session, made) == []
