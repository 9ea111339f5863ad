"""Exit codes and one-line answers, from outside: wrong settings, things that are not there, folders that are taken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.demo.building import AGENTS
from cli.demo.folder import LAYOUT, UNKNOWN, Claim, Folder, ForeignFolderError, OtherLayoutError, write_private
from cli.demo.settings_files import Addresses, write
from cli.exits import Cannot, told_plainly
from cli.main import main

ROOT = Path(__file__).parents[2]
TAKES_SETTINGS = (
    "controller serve", "controller migrate", "controller operator list", "controller operator link",
    "controller operator recover", "web serve", "door run", "door reset",
)  # fmt: skip
NAMED = {"controller operator recover": ["olu"], "door reset": ["cedar"]}
CONTROLLER = (
    'site = "tokyo"\nkeys = "keys"\npublic_url = "http://x/"\n'
    '[broker]\nhost = "h"\nport = 1\nca = "c"\ncertificate = "c"\nkey = "k"\n'
)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments), prog_name="sekisho")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def settings(folder: Path, text: str) -> str:
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return str(folder / "settings.toml")


@pytest.mark.parametrize("verb", TAKES_SETTINGS)
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('sight = "tokyo"\n', 'did you mean "site"?'),
        ("site = \n", "is not TOML"),
        ("", "is missing"),
    ],
)
def test_wrong_settings_are_wrong_use_and_one_line_that_names_file_and_key(
    tmp_path: Path, verb: str, text: str, word: str
) -> None:
    file = settings(tmp_path, text)
    code, said = run(*verb.split(), file, *NAMED.get(verb, []))
    assert code == 2, said
    assert word in said
    assert said.startswith(f"Error: {file}: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("verb", TAKES_SETTINGS)
def test_settings_that_are_not_there_are_wrong_use(tmp_path: Path, verb: str) -> None:
    assert run(*verb.split(), str(tmp_path / "none.toml"), *NAMED.get(verb, []))[0] == 2
    assert run(*verb.split(), str(tmp_path), *NAMED.get(verb, []))[0] == 2


@pytest.mark.parametrize("url", ["nonsense", "oracle://u:pass-word@x/y", "postgresql+psycopg2://u:pass-word@x/y", ""])
def test_a_database_that_is_neither_of_the_two_is_wrong_use_and_its_password_is_not_shown(
    tmp_path: Path, url: str
) -> None:
    code, said = run("controller", "migrate", settings(tmp_path, f'database = "{url}"\n{CONTROLLER}'))
    assert code == 2
    assert "postgresql://" in said
    assert "pass-word" not in said


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_database_server_that_does_not_answer_cannot_be_reached(tmp_path: Path, scheme: str) -> None:
    file = settings(tmp_path, f'database = "{scheme}://u:pass-word@127.0.0.1:1/x"\n{CONTROLLER}')
    for verb in ("migrate", "operator list"):
        code, said = run("controller", *verb.split(), file)
        assert code == 3
        assert "the database cannot be used" in said
        assert "pass-word" not in said


def test_an_empty_database_is_told_what_makes_its_tables(tmp_path: Path) -> None:
    file = settings(tmp_path, f'database = "sqlite:///{tmp_path}/empty.sqlite"\n{CONTROLLER}')
    code, said = run("controller", "operator", "list", "--json", file)
    assert (code, "sekisho controller migrate" in said) == (3, True)


def test_a_reset_without_an_agent_cannot_reach_it_and_is_plain_for_programs_too(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.prepare()
    (folder.agent("cedar") / "data").mkdir(parents=True)
    addresses = Addresses(1, dict.fromkeys(("controller", *AGENTS), 1), tmp_path / "bench.sock")
    file = str(write(folder, addresses)["cedar"])
    for option in ([], ["--json"]):
        code, said = run("door", "reset", *option, file, "cedar")
        assert (code, "no agent answers" in said) == (3, True)


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "1e300", "soon"])
def test_a_demo_for_no_number_of_seconds_is_wrong_use(seconds: str) -> None:
    assert run("demo", "--for", seconds)[0] == 2


def test_a_data_folder_that_is_a_file_or_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run("demo", "--data", str(tmp_path / "file"), "--for", "0")[0] == 2
    code, said = run("demo", "--data", str(tmp_path / "file" / "below"), "--for", "0")
    assert code == 3
    assert "Not a directory" in said


def test_a_folder_of_somebody_else_is_refused_before_anything_in_it_is_touched(tmp_path: Path) -> None:
    for name in ("building", "run"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    code, said = run("demo", "--data", str(tmp_path), "--for", "0")
    assert (code, "name a folder of its own" in said) == (3, True)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_is_the_demos_own_when_a_demo_was_there_or_nothing_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new")
    with Claim(folder):
        (folder.root / "anything").touch()
    with Claim(folder):
        folder.lock.unlink()
    with pytest.raises(ForeignFolderError):
        Claim(folder)


@pytest.mark.parametrize("mark", ["", "{", "[]", '{"layout": "1"}'])
def test_a_finished_building_whose_mark_cannot_be_read_is_not_thrown_away_when_it_is_to_be_kept(
    tmp_path: Path, mark: str
) -> None:
    folder = Folder(tmp_path)
    folder.building.mkdir()
    folder.made.write_text(mark, encoding="utf-8")
    assert folder.layout == UNKNOWN
    with pytest.raises(OtherLayoutError):
        folder.clear_building(keep=True)
    assert folder.made.exists()


def test_secrets_that_cannot_be_read_name_the_mend(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.building.mkdir()
    write_private(folder.made, {"layout": LAYOUT})
    folder.secrets.write_text("{}", encoding="utf-8")
    code, said = run("demo", "--data", str(tmp_path), "--for", "0")
    assert (code, f"remove {folder.building}" in said) == (3, True)


def test_mosquitto_that_is_not_there_is_a_plain_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.brokers.mosquitto.find", lambda: None)
    code, said = run("demo", "--data", str(tmp_path), "--broker", "mosquitto", "--for", "0")
    assert code == 3
    assert "install the package `mosquitto`" in said


@pytest.mark.parametrize(
    ("raises", "word"),
    [
        ("from gpiozero.exc import BadPinFactory as E; raise E('no pins')", "the pins cannot be used: no pins"),
        ("import a_driver_that_nobody_has", "the library a_driver_that_nobody_has is not installed"),
    ],
)
def test_pins_or_drivers_that_are_not_there_are_a_plain_answer(raises: str, word: str) -> None:
    with pytest.raises(Cannot, match=word), told_plainly():
        exec(raises, {})  # noqa: S102 - a line of this test


@pytest.mark.parametrize("verb", ["controller serve", "web serve", "door run", "demo"])
def test_help_names_only_documents_that_are_there(verb: str) -> None:
    for page in re.findall(r"docs/[\w./-]+\.md", run(*verb.split(), "--help")[1]):
        assert (ROOT / page).is_file(), page


def test_what_reads_answers_in_json_when_asked() -> None:
    for verb in ("controller operator list", "door reset", "bench"):
        assert "--json" in run(*verb.split(), "--help")[1]


def test_a_description_is_json_that_only_its_owner_may_read(tmp_path: Path) -> None:
    write_private(tmp_path / "demo.json", {"web": "http://127.0.0.1:1"})
    assert json.loads((tmp_path / "demo.json").read_text())["web"] == "http://127.0.0.1:1"
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600
