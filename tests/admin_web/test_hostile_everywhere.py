"""A house in which every text that anybody may write is hostile: no page, file or refusal lets any of it act.

Single names of many scripts, and what is no name, are in tests/admin_web/test_hostile_input.py.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from admin_web.exports.harmless import visible
from admin_web.exports.making import Exports
from admin_web.reports.known import EXPORTED
from controller.database import transaction
from controller.formula import is_formula
from controller.people.operator import Operator
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.record import saved_report
from controller.record.alarm import raise_alarm
from controller.record.saved_report import Saving
from door_agent.events import Card
from tests.admin_web.conftest import BASE, signed_in, token
from tests.admin_web.test_exported_files import cells
from tests.admin_web.test_reports_and_exports import asked, exports, fetched, table
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited
from tests.controller.feed_hands import officer
from tests.controller.test_picture import drawn

__all__ = ["exports"]
TURNING = "\u202e\u2066"
ISOLATED = {"bdi", "option", "title", "textarea"}
"""What stands in these turns nothing outside of them."""
UNKNOWN = 0x1E0000BAD1


def hostile(where: str) -> str:
    """Formula, template, script, a turn of the writing, wide letters; and where it was written."""
    return f"=1+1{{{{17*17*17}}}}<script>alert(1)</script>'\"><img src=x onerror=a>{TURNING}髙﨑 {where}"


def number() -> str:
    return f"＝1+1<b>{TURNING}77"


@pytest.fixture
def infested(app: Flask, house: House) -> House:
    """Hostile names of rooms, doors and people, cards, permissions, notes and reasons; an unknown card at a door."""
    site = visited(house)
    site.doors["cedar"].feed(Card("cedar-in", "serial-hex", f"{UNKNOWN:040b}"))
    site.talk()
    with transaction(house.engine) as session:
        for kind in (Area, Door, Agent, Operator):
            for row in session.scalars(select(kind)):
                for column in {"name", "name_ja", "display_name"} & set(kind.__table__.columns.keys()):
                    if (kind, column) != (Operator, "name"):
                        setattr(row, column, hostile(f"{kind.__tablename__} {column}"))
        cedar = house.cedar(session).id
        way_out = session.scalars(select(AccessPoint.id).where(AccessPoint.key == "cedar-out")).one()
        raise_alarm(session, "FIRE", NOW, 1, house.agent(session).id, None)
        raise_alarm(session, "FIRE", NOW, 1, house.agent(session).id, None)
        saving = Saving("log", {"cardholder": ["2"]}, hostile("saved"))
        saved_report.save(session, house.operator(session, "kim"), NOW, house.site(session), saving)
    client, kim, mia = app.test_client(), token(house, "kim"), token(house, "mia")
    names = {"name": hostile("name"), "name_ja": hostile("name_ja")}
    reason = {"reason": hostile("reason")}
    card = [{"source": "serial-hex", "bits": f"{0x1E00000009:040b}"}]
    for path, body in (
        ("cardholders", {"name": hostile("holder"), "name_kana": hostile("kana"), "number": number()}),
        ("cardholders/2/rename", {"name": hostile("renamed"), "name_kana": hostile("kana")}),
        ("cardholders/1/attributes", {"attribute": "hold", "value": 1, **reason}),
        ("cardholders/1/attributes", {"attribute": "passback-exempt", "value": 1, **reason}),
        ("widenings/1/approve", {"note": hostile("wider")}),
        ("cardholders/1/forgive", reason),
        ("credentials", {"cardholder": 4, "label": hostile("label"), "identities": card}),
        ("credentials/2/suspend", reason),
        ("trainings", {**names, "valid_days": 9}),
        ("completions", {"cardholder": 1, "training": 1}),
        ("completions/1/withdraw", reason),
        ("calendars", names),
        ("holidays", {"calendar": 2, "day": "2026-12-30", **names}),
        ("schedules", {**names, "intervals": [[0, 480, 1140]]}),
        ("grants", {"cardholder": 2, "area": cedar, "schedule": 1, **reason}),
        ("grants", {"cardholder": 3, "area": cedar, **reason}),
        ("grants", {"cardholder": 4, "area": cedar, **reason}),
        ("grants/2/approve", {"note": hostile("approved")}),
        ("grants/3/decline", {"note": hostile("declined")}),
        ("grants/1/revoke", reason),
        ("alarms/1/acknowledge", {"note": hostile("alarm")}),
        ("posture", {"threat": 1, **reason}),
        (f"areas/{cedar}/rules", {"set": {"passback.entry": "hard"}, **reason}),
        (f"access-points/{way_out}/sign-off", {"signed_by": hostile("signer"), "note": hostile("tested"), "fire": True,
                                      "break_glass": True, "failsafe": "fail-safe-lock"}),
        ("tokens", {"label": hostile("token")}),
        ("feeds", {"recipient": hostile("recipient"), "purpose": hostile("feed"), "target": "syslog-tls://siem.example",
                   "topics": ["alarms"], "fields": ["person"]}),
        ("floor-plans", {"name": hostile("floor"), "picture": base64.b64encode(drawn("PNG")).decode()}),
        ("floor-plans", {"name": hostile("floor"), "picture": base64.b64encode(drawn("PNG")).decode()}),
        ("floor-plans/1/place", {"marks": [{"door": 1, "x": 9, "y": 9}, {"area": cedar, "x": 99, "y": 9}]}),
        ("floor-plans/2/place", {"marks": [{"door": 1, "x": 9, "y": 9}, {"door": 2, "x": 9, "y": 9}]}),
    ):  # fmt: skip
        headers = mia if "approve" in path or "decline" in path else kim
        answer = client.post(f"/api/v1/{path}", json=body, base_url=BASE, headers=headers)
        assert answer.status_code in (200, 201, 202), (path, answer.get_data(as_text=True))
    return house


class Seen(HTMLParser):
    """What a page holds that acts, and text that turns what stands around it."""

    def __init__(self) -> None:
        super().__init__()
        self.within, self.flaws = list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        foreign = tag in ("img", "script") and not (said.get("src") or "").startswith(("/static/", "/plans/"))
        if foreign or any(name.startswith("on") for name in said):
            self.flaws.append(f"acts: {tag} {said}")
        if tag not in ("meta", "link", "img", "input", "br", "hr", "col"):
            self.within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.within and self.within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if set(TURNING) & set(data) and not ISOLATED & set(self.within):
            self.flaws.append(f"turns what stands around it: {' '.join(data.split())[-120:]} in {self.within[-3:]}")
        if "4913" in data:
            self.flaws.append("calculated")


def pages(app: Flask) -> Iterator[str]:
    """Every page, and each of the first rows where it is of one."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.startswith("api.") or rule.endpoint == "static":
            continue
        if "stream" in rule.rule or "<token>" in rule.rule:
            continue
        keys = ["cedar-room"]
        if rule.endpoint.startswith(("reports", "exports")):
            keys = list(EXPORTED)
        for row in range(1, 6) if "<int:" in rule.rule else [1]:
            for key in keys if "<key>" in rule.rule else [""]:
                values = {each: key if each == "key" else row for each in rule.arguments}
                path = rule.rule
                for name, value in values.items():
                    path = path.replace(f"<int:{name}>", str(value)).replace(f"<{name}>", str(value))
                yield path
    with_answers = ("/log?cardholder=2", "/cardholders?q=77", "/rooms/cedar-room/who-was?at=2026-11-24T12:05:00")
    yield from (*with_answers, "/stays?cardholder=1", "/posture/order?act=lockdown&value=1&area=cedar-room")


