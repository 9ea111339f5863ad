"""A saved report is run again as it was narrowed, and a period in it moves with the calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from admin_web.exports.making import Exports
from admin_web.reports import asking, periods
from admin_web.reports.known import EXPORTED, given
from admin_web.reports.periods import Period
from controller.database import reading, transaction
from controller.ledger import acts, ledger
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import Kind
from controller.people.operator import Operator
from controller.premises.door import Door
from controller.record import saved_report
from controller.record.saved_report import MOST, Saving
from controller.refusal import Refused
from tests.admin_web.conftest import BASE, signed_in, submit
from tests.admin_web.test_reports_and_exports import asked, exports, fetched, olu, site, table, text
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site

__all__ = ["exports", "olu", "site"]
TOKYO = ZoneInfo("Asia/Tokyo")
HOSTILE = "<b>月次</b>\"'{{7*7}}"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def opened(session: Session, place: int) -> object:
    found = ledger.openings_of(session, place)["name"].opening()
    return found.value if found else None


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        (Period.TODAY, "2026-12-31T15:00Z", None),
        (Period.YESTERDAY, "2026-12-30T15:00Z", "2026-12-31T15:00Z"),
        (Period.LAST_7_DAYS, "2026-12-24T15:00Z", None),
        (Period.LAST_30_DAYS, "2026-12-01T15:00Z", None),
        (Period.THIS_MONTH, "2026-12-31T15:00Z", None),
        (Period.LAST_MONTH, "2026-11-30T15:00Z", "2026-12-31T15:00Z"),
        (Period.THIS_YEAR, "2026-12-31T15:00Z", None),
        (Period.LAST_YEAR, "2025-12-31T15:00Z", "2026-12-31T15:00Z"),
    ],
)
def test_a_period_is_of_the_sites_calendar(period: Period, since: str, until: str | None) -> None:
    now = at("2026-12-31T16:30Z")  # new year's day in Tokyo, and not yet in Greenwich
    assert periods.span(period, now, TOKYO) == (at(since), at(until) if until else None)


def test_a_period_begins_at_midnight_on_either_side_of_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since, until = periods.span(Period.LAST_MONTH, datetime(2026, 4, 10, tzinfo=UTC), berlin)
    assert (since, until) == (at("2026-02-28T23:00Z"), at("2026-03-31T22:00Z"))


def test_an_address_says_again_what_was_asked(app: Flask, house: House) -> None:
    full = MultiDict([("area", "3"), ("door", "1"), ("cardholder", "2"), ("outcome", "REFUSE"), ("kind", "DECISION"),
                      ("kind", "PASSAGE"), ("since", "2026-11-01"), ("until", "2026-11-30")])  # fmt: skip
    with app.test_request_context(base_url=BASE):
        for address in (full, MultiDict({"period": "last-month"}), MultiDict({"passing": "1"}), MultiDict()):
            wanted = asking.read(address)
            again = given(EXPORTED["log"], wanted)
            assert asking.read(MultiDict(again)).log == wanted.log
        assert given(EXPORTED["log"], asking.read(full)) == full.to_dict() | {"kind": ["DECISION", "PASSAGE"]}
        assert given(EXPORTED["unused"], asking.read(MultiDict())) == {"days": "90"}
        both = asking.read(MultiDict({"period": "last-month", "since": "2026-11-01"}))
        assert (both.period, given(EXPORTED["log"], both)) == (None, {"since": "2026-11-01"})
        for wrong in ({"period": "last-week"}, {"days": "0"}, {"since": "x"}, {"area": "-1"}, {"until": "9999-12-31"}):
            with pytest.raises((ValueError, OverflowError)):
                asking.read(MultiDict(wrong))


def test_it_is_saved_listed_run_taken_out_and_removed(
    olu: FlaskClient, exports: Exports, house: House, site: Site
) -> None:
    with reading(house.engine) as session:
        door = session.scalars(select(Door.id).where(Door.key == "cedar")).one()
    assert "Nothing is saved yet." in text(olu, "/reports")
    assert submit(olu, f"/reports/refusals/save?door={door}&since=2026-11-01", name=f" {HOSTILE} ") == 303
    page = text(olu, "/reports")
    assert "<b>" not in page
    assert "&lt;b&gt;月次&lt;/b&gt;" in page
    assert "Door: Cedar room · From: 2026-11-01" in page
    [link] = re.findall(r'href="(/reports/refusals\?[^"]+)"', page)
    assert "月次" not in link
    assert "Ben" in text(olu, link.replace("&amp;", "&"))
    [form] = re.findall(r'href="(/exports/of/refusals\?[^"]+)"', page)
    lines = table(fetched(olu, exports, asked(olu, form.replace("&amp;", "&"))).data)
    assert lines[1][0] == "Ben"
    [remove] = re.findall(r'action="(/reports/saved/\d+/remove)"', page)
    assert submit(olu, remove) == 303
    assert submit(olu, remove) == 404
    assert "Nothing is saved yet." in text(olu, "/reports")
    with reading(house.engine) as session:
        who = house.operator(session, "olu").actor
        for kind in (Kind.REPORT_SAVED, Kind.REPORT_REMOVED):
            [row] = acts.listed(session, ActFilter(kind=kind), ledger.head(session) + 1, 5)
            assert (row.actor, row.content["report"]) == (who, "refusals")
            assert row.content["narrowed"] == {"door": [str(door)], "since": ["2026-11-01"]}
            assert "月次" not in row.leaf.decode()
            assert opened(session, row.sequence) == HOSTILE
    assert "Saved report removed" in text(olu, "/reports/acts?since=2026-11-01")


def test_what_is_of_the_usual_days_or_of_a_period_moves_with_the_calendar(
    olu: FlaskClient, house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert submit(olu, "/reports/refusals/save", name="usual") == 303
    assert submit(olu, "/log/save?period=this-month&outcome=REFUSE", name="x") == 404
    assert submit(olu, "/reports/log/save?period=this-month&outcome=REFUSE", name="log") == 303
    assert submit(olu, "/reports/muster/save?area=3", name="inside") == 303
    page = text(olu, "/reports")
    assert "/reports/refusals?period=last-30-days" in page
    assert 'href="/muster?area=3"' in page
    assert "Period: this month · From: 2026-11-01" in page
    [log] = [each for each in re.findall(r'href="(/log\?[^"]+)"', page) if "period" in each]
    log = log.replace("&amp;", "&")
    assert "Ben" in text(olu, log)
    monkeypatch.setattr(asking, "now", lambda: NOW + timedelta(days=20))
    assert "Ben" not in text(olu, log)
    assert "Period: this month · From: 2026-12-01" in text(olu, "/reports")


def test_it_is_there_for_everybody_who_may_see_the_list(app: Flask, olu: FlaskClient, site: Site) -> None:
    assert submit(olu, "/reports/acts/save?act=sign-in&operator=3&period=yesterday", name="sign-ins") == 303
    kim = app.test_client()
    signed_in(kim, "kim")
    assert "sign-ins" in text(kim, "/reports")
    assert "What: Signed in" in text(kim, "/reports")


def test_what_cannot_be_saved_says_why(olu: FlaskClient, house: House, site: Site) -> None:
    assert submit(olu, "/reports/refusals/save", name="one") == 303
    for path, name, status in (
        ("/reports/refusals/save", "one", 409),
        ("/reports/refusals/save", " ", 409),
        ("/reports/refusals/save", "x" * 121, 409),
        ("/reports/refusals/save", "x" * 500, 400),
        ("/reports/refusals/save", "a\x1b[1m", 400),
        ("/reports/refusals/save?area=x", "two", 400),
        ("/reports/refusals/save?period=soon", "two", 400),
        ("/reports/none/save", "two", 404),
        ("/reports/saved/99999999999/remove", "", 404),
    ):
        assert submit(olu, path, name=name) == status, (path, name)


def test_the_saved_ones_are_bounded(house: House) -> None:
    with transaction(house.engine) as session:
        by, place = house.operator(session, "olu"), house.site(session)
        assert isinstance(by, Operator)
        for number in range(MOST):
            saved_report.save(session, by, NOW, place, Saving("log", {}, f"n{number}"))
        with pytest.raises(Refused, match="200"):
            saved_report.save(session, by, NOW, place, Saving("log", {}, "more"))
        saved_report.remove(session, by, NOW, saved_report.of_site(session, place)[0])
        saved_report.save(session, by, NOW, place, Saving("log", {"door": ["1"]}, "more"))
        assert len(saved_report.of_site(session, place)) == MOST
