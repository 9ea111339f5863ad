"""Card formats on the pages and over the API: drawn bit by bit, tried, made, and retired when no reader reads them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin_web import layouts
from admin_web.layouts import Piece, Span
from contract.formats import FORMATS
from controller.database import reading, transaction
from controller.ledger.ledger import head
from controller.premises import door as doors
from controller.premises import format as formats
from controller.refusal import Refused
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.controller.conftest import NOW, House
from tests.controller.many_doors import add_many

BADGE = {"name": "Tokyo28", "length": "28", "sources": "wiegand", "number": "9-26", "facility": "1-8"}
BADGE |= {"parity_0_bit": "0", "parity_0_kind": "even", "parity_0_covers": "1-13"}
BADGE |= {"parity_1_bit": "27", "parity_1_kind": "odd", "parity_1_covers": "14-26"}
TABLE: dict[str, Any] = {
    "name": "Tokyo28",
    "length": 28,
    "sources": ["wiegand"],
    "fields": {"facility": "1-8", "number": "9-26"},
    "parity": [{"bit": 0, "kind": "even", "covers": "1-13"}, {"bit": 27, "kind": "odd", "covers": "14-26"}],
}


def page(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def asked(client: FlaskClient, path: str, data: dict[str, str]) -> tuple[int, str]:
    proof = field(page(client, "/operators"))
    answer = client.post(path, data={**data, "csrf_token": proof}, base_url=BASE)
    return answer.status_code, answer.get_data(as_text=True)


def api(client: FlaskClient, house: House, path: str, body: dict[str, Any], who: str = "kim") -> tuple[int, Any]:
    answer = client.post(f"/api/v1{path}", json=body, base_url=BASE, headers=token(house, who))
    return answer.status_code, answer.get_json()


@pytest.mark.parametrize("name", FORMATS)
def test_the_drawing_of_a_format_has_every_bit_once_in_its_order(name: str) -> None:
    found = layouts.drawn(FORMATS[name])
    assert [place for each in found for place in range(each.first, each.last + 1)] == list(range(FORMATS[name].length))
    fields = {(each.name, place) for each in FORMATS[name].fields for place in each.bits}
    shown = {
        (each.name, place) for each in found if each.piece is Piece.FIELD for place in range(each.first, each.last + 1)
    }
    assert shown == fields


def test_h10301_is_drawn_as_the_trade_draws_it() -> None:
    assert layouts.drawn(FORMATS["H10301"]) == [
        Span(Piece.PARITY, "0", 0, 0),
        Span(Piece.FIELD, "facility", 1, 8),
        Span(Piece.FIELD, "number", 9, 24),
        Span(Piece.PARITY, "1", 25, 25),
    ]


def test_formats_are_listed_with_who_reads_them_and_shown_one_by_one(client: FlaskClient) -> None:
    signed_in(client, "olu")
    shown = page(client, "/formats")
    here = shown.partition("Read at a door here")[2].partition("Formats of this site")[0]
    assert 'href="/formats/of/H10301"' in here
    assert "Maple room" in here
    assert 'action="/formats/try"' not in shown
    one = page(client, "/formats/of/H10301")
    assert '<td colspan="8" class="bits-field" title="Facility code: 1-8">Facility code' in one
    assert "bit 0 makes the ones even over 1-12" in one
    assert "施設コード" in page(client, "/formats/of/H10301", "ja")
    assert client.get("/formats/of/nobody", base_url=BASE).status_code == 404


def test_of_many_readers_the_list_names_ten_and_leads_to_all(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        add_many(house, session, NOW, 4, 3)
    signed_in(client, "olu")
    shown = page(client, "/formats")
    assert re.search('<a href="/formats/of/serial-40">all [0-9]+ access points</a>', shown)
    assert max(row.count("/premises/doors/") for row in shown.split("<tr>")) == 10
    assert page(client, "/formats/of/serial-40").count("/premises/doors/") > 20


def test_a_reading_is_tried_against_every_format_of_its_length_and_nothing_is_kept(
    client: FlaskClient, house: House
) -> None:
    signed_in(client, "kim")
    with reading(house.engine) as session:
        before = head(session)
    status, shown = asked(client, "/formats/try", {"bits": "10111101100010001110101110"})
    assert status == 200
    assert shown.count("fits, its parity is right") >= 1
    assert "Facility code 123" in shown
    wrong = asked(client, "/formats/try", {"bits": "00111101100010001110101110"})[1]
    assert "does not fit: its parity is wrong" in wrong
    assert "uid-7" in asked(client, "/formats/try", {"uid": "04:C4:3B:C2:1C:26:80"})[1]
    assert "H10301" in asked(client, "/formats/try", {"bits": "0x2F623AE", "length": "26"})[1]
    assert "No format has so many bits" in asked(client, "/formats/try", {"bits": "1" * 20})[1]
    for bad in ({}, {"bits": "2"}, {"bits": "0x2F"}, {"uid": "04"}, {"bits": "1" * 26, "uid": "04C43BC2"}):
        assert asked(client, "/formats/try", bad)[0] == 409, bad
    assert asked(client, "/formats/try", {"bits": "1", "length": "9999"})[0] == 400
    with reading(house.engine) as session:
        assert head(session) == before


def test_a_format_is_previewed_made_given_to_a_reader_and_retired_when_none_reads_it(
    client: FlaskClient, house: House
) -> None:
    signed_in(client, "kim")
    status, shown = asked(client, "/formats/preview", BADGE)
    assert status == 200
    assert 'colspan="18" class="bits-field"' in shown
    assert submit(client, "/formats", **BADGE, reason="our old badges") == 303
    assert "Tokyo28" in page(client, "/premises/doors/new")
    assert submit(client, "/formats", **BADGE, reason="again") == 409
    with reading(house.engine) as session:
        number = formats.rows_of(session, house.site(session))[0].id
        point = doors.access_point_by_key(session, house.site(session), "maple-in")
        assert point is not None
        reader, before = f"/premises/readers/{point.id}/formats", point.formats
    assert submit(client, reader, formats="Tokyo28", reason="they are still about") == 303
    status, shown = asked(client, f"/formats/{number}/retire", {"reason": "gone"})
    assert (status, "A reader reads this format." in shown) == (409, True)
    assert submit(client, reader, formats=before, reason="gone") == 303
    assert submit(client, f"/formats/{number}/retire", reason="gone") == 303
    assert submit(client, f"/formats/{number}/retire", reason="gone") == 409
    assert "Tokyo28" not in page(client, "/premises/doors/new")
    assert submit(client, reader, formats="Tokyo28", reason="x") == 409
    assert "retired" in page(client, "/formats/of/Tokyo28")
    assert submit(client, "/formats", **BADGE, reason="the name stays taken") == 409


def test_a_layout_that_contradicts_itself_comes_back_with_what_was_typed_and_every_flaw(client: FlaskClient) -> None:
    signed_in(client, "kim")
    status, shown = asked(client, "/formats/preview", {**BADGE, "length": "27", "unused": '<b>"'})
    assert status == 200
    assert "This layout contradicts itself" in shown
    assert 'name="facility" maxlength="400" value="1-8"' in shown
    assert "<b>" not in shown
    assert asked(client, "/formats/preview", {})[0] == 200
    assert "This layout contradicts itself" in asked(client, "/formats/preview", {**BADGE, "name": "h10301"})[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "-x"},
        {"name": "h10301"},
        {"length": "9"},
        {"length": ""},
        {"length": "27"},
        {"length": "29"},
        {"sources": ""},
        {"number": ""},
        {"number": ","},
        {"number": "9-x"},
        {"facility": "1-9"},
        {"parity_0_covers": ""},
        {"parity_0_covers": "1,1"},
        {"parity_0_covers": "0-13"},
        {"parity_0_covers": "1-40"},
        {"parity_0_covers": "1-13,27"},
        {"parity_0_bit": "99999"},
    ],
    ids=str,
)
def test_every_flaw_of_the_form_is_told_in_japanese(client: FlaskClient, wrong: dict[str, str]) -> None:
    signed_in(client, "kim")
    proof = field(page(client, "/operators"))
    data = {**BADGE, **wrong, "csrf_token": proof}
    answer = client.post("/formats/preview", data=data, base_url=BASE, headers={"Accept-Language": "ja"})
    told = re.findall(
        r"<li>(.*?)</li>", answer.get_data(as_text=True).partition('role="alert"')[2].partition("</ul>")[0]
    )
    assert told
    assert [each for each in told if not re.search(r"[\u3040-\u30ff]", each)] == []


def test_another_one_begins_with_the_layout_of_a_format_that_the_form_has_room_for(client: FlaskClient) -> None:
    signed_in(client, "kim")
    shown = page(client, "/formats/new?like=H10301")
    assert 'name="number" maxlength="400" value="9-24"' in shown
    assert 'name="parity_1_covers" maxlength="400" value="13-24"' in shown
    assert 'value="9-24"' not in page(client, "/formats/new?like=PIV75")  # has fields that the form has not
    assert "Make another like this" not in page(client, "/formats/of/H10320")  # decimal digits


def test_the_api_tries_makes_and_retires_the_same(client: FlaskClient, house: House) -> None:
    tried = api(client, house, "/formats/try", {"bits": "10111101100010001110101110"})[1]
    assert [each["fits"] for each in tried["readings"]] == sorted((e["fits"] for e in tried["readings"]), reverse=True)
    assert api(client, house, "/formats/try", {"bits": "x"})[0] == 409
    assert api(client, house, "/formats/try", {"bits": "1"}, "olu")[0] == 403
    status, made = api(client, house, "/formats", {"format": TABLE, "reason": "badges"})
    assert (status, made["own"], made["read_by"], made["retired_at"]) == (201, True, [], None)
    assert api(client, house, "/formats", {"format": TABLE, "reason": "again"})[0] == 409
    assert api(client, house, "/formats", {"format": {**TABLE, "length": 27}, "reason": "x"})[0] == 409
    assert api(client, house, "/formats", {"format": 7, "reason": "x"})[0] == 422
    for odd in ("\ud800", "a\x1b[31m", "two\nlines"):
        assert api(client, house, "/formats", {"format": {**TABLE, "title": odd}, "reason": "x"})[0] == 409, odd
    assert api(client, house, "/formats", {"format": TABLE, "reason": "x"}, "olu")[0] == 403
    assert api(client, house, f"/formats/{made['id']}/retire", {"reason": "gone"})[1]["retired_at"] is not None
    assert api(client, house, "/formats/99/retire", {"reason": "gone"})[0] == 404
    listed = client.get("/api/v1/formats", base_url=BASE, headers=token(house, "olu")).get_json()["items"]
    told = {each["name"]: each for each in listed}
    assert len(told["H10301"]["read_by"]) == 1
    assert told["Tokyo28"]["drawn"]


def test_a_format_is_not_made_without_a_reason(house: House) -> None:
    with pytest.raises(Refused) as refused, transaction(house.engine) as session:
        formats.add(session, "operator:1", NOW, house.site(session), TABLE, " ")
    assert refused.value.code == "reason-missing"