def test_no_page_lets_what_somebody_wrote_act_or_turn_what_stands_beside_it(
    app: Flask, client: FlaskClient, infested: House
) -> None:
    signed_in(client, "kim")
    places = set(pages(app))
    flaws, written = dict[str, list[str]](), list[str]()
    for language in ("en", "ja"):
        for path in sorted(places):
            answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
            with answer:
                assert answer.status_code in (200, 303, 400, 401, 404, 409), (path, answer.status_code)
                if answer.mimetype != "text/html":
                    continue
                text = answer.get_data(as_text=True)
            read = Seen()
            read.feed(text)
            written.append(text)
            if read.flaws:
                flaws[f"{path} {language}"] = read.flaws
    assert not flaws, "\n".join(f"{path}: {each}" for path, told in flaws.items() for each in told)
    shown = "".join(written)
    told = ("saved", "holder", "renamed", "kana", "label", "reason", "approved", "alarm", "signer", "token", "floor")
    for where in (*told, "recipient", "feed", "area name", "area name_ja", "door name", "operator display_name"):
        assert f"髙﨑 {where}" in shown, where
    assert f"{UNKNOWN:x}" in shown.lower()


def test_no_file_that_is_taken_out_calculates_or_turns_anything(
    client: FlaskClient, infested: House, exports: Exports
) -> None:
    signed_in(client, "kim")
    held = set[str]()
    for key in EXPORTED:
        for form in ("csv", "csv-cp932", "xlsx", "pdf"):
            page = asked(client, f"/exports/of/{key}?since=2026-11-01", form, hostile("purpose"))
            data = fetched(client, exports, page).data
            if form == "xlsx":
                found = [(text, marked) for row in cells(io.BytesIO(data)) for kind, text, marked in row if kind != "n"]
            elif form == "pdf":
                pages = PdfReader(io.BytesIO(data)).pages
                found = [(re.sub("[\n\u200b]", "", page.extract_text()), True) for page in pages]
            else:
                rows = table(data, "cp932" if form == "csv-cp932" else "utf-8-sig")
                found = [(text, False) for row in rows for text in row]
            for text, marked in found:
                assert visible(text) == text, (key, form, text)
                assert marked or not is_formula(text), (key, form, text)
            held.update(text for text, _ in found)
    shown = " ".join(held)
    for where in ("renamed", "reason", "purpose", "alarm", "area name", "door name", "operator display_name"):
        assert f"髙﨑 {where}" in shown, where


