"""The `sekisho` command: every verb teaches, is documented, and answers in the promised exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import __version__
from cli.demo.building import PLAN, SITE
from cli.main import main
from controller.database import migrate, open_database, transaction
from controller.people import attribution
from controller.people import cardholder as cardholders
from controller.people import operator as operators
from controller.people.access import Role
from controller.people.attribute import Attribute
from controller.people.operator import NewOperator
from controller.premises import building as buildings
from controller.premises import site as sites

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PROMISED = {
    "demo", "test", "bench", "controller serve", "controller migrate", "controller operator list",
    "controller operator link", "controller operator recover", "web serve", "door run", "door reset", "explain",
    "who-can", "who-was",
}  # fmt: skip


def verbs(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from verbs(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


VERBS = dict(verbs(main))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments), prog_name="sekisho")
    return result.exit_code, result.output


def test_every_promised_verb_is_there() -> None:
    assert VERBS.keys() >= PROMISED


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_teaches_and_says_the_exit_codes(verb: str) -> None:
    code, said = run(*verb.split(), "--help")
    assert code == 0
    assert "Exit codes: 0 fine" in " ".join(said.split())
    assert len(said.splitlines()) > 8


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_option_is_explained(verb: str) -> None:
    for parameter in VERBS[verb].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_a_wrong_verb_option_or_value_is_wrong_use() -> None:
    assert run("dance")[0] == 2
    assert run("demo", "--colour", "red")[0] == 2
    assert run("demo", "--port", "0")[0] == 2
    assert run("bench", "heartbeat")[0] == 2
    assert run("controller", "migrate", "/nowhere.toml")[0] == 2


def test_the_version_is_the_one_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert __version__ == project["version"]
    assert run("--version") == (0, f"sekisho, version {__version__}\n")


def test_help_imports_nothing_heavy() -> None:
    text = (
        "import sys, cli.main; heavy = {'sqlalchemy', 'flask', 'amqtt', 'paho', 'gpiozero', 'cryptography', 'alembic'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A controller's settings whose database knows the building and one operator."""
    engine = open_database(f"sqlite:///{tmp_path}/c.sqlite")
    migrate(engine)
    with transaction(engine) as session:
        site = buildings.load(session, "host", NOW, PLAN)
        operators.add(session, "host", NOW, site, Role.AUDITOR, NewOperator("olu", "Olu", "another long password"))
    engine.dispose()
    path = tmp_path / "controller.toml"
    path.write_text(
        f'database = "sqlite:///{tmp_path}/c.sqlite"\nsite = "{SITE}"\nkeys = "keys"\npublic_url = "http://x/"\n'
        '[broker]\nhost = "h"\nport = 1\nca = "c"\ncertificate = "c"\nkey = "k"\n',
        encoding="utf-8",
    )
    return path


def test_operators_are_listed_for_people_and_for_programs(settings: Path) -> None:
    code, said = run("controller", "operator", "list", str(settings))
    assert (code, said.split()[:3]) == (0, ["olu", "auditor", "active"])
    code, said = run("controller", "operator", "list", "--json", str(settings))
    assert json.loads(said) == [{"name": "olu", "display_name": "Olu", "role": "auditor", "active": True}]


def test_exemptions_are_listed_for_people_and_for_programs(settings: Path) -> None:
    assert run("controller", "exemptions", str(settings)) == (0, "")
    engine = open_database(f"sqlite:///{settings.parent}/c.sqlite")
    with transaction(engine) as session:
        site = sites.by_key(session, SITE)
        assert site is not None
        ada = cardholders.enrol(session, "host", NOW, site, "Ada", "A-1")
        attribution.change(session, "operator:1", NOW, ada, Attribute.OVERRIDE, 1, "fire warden")
        attribution.change(session, "operator:1", NOW, ada, Attribute.SUPERVISOR, 1, "leads the shift")
    engine.dispose()
    code, said = run("controller", "exemptions", str(settings))
    assert (code, said) == (0, "A-1  Ada  override  2026-11-24T03:00:00+00:00  operator:1  fire warden\n")
    code, said = run("controller", "exemptions", "--json", str(settings))
    assert [(each["number"], each["exemption"], each["reason"]) for each in json.loads(said)] == [
        ("A-1", "override", "fire warden")
    ]


