"""`preview …` on a centre's database: answers for people and programs, exit codes, and nothing is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from controller.database import reading
from controller.ledger.ledger import head
from tests.cli.test_enquiry_commands import file, run, told
from tests.controller.conftest import House, engine, furnished, house, sqlite_migrated
from tests.controller.doorway import Site, visited

__all__ = ["engine", "file", "furnished", "house", "sqlite_migrated"]


@pytest.fixture
def site(house: House) -> Site:
    return visited(house)


def test_a_preview_names_who_gains_in_lines_and_in_json_and_changes_nothing(engine: Engine, file: str) -> None:
    with reading(engine) as session:
        before = head(session)
    found = told("preview", "grant", "Eve", "cedar-room", "--settings", file)
    assert [(each["cardholder_name"], each["quarter_hours"] == 672) for each in found["gains"]] == [("Eve", True)]
    assert (found["loses"], found["alarms"]) == ([], [])
    code, said = run("preview", "grant", "Eve", "cedar-room", "--settings", file)
    assert code == 0
    for part in ("gains  Eve", "cedar-back-in, cedar-in", "1 gain, 0 lose", "judged at every quarter hour until"):
        assert part in said
    with reading(engine) as session:
        assert head(session) == before


@pytest.mark.parametrize(
    ("arguments", "loses"),
    [
        (("rules", "cedar-room", "--set", "company.size=2"), ["Ada"]),
        (("rules", "cedar-room", "--preset", "private-information-room"), []),
        (("rules", "cedar", "--set", "tailgate_s=20"), []),
        (("rules", "cedar-in", "--set", "card_again_s=20"), []),
        (("posture", "lockdown", "--area", "cedar-room"), ["Ada"]),
        (("posture", "threat", "--level", "3"), ["Ada"]),
        (("revoke", "1"), ["Ada"]),
        (("schedule", "Office hours", "--intervals", "[[0, 0, 60]]"), []),
    ],
)
def test_every_kind_of_change_can_be_previewed(file: str, arguments: tuple[str, ...], loses: list[str]) -> None:
    found = told("preview", *arguments, "--settings", file)
    assert sorted({each["cardholder_name"] for each in found["loses"]}) == loses


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("rules", "cedar-room", "--set", "clockless=everybody"), 1, "rules-dangerous"),
        (("rules", "main-out", "--set", "exit_mode=controlled"), 1, "sign-off-missing"),
        (("grant", "Ada", "cedar-room"), 1, "already-requested"),
        (("grant", "Nobody", "cedar-room"), 1, "0 cardholders"),
        (("revoke", "999"), 1, "there is no grant 999"),
        (("rules", "attic", "--set", "company.size=2"), 1, "no area, door or access point attic"),
        (("rules", "cedar-room", "--set", "company.size"), 2, "NAME=VALUE"),
        (("rules", "cedar-room", "--set", "company.size=two"), 2, "whole number"),
        (("rules", "cedar-room"), 2, "either --set"),
        (("rules", "cedar", "--preset", "ordinary-room"), 2, "is no area"),
        (("posture", "threat"), 2, "--level"),
    ],
)
def test_what_would_be_refused_answers_no_and_what_means_nothing_is_wrong_use(
    file: str, arguments: tuple[str, ...], code: int, says: str
) -> None:
    answered, said = run("preview", *arguments, "--settings", file)
    assert answered == code
    assert says in said


def test_without_settings_nothing_can_be_reached(tmp_path: Path) -> None:
    assert run("preview", "revoke", "1", "--settings", str(tmp_path / "none.toml"))[0] == 2
