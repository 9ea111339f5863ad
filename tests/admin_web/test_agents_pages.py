"""The pages and the API of agents: what the centre knows of each, in both languages, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from admin_web.pages import agents as agents_page
from controller.database import transaction
from controller.premises import agent as agents
from tests.admin_web.conftest import BASE, signed_in, token, web_now
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited


def shown(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_agents_are_listed_with_their_list_their_doors_and_the_end_of_their_certificate(
    client: FlaskClient, house: House
) -> None:
    visited(house)
    signed_in(client, "olu")
    page = shown(client, "/agents")
    assert page.count('<span class="state health-silent">not heard from</span>') == 2  # some days have gone by
    assert 'class="list-newest">version ' in page
    assert "2029-02-26" in page  # 825 days
    assert "最終通信" in shown(client, "/agents", "ja")


@pytest.mark.parametrize(
    ("left", "mark"), [(-1, "run out"), (30, "ends soon"), (400, None), (None, "enrolled by an earlier version")]
)
def test_a_certificate_near_its_end_or_unknown_is_marked(
    client: FlaskClient, house: House, left: int | None, mark: str | None
) -> None:
    with transaction(house.engine) as session:
        row = house.agent(session)
        row.certificate_until = None if left is None else web_now() + timedelta(days=left)
        row.certificate_sha256 = row.certificate_sha256 if left else None
        number = row.id
    signed_in(client, "olu")
    page = shown(client, f"/agents/{number}")
    said = {each for each in ("run out", "ends soon", "enrolled by an earlier version") if each in page}
    assert said == ({mark} if mark and left != -1 else {"run out"} if left == -1 else set())


def test_one_agent_shows_its_keys_by_fingerprint_and_what_is_not_in_service_says_so(
    client: FlaskClient, house: House
) -> None:
    visited(house)
    with transaction(house.engine) as session:
        row = house.agent(session)
        number, key, sha256 = row.id, row.signing_key_sha256, row.certificate_sha256
        spare = agents.make(session, "host", NOW, house.site(session), "spare", "<Spare>").id
        agents.revoke(session, "host", NOW, house.agent(session, "cedar-back"))
        back = house.agent(session, "cedar-back").id
    signed_in(client, "olu")
    page = shown(client, f"/agents/{number}")
    assert f"<code>{key}</code>" in page
    assert f"<code>{sha256}</code>" in page
    assert "Digits, STX" not in page
    assert "Cedar room" in page
    assert "not enrolled" in shown(client, f"/agents/{spare}")
    assert "&lt;Spare&gt;" in shown(client, f"/agents/{spare}", "ja")
    assert "no list goes to it" in shown(client, f"/agents/{back}")


def test_the_api_says_the_same_and_nulls_what_is_not_known(client: FlaskClient, house: House) -> None:
    visited(house)
    with transaction(house.engine) as session:
        spare = agents.make(session, "host", NOW, house.site(session), "spare", "Spare").id
    headers = token(house, "olu")
    listed = client.get("/api/v1/agents", base_url=BASE, headers=headers).get_json()["items"]
    assert [each["key"] for each in listed] == ["cedar", "cedar-back", "spare"]
    assert listed[0]["list"]["newest"] is True
    assert listed[0]["last_event"]["clock"] is True
    assert listed[0]["certificate"]["valid_until"].startswith("2029-02-26")
    one = client.get(f"/api/v1/agents/{spare}", base_url=BASE, headers=headers).get_json()
    assert (one["state"], one["trusted"], one["connected"]) == ("keyless", False, False)
    unknown = ("list", "last_event", "certificate", "signing_key_sha256", "fresh_until", "enrolled_at")
    assert [one[each] for each in unknown] == [None] * len(unknown)
    for path in ("/api/v1/agents/999", "/api/v1/agents/99999999999999999999"):
        assert client.get(path, base_url=BASE, headers=headers).status_code == 404


def test_agents_beyond_a_page_are_on_the_next_one(
    client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_page, "_AGENTS", 1)
    signed_in(client, "kim")
    first, second = shown(client, "/agents"), shown(client, "/agents?after=1")
    assert "Controller box, back" not in first
    assert 'href="/agents?after=1"' in first
    assert "Controller box, back" in second
    assert "after=2" not in second
    assert client.get("/agents?after=999", base_url=BASE).status_code == 200