def _address(path: str, operation: dict[str, Any]) -> str:
    """The address of something that is there: the first word where one is named, else number 1."""
    words = {each["name"]: each["schema"].get("enum", ["1"])[0] for each in operation.get("parameters", ())}
    return re.sub("{(.*?)}", lambda found: words.get(found[1], "1"), path)


def test_every_text_that_the_api_takes_is_refused_with_what_a_terminal_obeys(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        officer(house, session)
    kim, pia = token(house, "kim"), token(house, "pia")
    texts = 0
    for path, verbs in client.get("/api/openapi.json", base_url=BASE).get_json()["paths"].items():
        for verb, operation in verbs.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for name, schema in body.get("schema", {}).get("properties", {}).items():
                said = schema.get("anyOf", [schema])[0]
                if said.get("type") != "string" or "maxLength" not in said:
                    continue
                texts += 1
                for sign in ("\x1b[31m", "\x00", "\r\n", "\u2028"):
                    address = _address(path, operation)
                    sent = {name: f"a{sign}b"}
                    answer = client.open(address, method=verb.upper(), json=sent, base_url=BASE, headers=kim)
                    if answer.status_code == 403:  # approving feeds is nothing for security admins
                        answer = client.open(address, method=verb.upper(), json=sent, base_url=BASE, headers=pia)
                    assert answer.status_code == 422, (address, name)
                    flaw = {each["field"]: each["detail"] for each in answer.get_json()["errors"]}.get(name)
                    assert flaw == "holds a character that is no text", (address, name, sign)
    assert texts > 30
