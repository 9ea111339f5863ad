"""`explain`, `who-can` and `who-was` on a centre's database: answers for people and programs, and their exit codes."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, delete, select

from cli.main import main
from contract.reason_words import WORDS
from controller.database import reading, transaction
from controller.ledger.ledger import OpeningRow
from controller.people import attribution
from controller.people.attribute import Attribute
from controller.people.credential import Credential
from controller.people.operator import Operator
from controller.people.permission import Grant
from controller.record.fact import FactRow
from controller.record.occupancy import AreaUncertainty
from tests.controller.conftest import NOW, House, engine, furnished, house, sqlite_migrated
from tests.controller.doorway import Site, visited

__all__ = ["engine", "furnished", "house", "sqlite_migrated"]
BEFORE = "2026-11-24T02:00:00Z"


@pytest.fixture
def site(house: House) -> Site:
    return visited(house)


@pytest.fixture
def file(site: Site, engine: Engine, tmp_path: Path) -> str:
    path = tmp_path / "controller.toml"
    url = engine.url.render_as_string(hide_password=False)
    path.write_text(
        f'database = "{url}"\nsite = "tokyo"\nkeys = "keys"\npublic_url = "http://x/"\n'
        '[broker]\nhost = "h"\nport = 1\nca = "c"\ncertificate = "c"\nkey = "k"\n',
        encoding="utf-8",
    )
    return str(path)


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments), prog_name="sekisho", env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def told(*arguments: str) -> Any:
    code, said = run(*arguments, "--json")
    assert code == 0, said
    return json.loads(said)


def facts(engine: Engine, kind: str) -> list[FactRow]:
    with reading(engine) as session:
        return list(session.scalars(select(FactRow).where(FactRow.kind == kind).order_by(FactRow.ledger_sequence)))


def test_a_decision_is_explained_by_either_of_its_names(engine: Engine, file: str) -> None:
    granted, refused = facts(engine, "DECISION")
    for name in (str(granted.ledger_sequence), f"cedar:{granted.sequence}"):
        found = told("explain", name, "--settings", file)
        assert (found["event"], found["outcome"], found["reason"]) == (granted.ledger_sequence, "GRANT", "PERMITTED")
        assert (found["verdict"], found["grant"]["approved_by"]) == ("agrees", "Mia")
    code, said = run("explain", str(refused.ledger_sequence), "--settings", file)
    assert code == 0
    words = WORDS["NOT_ON_LIST"]
    for part in ("REFUSE NOT_ON_LIST", "Ben", words.advice.en, words.advice.ja, "CredentialNotFound", "129", "agrees"):
        assert part in said


def test_an_erased_decision_is_answered_no_and_still_told(engine: Engine, file: str) -> None:
    place = str(facts(engine, "DECISION")[0].ledger_sequence)
    with transaction(engine) as session:
        session.execute(delete(OpeningRow))
    code, said = run("explain", place, "--settings", file)
    assert code == 1
    assert "erased" in said
    code, said = run("explain", place, "--settings", file, "--json")
    assert code == 1
    found = json.loads(said)
    assert (found["verdict"], found["erased"], found["agrees"], found["reason"]) == ("erased", True, None, "PERMITTED")


@pytest.mark.parametrize(("name", "code"), [("999999", 1), ("nobody:1", 1), ("cedar:x", 2), ("x", 2), ("-1", 2)])
def test_a_fact_that_is_not_there_is_answered_no_and_a_name_that_is_none_is_wrong_use(
    file: str, name: str, code: int
) -> None:
    assert run("explain", "--settings", file, "--", name)[0] == code


def test_what_is_no_decision_names_its_decision(engine: Engine, file: str) -> None:
    passage = facts(engine, "PASSAGE")[0]
    decision = facts(engine, "DECISION")[0]
    code, said = run("explain", f"cedar:{passage.sequence}", "--settings", file)
    assert code == 1
    assert f"its decision is cedar:{decision.sequence}" in said


def test_who_was_inside_is_told_for_any_moment_of_the_past(engine: Engine, file: str) -> None:
    found = told("who-was", "cedar-room", "--at", BEFORE, "--settings", file)
    assert (found["inside"], found["certain"]) == ([], True)
    passage = facts(engine, "PASSAGE")[0]
    later = (passage.received_at + timedelta(seconds=200)).isoformat()
    found = told("who-was", "cedar-room", "--at", later, "--settings", file)
    assert [(each["cardholder_name"], each["how"], each["left_at"]) for each in found["inside"]] == [
        ("Ada", "measured", None)
    ]
    code, said = run("who-was", "cedar-room", "--at", later, "--settings", file)
    assert code == 0
    assert "Ada  measured" in said


def test_a_room_where_somebody_may_have_come_unseen_is_not_certain_from_then_on(engine: Engine, file: str) -> None:
    with transaction(engine) as session:
        area = session.scalars(select(FactRow.area_id).where(FactRow.kind == "PASSAGE")).first()
        session.add(AreaUncertainty(area_id=area, since=NOW - timedelta(hours=2), cause="FORCED_OPEN"))
    for at, certain in (("2026-11-24T00:30:00Z", True), (BEFORE, False)):
        assert told("who-was", "cedar-room", "--at", at, "--settings", file)["certain"] is certain


def test_a_moment_without_an_offset_is_read_on_the_sites_clock(file: str) -> None:
    found = told("who-was", "cedar-room", "--at", "2026-11-24T11:00", "--settings", file)
    assert found["at"] == "2026-11-24T02:00:00.000000Z"


def test_who_can_enter_is_told_with_card_and_grant(file: str) -> None:
    found = told("who-can", "cedar-room", "--settings", file)
    assert [(each["cardholder_name"], each["credential_label"], each["alike"]) for each in found["people"]] == [
        ("Ada", "Ada's card", True)
    ]
    assert {each["source"] for each in found["bases"]} == {"compiled"}
    assert told("who-can", "cedar-room", "--at", BEFORE, "--settings", file)["people"] == []
    code, said = run("who-can", "cedar-room", "--settings", file)
    assert code == 0
    assert "Ada  Ada's card  grant 1 (works there)  every door: GRANT PERMITTED" in said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("who-was", "cedar-room"), 2),
        (("who-was", "cedar-room", "--at", "yesterday"), 2),
        (("who-was", "cedar-room", "--at", "2099-01-01T00:00:00Z"), 2),
        (("who-was", "no-room", "--at", BEFORE), 1),
        (("who-can", "no-room"), 1),
        (("who-can", "cedar-room", "--at", "1999-01-01"), 2),
        (("who-can", "cedar-room", "--at", "2199-01-01"), 2),
    ],
)
def test_what_cannot_be_asked_is_said_so(file: str, arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments, "--settings", file)[0] == code


def test_the_settings_may_be_named_by_the_environment(file: str) -> None:
    assert run("who-can", "cedar-room", SEKISHO_SETTINGS=file)[0] == 0
    assert run("who-can", "cedar-room", SEKISHO_SETTINGS="/nowhere.toml")[0] == 2


def test_a_database_that_is_not_there_cannot_be_reached(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        f'database = "sqlite:///{tmp_path}/none/c.sqlite"\nsite = "tokyo"\nkeys = "keys"\npublic_url = "http://x/"\n'
        '[broker]\nhost = "h"\nport = 1\nca = "c"\ncertificate = "c"\nkey = "k"\n',
        encoding="utf-8",
    )
    for verb in (("explain", "1"), ("who-can", "cedar-room"), ("who-was", "cedar-room", "--at", BEFORE)):
        assert run(*verb, "--settings", str(path))[0] == 3


HOSTILE = "Ada\u202e{{7*7}}<b>\u2066=1+1"


def test_nothing_that_others_wrote_acts_on_a_terminal_or_turns_what_stands_beside_it(house: House, file: str) -> None:
    with transaction(house.engine) as session:
        ada = house.holder(session, "Ada")
        ada.name = HOSTILE
        session.scalars(select(Credential).where(Credential.cardholder_id == ada.id)).one().label = HOSTILE
        for grant in session.scalars(select(Grant)):
            grant.reason = HOSTILE
        for each in session.scalars(select(Operator)):
            each.display_name = HOSTILE
        attribution.change(session, "operator:1", NOW, ada, Attribute.PASSBACK_EXEMPT, 1, HOSTILE)
    granted = str(facts(house.engine, "DECISION")[0].ledger_sequence)
    at = ("--at", "2026-11-24T04:00:00Z")
    for verb in (
        ("explain", granted, "--settings", file),
        ("who-can", "cedar-room", *at, "--settings", file),
        ("who-was", "cedar-room", *at, "--settings", file),
        ("preview", "posture", "lockdown", "--settings", file),
        ("controller", "exemptions", file),
        ("controller", "operator", "list", file),
    ):
        _, said = run(*verb)
        assert "Ada[U+202E]{{7*7}}<b>[U+2066]=1+1" in said, said
        _, for_programs = run(*verb, "--json")
        assert HOSTILE in json.dumps(json.loads(for_programs), ensure_ascii=False), for_programs
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", said + for_programs), verb
