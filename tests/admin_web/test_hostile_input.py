"""Whatever is sent, no page breaks: never a 500, never a traceback, and never a card or a name in a log line."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.database import reading, transaction
from controller.people import cardholder
from controller.people.cardholder import Cardholder
from controller.refusal import Refused
from process import logs
from tests.admin_web.conftest import BASE, signed_in, submit, token
from tests.admin_web.test_pages_and_api import address
from tests.controller.conftest import NOW, PASSWORD, House

NAMES = (
    "髙橋﨑𠮷 ﾀﾛｳ",
    "Ａｄａ　Ｆｕｌｌｗｉｄｔｈ",
    "مريم",
    "\u202ednuora gnorw eht\u202c",
    "{{7*7}}{% raise %}",
    "<script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "=cmd|'/c calc'!A1",
    "${7*7}%n%s\\x00",
    "🙂" * 60,
)
ODD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(("", "0", "-1", "1e9", "1" * 400, "\x00", "\u202e", "../..", "%00", "{{7*7}}", "'; --", "ｱ", "１")),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(("9999-12-31T23:59", "0001-01-01T00:00", "2026-13-01", "0000-00-00", "2026-11-24T25:00")),
)
FIELDS = (
    *("q", "name", "number", "name_kana", "reason", "note", "label", "identity", "role", "cardholder", "area"),
    *("schedule", "valid_from", "valid_until", "since", "until", "before", "after", "cursor", "limit", "kind"),
    *("outcome", "door", "password", "display_name", "back", "passing", "state", "tries", "nothing"),
    *("text", "csv", "plan", "file", "encoding", "at"),
    *("room", "request", "revoke"),
)
HEADERS = ("Last-Event-ID", "Accept-Language", "HX-Request", "Accept", "Content-Type", "Sec-Fetch-Site", "Range")
LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """What the processes of the centre would log, whole."""
    told = io.StringIO()
    logs.configure("web", "debug", stream=told)
    yield told
    root = logging.getLogger()
    for each in list(root.handlers):
        if isinstance(each, logging.StreamHandler) and each.stream is told:
            root.removeHandler(each)
    logging.captureWarnings(capture=False)


@pytest.fixture
def served(app: Flask) -> Flask:
    """As in production: an unexpected error is answered, not raised. Forms are taken without their proof."""
    app.testing = False
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def places(app: Flask) -> list[str]:
    found = sorted({address(rule.rule) for rule in app.url_map.iter_rules() if "stream" not in rule.rule})
    return [each for each in found if each != "/sign-out"]


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_request_breaks_a_page(served: Flask, house: House, heard: io.StringIO, data: st.DataObject) -> None:
    client, proof = someone(served, house)
    path = data.draw(st.one_of(st.sampled_from(places(served)), ODD.map(lambda text: f"/{text}")))
    tail = data.draw(st.one_of(st.just(""), st.just(""), ODD.map(lambda text: f"/{text}")))
    verb = data.draw(st.sampled_from(("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")))
    fields = data.draw(st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=5))
    headers = data.draw(st.dictionaries(st.sampled_from(HEADERS), LATIN, max_size=2))
    as_json = data.draw(st.booleans())
    body = json.dumps(fields) if as_json else None
    kind = {"Content-Type": "application/json"} if as_json else {}
    answer = client.open(
        quote(path + tail, safe="/"),
        method=verb,
        base_url=BASE,
        query_string=fields if data.draw(st.booleans()) else None,
        data=body if as_json else fields,
        headers={**headers, **kind, **proof},
    )
    with answer:
        assert answer.status_code < 500, (verb, path, answer.get_data(as_text=True)[-400:])
        shown = answer.get_data(as_text=True)
    assert "Traceback" not in shown
    assert "Content-Security-Policy" in answer.headers or answer.mimetype == "text/plain"
    said = heard.getvalue()
    assert "unexpected_error" not in said
    assert not re.search(r"1e0000000[123]|\bAda\b|\bBen\b|\bEve\b", said)


def someone(app: Flask, house: House) -> tuple[FlaskClient, dict[str, str]]:
    """Kim by session and by token; made once for one application."""
    known = app.extensions.get("test-someone")
    if known is None:
        client = app.test_client()
        signed_in_without_proof(client)
        known = app.extensions["test-someone"] = (client, token(house, "kim"))
    client, proof = known
    if client.get("/live", base_url=BASE).status_code != 200:
        signed_in_without_proof(client)
    return client, proof


def signed_in_without_proof(client: FlaskClient) -> None:
    data = {"name": "kim", "password": PASSWORD}
    assert client.post("/sign-in", data=data, base_url=BASE).status_code == 303


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_stands_on_every_page_as_it_was_written(
    client: FlaskClient, house: House, name: str
) -> None:
    with transaction(house.engine) as session:
        made = cardholder.enrol(session, "operator:1", NOW, house.site(session), name, "77", name).id
    signed_in(client, "kim")
    assert submit(client, "/rooms/cedar-room/request", cardholder=str(made), reason=name) == 303
    for path in ("/cardholders", f"/cardholders/{made}", "/requests", "/rooms/cedar-room/request", "/log?cardholder=1"):
        page = client.get(path, base_url=BASE).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert ">49<" not in page
        # What stands in a field turns nothing outside of it.
        assert not re.search(r"\u202e[^<]*<(?!/bdi|/option|/title)", re.sub(r' value="[^"]*"', "", page)), path
    with reading(house.engine) as session:
        assert session.get_one(Cardholder, made).name == name
    kim = token(house, "kim")
    found = client.post("/api/v1/cardholders/search", json={"text": name[:100]}, base_url=BASE, headers=kim)
    assert [each["name"] for each in found.get_json()["items"]] == [name]


@pytest.mark.parametrize("name", ["Z" * 10_000, "a\x00b", "a\x1b[31mb", "a\nb", "a\u2028b", "\ud800", "   ", ""])
def test_what_is_no_name_is_refused_and_never_cut(client: FlaskClient, house: House, name: str) -> None:
    with transaction(house.engine) as session, pytest.raises(Refused):
        cardholder.enrol(session, "operator:1", NOW, house.site(session), name, "77")
    signed_in(client, "kim")
    if name.isascii():
        assert submit(client, "/cardholders", name=name, number="77") in (400, 409)
        assert submit(client, "/cardholders", name="Zoe", number=name) in (400, 409)
    with reading(house.engine) as session:
        assert session.query(Cardholder).count() == 3


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("9999-12-31T23:59", ""),
        ("", "9999-12-31T23:59"),
        ("0001-01-01T00:00", ""),
        ("2026-02-30T00:00", ""),
        ("soon", ""),
        ("2027-01-02T00:00", "2027-01-01T00:00"),
        ("2020-01-01T00:00", "2020-01-02T00:00"),
    ],
)
def test_absurd_dates_in_a_form_are_refused_with_a_sentence(client: FlaskClient, begins: str, ends: str) -> None:
    signed_in(client, "kim")
    wish = {"cardholder": "1", "reason": "shift", "valid_from": begins, "valid_until": ends}
    assert submit(client, "/rooms/cedar-room/request", **wish) == 409


@pytest.mark.parametrize("field", [{"cardholder": "99"}, {"cardholder": ""}, {"schedule": "99"}, {"cardholder": "x"}])
def test_a_form_that_names_what_does_not_exist_is_refused(client: FlaskClient, field: dict[str, str]) -> None:
    signed_in(client, "kim")
    assert submit(client, "/rooms/cedar-room/request", **{"cardholder": "1", "reason": "shift", **field}) in (400, 404)
    assert submit(client, "/rooms/nowhere/request", cardholder="1", reason="shift") == 404


def test_every_time_on_a_page_is_the_sites_and_says_utc_to_machines(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    page = client.get("/cardholders/1", base_url=BASE).get_data(as_text=True)
    times = re.findall(r'<time datetime="([^"]+)" title="([^"]*)">([^<]+)</time>', page)
    assert ("2026-11-24T03:00:00.000Z", "JST", "2026-11-24 12:00") in times
    assert all(machine.endswith("Z") and zone == "JST" for machine, zone, _ in times)