def test_a_first_link_is_refused_once_there_is_an_operator(settings: Path) -> None:
    code, said = run("controller", "operator", "link", str(settings))
    assert code == 1
    assert "recover" in said


def test_recovering_access_prints_a_link_that_works_once_and_is_recorded(settings: Path) -> None:
    code, said = run("controller", "operator", "recover", str(settings), "olu")
    assert code == 0
    assert said.startswith("http://x/set-up/")
    token = said.strip().rpartition("/")[2]
    engine = open_database(f"sqlite:///{settings.parent}/c.sqlite")
    with transaction(engine) as session:
        found = operators.set_up(session, datetime.now(UTC), token, NewOperator("", "", "another long password"))
        assert found.name == "olu"
    engine.dispose()


def test_recovering_nobody_is_answered_no(settings: Path) -> None:
    assert run("controller", "operator", "recover", str(settings), "eve")[0] == 1


def test_migrating_again_is_safe(settings: Path) -> None:
    assert run("controller", "migrate", str(settings))[0] == 0


def test_settings_with_an_unknown_key_are_wrong_use_and_name_the_nearest(settings: Path) -> None:
    settings.write_text(settings.read_text(encoding="utf-8").replace("site", "sight", 1), encoding="utf-8")
    code, said = run("controller", "operator", "list", str(settings))
    assert code == 2
    assert "site" in said


def test_a_database_that_cannot_be_opened_cannot_be_reached(settings: Path) -> None:
    text = settings.read_text(encoding="utf-8").replace(f"{settings.parent}/c.sqlite", "/nowhere/c.sqlite")
    settings.write_text(text, encoding="utf-8")
    assert run("controller", "migrate", str(settings))[0] == 3


def test_every_verb_stands_in_the_documents() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    missing = [verb for verb in VERBS if f"sekisho {verb}" not in text]
    assert missing == []


def test_a_port_that_is_taken_cannot_be_used(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        started = time.monotonic()
        code, said = run("demo", "--data", str(tmp_path), "--port", port)
    assert (code, "choose another" in said) == (3, True)
    assert time.monotonic() - started < 10


def test_a_file_of_people_is_shown_and_with_a_reason_applied(settings: Path) -> None:
    file = settings.parent / "people.csv"
    file.write_bytes(
        "社員番号,氏名,退職日時\r\n9001,新田 恵,\r\n\x1b[31m,Zoe,\r\n9002,Yui,2099-03-31\r\n".encode("cp932")
    )
    code, said = run("controller", "import", str(settings), str(file))
    assert code == 1
    assert "2  new  9001  新田 恵" in said
    assert "3  refused  '\\x1b[31m'  A name or number is one line of text" in said
    code, said = run("controller", "import", "--json", str(settings), str(file), "--apply", "list of November")
    assert code == 1
    assert [each["verdict"] for each in json.loads(said[: said.rindex("]") + 1])] == ["new", "refused", "new"]
    file.write_text("number,name,leaves\n9001,新田 恵,2099-01-01\n9002,Yui,2099-03-31\n", encoding="utf-8")
    code, said = run("controller", "import", str(settings), str(file))
    assert (code, said.splitlines()) == (
        0,
        ["2  changed  9001  leaves: - -> 2099-01-01 15:00:00+00:00", "3  same  9002  Yui"],
    )
    file.write_bytes(b"\xff\xfe")
    code, said = run("controller", "import", str(settings), str(file))
    assert (code, "neither UTF-8 nor Shift_JIS" in said) == (2, True)
