"""`sekisho test`: what it installs and when it asks, what its last line says, and that --strict lets nothing slip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import testing
from cli.main import main
from cli.testing import Course, Need, course, last_line

ROOT = Path(__file__).parents[2]
MAY_SKIP = {
    "tests/conftest.py": "need() itself, and published vectors that nobody named",
    "tests/process/test_readiness.py": "the kernel's wish is Linux's own",
}


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("terminal", [True, False])
def test_no_install_installs_nothing_and_yes_asks_nobody(root: bool, terminal: bool) -> None:
    assert course(no_install=True, yes=False, root=root, terminal=terminal) is Course.LEAVE
    assert course(no_install=False, yes=True, root=root, terminal=terminal) is Course.INSTALL


def test_on_a_terminal_it_asks_root_too_and_without_one_only_root_installs() -> None:
    assert course(no_install=False, yes=False, root=False, terminal=True) is Course.ASK
    assert course(no_install=False, yes=False, root=True, terminal=True) is Course.ASK
    assert course(no_install=False, yes=False, root=True, terminal=False) is Course.INSTALL
    assert course(no_install=False, yes=False, root=False, terminal=False) is Course.TELL


def test_the_last_line_says_what_failed_and_whose_tests_were_skipped() -> None:
    assert last_line([], [], strict=False) == "all passed"
    assert last_line(["types", "tests"], [], strict=True) == "failed: types, tests"
    skipped = last_line([], ["mosquitto", "chromium"], strict=False)
    assert skipped == "all passed; not installed, so their tests were skipped: mosquitto, chromium"
    assert last_line(["tests"], ["chromium"], strict=True).endswith("their tests were failed: chromium")


class Machine:
    """The programs that the command runs, and whether they do it: what it would do to this machine is only written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, root: bool, lacking: Sequence[str] = ()) -> None:
        self.ran: list[str] = []
        self.lacking, self.unknown = list(lacking), set[str]()
        monkeypatch.setattr(testing, "_ran", self._ran)
        monkeypatch.setattr(testing, "_missing", lambda: list(self.lacking))
        monkeypatch.setattr(testing, "_is_root", lambda: root)
        monkeypatch.setattr(testing, "_steps", lambda *_: [])
        monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")

    def _ran(self, command: Sequence[str]) -> bool:
        self.ran.append(" ".join(command))
        wanted = [word for word in command if word in self.lacking]
        if self.unknown & set(wanted):
            return False
        self.lacking = [package for package in self.lacking if package not in wanted]
        return True


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["test", *arguments], prog_name="sekisho")
    return result.exit_code, result.output


def test_root_without_a_terminal_just_installs_after_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, root=True, lacking=["mosquitto", "chromium"])
    assert run() == (0, "all passed\n")
    assert machine.ran == [
        "apt-get update -q",
        "apt-get install -y --no-install-recommends mosquitto chromium",
    ]


def test_an_ordinary_account_without_a_terminal_is_told_the_exact_line(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, root=False, lacking=["mosquitto"])
    code, said = run()
    assert code == 0
    assert "sudo apt-get install -y --no-install-recommends mosquitto" in said
    assert said.splitlines()[-1] == "all passed; not installed, so their tests were skipped: mosquitto"
    assert machine.ran == []


def test_yes_installs_through_sudo_and_no_install_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, root=False, lacking=["mosquitto"])
    assert run("--no-install")[1] == "all passed; not installed, so their tests were skipped: mosquitto\n"
    assert machine.ran == []
    assert run("--yes") == (0, "all passed\n")
    assert machine.ran[-1] == "sudo apt-get install -y --no-install-recommends mosquitto"


@pytest.mark.parametrize(("answer", "installs"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_nothing_is_installed_without_a_yes(
    monkeypatch: pytest.MonkeyPatch, answer: str, installs: bool
) -> None:
    machine = Machine(monkeypatch, root=True, lacking=["mosquitto"])
    monkeypatch.setattr(testing, "course", lambda **_: Course.ASK)
    result = CliRunner().invoke(main, ["test"], input=answer)
    assert result.exit_code == 0
    assert "Install mosquitto (apt-get install -y --no-install-recommends mosquitto)?" in result.output
    assert bool(machine.ran) is installs


def test_a_package_that_the_distribution_lacks_does_not_keep_the_others_away(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, root=True, lacking=["mosquitto", "chromium"])
    machine.unknown = {"chromium"}
    code, said = run()
    assert code == 0
    assert "could not install chromium" in said
    assert said.splitlines()[-1].endswith("skipped: chromium")


def test_the_fast_part_needs_and_installs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, root=True, lacking=["mosquitto"])
    assert run("--fast") == (0, "all passed\n")
    assert machine.ran == []


def test_yes_and_no_install_contradict_one_another() -> None:
    assert run("--yes", "--no-install")[0] == 2


def test_an_installed_package_without_tests_says_where_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(testing, "CHECKOUT", tmp_path)
    code, said = run("--fast")
    assert (code, "checkout" in said) == (3, True)


def test_a_need_shows_on_the_path_or_at_its_place(tmp_path: Path) -> None:
    assert Need("python", (sys.executable,)).present
    assert not Need("nothing", ("no-such-program", f"{tmp_path}/*/nothing")).present
    (tmp_path / "15").mkdir()
    (tmp_path / "15" / "nothing").touch()
    assert Need("nothing", (f"{tmp_path}/*/nothing",)).present


@pytest.mark.parametrize(("strict", "code", "word"), [("1", 1, "failed"), ("", 0, "skipped")])
def test_strict_turns_the_skip_for_a_missing_tool_into_a_failure(
    tmp_path: Path, strict: str, code: int, word: str
) -> None:
    text = "from tests.conftest import need\n\n\ndef test_it() -> None:\n    need('an anvil', None)\n"
    (tmp_path / "test_needs_an_anvil.py").write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, testing.STRICT: strict},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert f"1 {word}" in done.stdout
    assert "an anvil is not installed" in done.stdout


def test_every_skip_for_a_missing_tool_goes_through_need() -> None:
    skips = re.compile(r"pytest\.(?:skip\(|importorskip\(|mark\.skip|xfail\(|mark\.xfail)")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__) and skips.search(path.read_text(encoding="utf-8"))
    }
    assert found <= set(MAY_SKIP)
