"""The security pages go stale loudly: every table, kind, line, metric, key file, life and bound stands in them."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from admin_web.openid.id_token import ALGORITHMS
from contract import pin
from controller.delivery import authority
from controller.people import operator_session
from controller.people.operator import LINK_LIFE
from controller.people.password import HASHER
from controller.tables import METADATA
from tests.docs import make_limits_page, make_logging_page

SECURITY = Path(__file__).parents[2] / "docs" / "security"
CLASSES = {"personal", "secret", "evidence", "operational"}


def page(name: str) -> str:
    return (SECURITY / name).read_text(encoding="utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of each row of the table under a heading."""
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_table_of_the_database_is_classed_once_and_in_order() -> None:
    told = rows(page("data.md"), "Tables")
    assert [cells[0].strip("`") for cells in told] == sorted(METADATA.tables)
    for cells in told:
        assert set(cells[1].split(", ")) <= CLASSES, cells
        assert all(cells), cells


def test_every_file_is_classed() -> None:
    for cells in rows(page("data.md"), "Files"):
        assert set(cells[1].split(", ")) <= {*CLASSES, "all"}, cells
        assert all(cells), cells


@pytest.mark.parametrize("word", ["hash", "secret", "sealed", "token", "key"])
def test_a_table_that_holds_a_secret_is_classed_so(word: str) -> None:
    told = {cells[0].strip("`"): cells[1] for cells in rows(page("data.md"), "Tables")}
    public = {"ledger", "fact", "issued_list", "spent_challenge", "access_point", "area", "door", "site"}
    for name, table in METADATA.tables.items():
        holds = [column.name for column in table.columns if word in column.name.split("_")]
        if holds and name not in public:
            assert "secret" in told[name], (name, holds)


def test_what_is_logged_is_on_its_page() -> None:
    text = page("logging.md")
    assert text == make_logging_page.written(text), "run python -m tests.docs.make_logging_page"
    assert {each.event for each in make_logging_page.calls()} == set(make_logging_page.EVENTS)


def test_every_bound_is_on_its_page() -> None:
    text = page("limits.md")
    assert text == make_limits_page.written(text), "run python -m tests.docs.make_limits_page"
    assert make_limits_page.forgotten() == [], "give each a line in tests/docs/make_limits_page.py"


def test_every_key_file_that_is_made_is_in_the_inventory(tmp_path: Path) -> None:
    authority.found(tmp_path / "keys", "tokyo", datetime(2026, 11, 29, tzinfo=UTC))
    text = page("keys.md")
    for file in (tmp_path / "keys").iterdir():
        assert f"`{file.name}`" in text, file.name
        assert file.stat().st_mode & 0o077 == 0


def test_lives_and_algorithms_are_those_of_the_code() -> None:
    text = page("keys.md")
    keys = {cells[0]: cells for cells in rows(text, "Keys")}
    assert keys["`ca.key`, `ca.pem`"][3] == f"{authority._AUTHORITY_LIFE.days} days"
    issued = [cells for cells in keys.values() if cells[3] == f"{authority._CERTIFICATE_LIFE.days} days"]
    assert len(issued) == 3
    hours = operator_session.SESSION_LIFE.total_seconds() / 3600
    assert f"{hours:.0f} hours; a day, once; until revoked" in text
    assert LINK_LIFE.days == 1
    algorithms = {cells[0]: cells[1] for cells in rows(text, "Algorithms")}
    assert algorithms["ID tokens"] == ", ".join(ALGORITHMS)
    assert pin._COST == 2**14
    assert (HASHER.memory_cost, HASHER.time_cost, HASHER.parallelism) == (64 * 1024, 3, 4)
    assert "64 MiB, 3 rounds, 4 lanes" in algorithms["passwords"]


def test_every_file_that_is_named_for_an_algorithm_is_there() -> None:
    root = SECURITY.parents[1]
    for cells in rows(page("keys.md"), "Algorithms"):
        for name in re.findall(r"`([a-z_]+/[a-z_/.]+)`", cells[2]):
            assert (root / name).exists(), name


def test_the_page_of_libraries_names_what_no_lock_holds() -> None:
    text, root = page("libraries.md"), SECURITY.parents[1]
    door = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][
        "door"
    ]
    locked = (root / "requirements.txt").read_text(encoding="utf-8")
    for name in (re.split(r"[^A-Za-z0-9-]", each)[0] for each in door):
        assert name in text, name
        assert f"\n{name}==" not in locked, name


def test_the_index_names_every_page() -> None:
    named = set(re.findall(r"^\| \[([a-z-]+\.md)\]", page("README.md"), re.MULTILINE))
    assert named == {each.name for each in SECURITY.glob("*.md")} - {"README.md"}


def test_every_test_that_the_matrix_names_is_there() -> None:
    tests = SECURITY.parents[1] / "tests"
    known = {
        name for file in tests.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text("utf-8"))
    }
    named = set(re.findall(r"`(test_\w+)`", page("asvs.md")))
    assert sorted(named - known) == []
