"""Pages that answer who was inside a room, who could have entered it, and what stays there were, for any moment."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from admin_web import words
from admin_web.pages import enquiry
from contract import leaf
from controller.database import reading, transaction
from controller.delivery.entitled import Source
from controller.ledger.ledger import OpeningRow
from controller.people import cardholder
from controller.record.fact import FactRow
from controller.record.occupancy import AreaUncertainty
from controller.record.stay import How, Stay
from tests.admin_web.conftest import BASE, signed_in
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, visited

THEN = "2026-11-24T12:05:00"  # on the clock of Tokyo, after Ada came in
BEFORE = "2026-11-24T11:00"


@pytest.fixture
def site(house: House, client: FlaskClient) -> Site:
    made = visited(house)
    signed_in(client, "olu")
    return made


def shown(client: FlaskClient, path: str, status: int = 200, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == status
    return " ".join(answer.get_data(as_text=True).split())


def asked(name: str, **query: str) -> str:
    return f"/rooms/cedar-room/{name}?{urlencode(query)}"


def was(client: FlaskClient, **query: str) -> str:
    return shown(client, asked("who-was", **query))


def can(client: FlaskClient, **query: str) -> str:
    return shown(client, asked("who-can", **query))


def next_page(page: str) -> str | None:
    """Where the button below a list leads."""
    found = re.search(r'<a class="button" href="([^"]+)">(?:More|Older)</a>', page)
    return html.unescape(found[1]) if found else None


def test_who_was_inside_is_told_with_the_grant_and_how_it_is_known(client: FlaskClient, site: Site) -> None:
    page = was(client, at=THEN)
    assert "<bdi>Ada</bdi>" in page
    assert "Ben" not in page
    assert '#grant-1">permission 1</a>: <bdi>works there</bdi>' in page
    assert "measured</span>" in page
    assert "Nobody can have come or gone unseen" in page
    assert f'value="{THEN}"' in page
    assert "Asia/Tokyo" in page


def test_an_empty_answer_says_what_that_means(client: FlaskClient, site: Site) -> None:
    assert "Nobody is on record as having been inside" in was(client, at=BEFORE)
    assert "having carried a list at that moment" in can(client, at=BEFORE)
    assert "Nobody has been inside a room yet" not in shown(client, "/stays")
    assert "No stay matches" in shown(client, "/stays?until=2026-11-23")
    assert "The lists of that moment let nobody in" in shown(client, "/rooms/hallway/who-can?at=2027-06-01T00:00")


def test_what_is_not_certain_is_said_to_be_so(client: FlaskClient, house: House, site: Site) -> None:
    with transaction(house.engine) as session:
        area = house.cedar(session).id
        session.add(AreaUncertainty(area_id=area, since=NOW - timedelta(hours=1), cause="FORCED_OPEN"))
    assert "Somebody may have come or gone unseen" in was(client, at=THEN)


def test_the_future_is_asked_of_permissions_only(client: FlaskClient, site: Site) -> None:
    assert "That moment has not come yet" in was(client, at="2027-06-01T09:00")
    page = can(client, at="2027-06-01T09:00")
    assert "Ada&#39;s card" in page
    assert "the list that would be made for then" in page


def test_who_could_enter_names_card_grant_way_and_list(client: FlaskClient, site: Site) -> None:
    page = can(client, at=(NOW + timedelta(minutes=5)).isoformat())
    assert "the list that it carried then" in page
    assert "Ada&#39;s card" in page
    assert "every entry: <span" in page
    assert '#grant-1">permission 1</a>' in page


def test_a_moment_with_an_offset_is_that_moment_and_one_without_is_on_the_clock_of_the_site(
    client: FlaskClient, site: Site
) -> None:
    for at in (THEN, "2026-11-24T03:05:00Z", "2026-11-23T22:05:00-05:00"):
        assert f'value="{THEN}"' in was(client, at=at)


@pytest.mark.parametrize("at", ["soon", "2026-13-01T00:00", "1999-12-31T00:00", "9999-12-31T23:59", "0001-01-01T00:00"])
def test_what_is_no_moment_is_refused(client: FlaskClient, site: Site, at: str) -> None:
    shown(client, asked("who-was", at=at), 400)
    shown(client, asked("who-can", at=at), 400)


def test_an_area_that_nobody_guards_and_a_cursor_of_nothing_are_not_found(client: FlaskClient, site: Site) -> None:
    shown(client, "/rooms/outside/who-was", 404)
    shown(client, asked("who-was", after="99999"), 404)


def test_stays_of_a_room_and_of_a_person_say_how_they_are_known(client: FlaskClient, house: House, site: Site) -> None:
    with reading(house.engine) as session:
        area, ada = house.cedar(session).id, house.holder(session, "Ada").id
        passage = session.scalars(select(FactRow.ledger_sequence).where(FactRow.kind == "PASSAGE")).one()
    of_room = shown(client, f"/stays?area={area}")
    assert "still inside" in of_room
    assert f'href="/log/{passage}"' in of_room
    of_ada = shown(client, f"/stays?cardholder={ada}")
    assert "nobody knows when; after" in of_ada  # the hallway, which she was never seen to enter
    assert "the entry was not badged" in of_ada
    assert "No stay matches" in shown(client, "/stays?cardholder=2")


def test_pages_go_on_where_the_last_one_ended(
    client: FlaskClient, house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enquiry, "_PAGE", 2)
    with transaction(house.engine) as session:
        own, cedar = house.site(session), house.cedar(session).id
        people = [cardholder.enrol(session, "operator:1", NOW, own, f"P{n}", f"9{n}").id for n in range(5)]
        place = session.scalars(select(FactRow.ledger_sequence).where(FactRow.kind == "PASSAGE")).one()
        came = {
            "area_id": cedar,
            "not_before": NOW,
            "entered_at": NOW,
            "entry_certain": True,
            "entry_sequence": place,
        }
        session.execute(insert(Stay), [{**came, "cardholder_id": each} for each in people])
    names = ["Ada", *(f"P{n}" for n in range(5))]
    for first in (asked("who-was", at=THEN), f"/stays?area={cedar}"):
        pages, path = list[list[str]](), str(first)
        while path:
            page = shown(client, path)
            pages.append([name for name in names if f"<bdi>{name}</bdi>" in page])
            path = next_page(page) or ""
        assert [len(each) for each in pages] == [2, 2, 2]
        assert sorted(name for each in pages for name in each) == names


def test_who_could_enter_is_read_a_page_at_a_time(
    client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = visited(house)
    made.grant("Ben")
    made.grant("Eve")
    monkeypatch.setattr(enquiry, "_PAGE", 2)
    signed_in(client, "olu")
    first = can(client, at="2027-06-01T00:00")
    assert ("(3)" in first, "<bdi>Ada</bdi>" in first, "<bdi>Ben</bdi>" in first) == (True, True, True)
    assert "<bdi>Eve</bdi>" not in first
    rest = shown(client, next_page(first) or "")
    assert ("<bdi>Eve</bdi>" in rest, "<bdi>Ben</bdi>" in rest, next_page(rest)) == (True, False, None)


def test_what_was_erased_of_an_entry_is_called_so(client: FlaskClient, house: House, site: Site) -> None:
    with transaction(house.engine) as session:
        session.execute(update(OpeningRow).values(salt=None, value=None))
    assert "not recorded, or erased" in was(client, at=THEN)


def test_the_answers_are_reached_from_room_person_and_log(client: FlaskClient, house: House, site: Site) -> None:
    with reading(house.engine) as session:
        cedar, ada = house.cedar(session).id, house.holder(session, "Ada").id
        passage = session.scalars(select(FactRow).where(FactRow.kind == "PASSAGE")).one()
        at = leaf.written(passage.at)
    room = shown(client, "/rooms/cedar-room")
    for link in ("/rooms/cedar-room/who-was", "/rooms/cedar-room/who-can", f"/stays?area={cedar}"):
        assert f'href="{link}"' in room
    assert f'href="/stays?cardholder={ada}"' in shown(client, f"/cardholders/{ada}")
    assert f'href="/stays?area={cedar}"' in shown(client, f"/log?area={cedar}")
    fact = shown(client, f"/log/{passage.ledger_sequence}")
    for link in ("who-was", "who-can"):
        assert f'href="/rooms/cedar-room/{link}?at={at}"' in fact
    assert "<bdi>Ada</bdi>" in was(client, at=at)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_pages_are_drawn_in_both_languages_without_script(client: FlaskClient, site: Site, language: str) -> None:
    for path in ("/rooms/cedar-room/who-was", "/rooms/cedar-room/who-can", "/stays"):
        page = shown(client, path, language=language)
        assert f'lang="{language}"' in page
        assert "style=" not in page
        assert ("在室" in page or "入室" in page) == (language == "ja")


def test_every_way_to_know_and_every_source_has_its_phrase() -> None:
    assert words.KNOWN.keys() == set(How)
    assert words.SOURCES.keys() == set(Source)
