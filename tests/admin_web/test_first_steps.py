"""The first-run path: an empty house leads from step to step, and every empty page says what comes next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from admin_web.application import create_app
from admin_web.settings import WebSettings
from contract.credential import Identity, Source
from controller.database import reading, transaction
from controller.delivery.compiling import card_must_fit, must_fit
from controller.people import cardholder, credential, first_steps, operator, permission
from controller.people.access import Role
from controller.people.first_steps import Step
from controller.people.operator import NewOperator
from controller.people.permission import Wish
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import site as sites
from controller.premises.site import Site
from tests.admin_web.conftest import BASE, signed_in, web_now
from tests.controller.conftest import CHEAP, NOW, PASSWORD

PAGES = (
    *("/live", "/muster", "/rooms", "/cardholders", "/cards", "/requests", "/permissions", "/log", "/alarms", "/stays"),
    *("/agents", "/readers", "/premises/doors/new", "/exports"),
)


@pytest.fixture
def empty(engine: Engine, tmp_path: Path) -> Iterator[Flask]:
    """A site with two security admins, an auditor and nothing else."""
    with transaction(engine) as session:
        site = sites.found(session, operator.HOST, NOW, "tokyo", "Tokyo", "東京", "Asia/Tokyo")
        for name, role in (("kim", Role.SECURITY_ADMIN), ("olu", Role.AUDITOR)):
            operator.add(session, operator.HOST, NOW, site, role, NewOperator(name, name.title(), PASSWORD), CHEAP)
    made = create_app(WebSettings("sqlite://", "tokyo", tmp_path / "secret", viewers=4), engine, web_now)
    made.testing = True
    yield made
    made.extensions["sekisho"].news.stop()


def own(engine: Engine) -> tuple[first_steps.FirstSteps, int]:
    with reading(engine) as session:
        found = session.query(Site).one()
        return first_steps.of_site(session, found), found.id


def page(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def sent_on(client: FlaskClient) -> str:
    return str(client.get("/", base_url=BASE).headers["Location"])


def post(client: FlaskClient, path: str, **data: str) -> int:
    proof = re.search(r'name="csrf_token" value="([^"]+)"', page(client, "/operators"))
    assert proof is not None
    return client.post(path, data={**data, "csrf_token": proof[1], "reason": "set-up"}, base_url=BASE).status_code


def test_an_empty_house_leads_its_admin_from_step_to_step_until_a_door_opens(empty: Flask, engine: Engine) -> None:
    client = empty.test_client()
    signed_in(client, "kim")
    assert sent_on(client) == "/start"
    assert "0 of 4 done" in page(client, "/start")
    assert "There is only one security admin" in page(client, "/start")
    assert "はじめの手順" in page(client, "/start", "ja")
    outside = {"name": "Outside", "name_ja": "屋外", "key": "outside", "kind": "open"}
    assert post(client, "/premises/rooms", **outside) == 303
    assert own(engine)[0].next is Step.ROOM
    assert post(client, "/premises/rooms", name="Lab", name_ja="", key="lab", kind="private") == 303
    assert "A door needs an agent" in page(client, "/premises/doors/new")
    with transaction(engine) as session:
        site = session.query(Site).one()
        agents.make(session, "host", NOW, site, "box", "Box")
        first, second = (areas.by_key(session, site, each) for each in ("outside", "lab"))
        assert first is not None
        assert second is not None
        ends = {"from_area": str(first.id), "to_area": str(second.id)}
    door = {"name": "Lab door", "name_ja": "", "key": "lab", "agent": "1", "entry_formats": "H10301"}
    assert post(client, "/premises/doors", **door, **ends) == 303
    assert own(engine)[0].next is Step.CARD
    with transaction(engine) as session:
        site = session.query(Site).one()
        ada = cardholder.enrol(session, "operator:1", NOW, site, "Ada", "1")
        credential.issue(session, "operator:1", NOW, ada, "", [Identity(Source.WIEGAND, "0" * 26)], card_must_fit)
        operator.add(session, operator.HOST, NOW, site, Role.SECURITY_ADMIN, NewOperator("mia", "Mia", PASSWORD), CHEAP)
        lab, kim = areas.by_key(session, site, "lab"), operator.by_name(session, site, "kim")
        assert lab is not None
        assert kim is not None
        asked = permission.request(session, kim, NOW, Wish(ada, lab, NOW, None, "works there"))
    shown = page(client, "/start")
    assert "A request waits for its approval." in shown
    assert "only one security admin" not in shown
    assert "3 of 4 done" in page(client, "/live")
    with transaction(engine) as session:
        mia = operator.by_name(session, session.query(Site).one(), "mia")
        assert mia is not None
        permission.approve(session, mia, NOW, session.merge(asked), must_fit)
    assert sent_on(client) == "/live"
    assert "All is set up." in page(client, "/start")
    assert "not set up to its end" not in page(client, "/live")


def test_an_auditor_sees_the_way_without_its_buttons(empty: Flask) -> None:
    client = empty.test_client()
    signed_in(client, "olu")
    assert sent_on(client) == "/live"
    shown = page(client, "/start")
    assert 'class="button' not in shown
    assert "comes next" in shown


@pytest.mark.parametrize("path", PAGES)
def test_every_empty_page_says_what_comes_next(empty: Flask, path: str) -> None:
    client = empty.test_client()
    signed_in(client, "kim")
    main = page(client, path).partition("<main")[2]
    assert re.search(r'class="(?:faint|faint empty|empty)"|class="warn"', main), path
    assert re.search(r'<a [^>]*href="', main), path
    assert "default-src 'none'" in client.get(path, base_url=BASE).headers["Content-Security-Policy"]
    page(client, path, "ja")


def test_the_api_says_how_far_the_house_has_come(empty: Flask, engine: Engine) -> None:
    client = empty.test_client()
    with transaction(engine) as session:
        olu = operator.by_name(session, session.query(Site).one(), "olu")
        assert olu is not None
        headers = {"Authorization": f"Bearer {operator.issue_token(session, NOW, olu, 'test')}"}
    told = client.get("/api/v1/first-steps", base_url=BASE, headers=headers).get_json()
    assert told["next"] == "room"
    assert [each["step"] for each in told["steps"]] == ["room", "door", "card", "grant"]
