"""`sekisho doctor`: findings with exit codes, and a walk that believes only what the agent recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.doctor import doctor
from contract.fact import FactKind
from door_agent.commissioning import for_door
from door_agent.control import ControlSocket
from tests.door_agent.wired import told


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    told(tmp_path)
    return tmp_path


def ask(data: Path, *arguments: str, said: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(doctor, [str(data / "agent.toml"), *arguments], input=said)
    return result.exit_code, result.output


class Agent:
    """Answers the control socket as an agent that has recorded every kind of fact since it was last asked."""

    def __init__(self, folder: Path, *, records: bool) -> None:
        self._records, self._number = records, 0
        self.socket = ControlSocket(folder, self._answer)
        self.socket.start()

    def _answer(self, _question: dict[str, Any]) -> dict[str, Any]:
        self._number += 1 if self._records else 0
        return {"latest": dict.fromkeys(FactKind, self._number)}


@pytest.fixture
def agent(data: Path) -> Iterator[Agent]:
    made = Agent(data, records=True)
    yield made
    made.socket.close()


def test_what_must_be_mended_is_an_answer_of_no(data: Path) -> None:
    code, output = ask(data)
    assert code == 1
    assert "MEND   keys:" in output
    assert "to mend" in output


def test_programs_get_every_finding_as_json(data: Path) -> None:
    code, output = ask(data, "--json")
    found = json.loads(output[: output.rindex("]") + 1])
    assert code == 1
    assert {"about", "verdict", "told", "mend"} == set(found[0])
    assert {each["verdict"] for each in found} <= {"good", "notice", "bad"}


def test_a_file_of_settings_that_is_wrong_is_wrong_use(data: Path) -> None:
    (data / "agent.toml").write_text("sitte = 1\n", encoding="utf-8")
    code, output = ask(data)
    assert code == 2
    assert 'did you mean "site"' in output


def test_a_door_that_is_not_there_is_wrong_use(data: Path) -> None:
    assert ask(data, "--walk", "oak")[0] == 2


def test_a_walk_in_which_everything_is_recorded_passes_and_is_written_down(data: Path, agent: Agent) -> None:
    settings = told(data)
    checks = for_door(settings.door[0], settings.cabinet)
    code, output = ask(data, "--walk", "cedar", said="Mori, Sato\n" + "yes\n" * len(checks))
    assert code == 0, output
    written = [json.loads(line) for line in (data / "commissioning.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [each["check"] for each in written] == [check.id for check in checks]
    assert {(each["people"], each["passed"]) for each in written} == {("Mori, Sato", "yes")}


def test_a_walk_does_not_believe_what_the_agent_did_not_record(data: Path) -> None:
    silent = Agent(data, records=False)
    settings = told(data)
    checks = for_door(settings.door[0], settings.cabinet)
    code, output = ask(data, "--walk", "cedar", said="Mori, Sato\n" + "yes\n" * len(checks))
    silent.socket.close()
    assert code == 1
    assert "has not recorded FIRE" in output
    written = [json.loads(line) for line in (data / "commissioning.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {each["check"]: each["passed"] for each in written}["fire-told"] == "no"


def test_without_an_agent_nothing_that_must_be_recorded_passes(data: Path) -> None:
    settings = told(data)
    checks = for_door(settings.door[0], settings.cabinet)
    code, output = ask(data, "--walk", "cedar", said="Mori, Sato\n" + "yes\n" * len(checks))
    assert code == 1
    assert "is not to be used as a lock yet" in output
