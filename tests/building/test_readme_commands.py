"""The README's commands, as a stranger types them: in a copy of the checkout, with an empty home, from nothing.

Nothing of this machine's `.venv` is used: it would hide a library that the locked requirements forgot. The copy lies in
a path with spaces. Of `test` only the arguments are read: all of it is what runs this test.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.main import main
from tests.building.demo_hands import CHECKOUT
from tests.conftest import need

pytestmark = pytest.mark.building

INSTALL_WITHIN = 600
START_WITHIN = 120
PATH = f"/usr/local/bin:/usr/bin:/bin:{sys.base_prefix}/bin"
"""What an ordinary account of Debian has (no /usr/sbin), then a Python that is surely new enough."""

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", ".demo", "__pycache__", ".*_cache", "artefacts", "data", "demo-data"
)


def commands() -> list[str]:
    """The lines of the README's first block, without their remarks."""
    block = re.search(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    return [line.partition("#")[0].strip() for line in block[1].splitlines() if line.strip()]


class Stranger:
    """A copy of the checkout, and an account that has nothing but it."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.home = folder / "a copy of sekisho", folder / "home"
        shutil.copytree(CHECKOUT, self.checkout, ignore=LEFT_OUT, symlinks=True)
        self.home.mkdir()
        kept = ("PIP_", "SSL_", "REQUESTS_", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        environ = {key: value for key, value in os.environ.items() if key.startswith(kept)}
        self.environ = {**environ, "PATH": PATH, "HOME": str(self.home), "TMPDIR": str(folder / "tmp")}
        (folder / "tmp").mkdir()

    def type(self, line: str, *options: str, within: float = START_WITHIN) -> subprocess.CompletedProcess[str]:
        """What a command of the README answers, with options added."""
        return subprocess.run(
            [*shlex.split(line), *options],
            cwd=self.checkout,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    return Stranger(tmp_path_factory.mktemp("a stranger"))


@pytest.fixture(scope="module")
def first_run(stranger: Stranger) -> subprocess.CompletedProcess[str]:
    """The first command, which installs everything."""
    done = stranger.type(commands()[0], "--for", "0.5", within=INSTALL_WITHIN)
    need("a package index that can be reached", "NewConnectionError" not in done.stderr)
    return done


def test_the_readme_opens_with_the_two_commands() -> None:
    assert [shlex.split(line)[:2] for line in commands()] == [["./sekisho", "demo"], ["./sekisho", "test"]]
    assert all(shlex.split(line)[1] in main.commands for line in commands())


def test_the_first_run_shows_progress_and_comes_up(first_run: subprocess.CompletedProcess[str]) -> None:
    assert first_run.returncode == 0, first_run.stderr + first_run.stdout
    assert [line[:5] for line in first_run.stderr.splitlines() if line.startswith("[")] == ["[1/3]", "[2/3]", "[3/3]"]
    ready = [line for line in first_run.stdout.splitlines() if re.fullmatch(r"ready http://127\.0\.0\.1:\d+", line)]
    assert len(ready) == 1


def test_the_next_start_installs_nothing_and_finds_the_same_building(
    stranger: Stranger, first_run: subprocess.CompletedProcess[str]
) -> None:
    started = time.monotonic()
    done = stranger.type(commands()[0], "--for", "0")
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    assert "making" not in done.stdout
    assert passwords(done.stdout) == passwords(first_run.stdout)
    assert time.monotonic() - started < 30  # three seconds on an idle machine


def passwords(said: str) -> list[str]:
    return re.findall(r"\b(?:[a-z0-9]{4}-){3}[a-z0-9]{4}\b", said)


def test_nothing_is_written_outside_of_the_copy(
    stranger: Stranger, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert list(stranger.home.iterdir()) == []
    assert list((stranger.home.parent / "tmp").iterdir()) == []
    assert {path.name for path in stranger.checkout.iterdir()} - {path.name for path in CHECKOUT.iterdir()} <= {
        ".demo", ".venv", ".venv.claim"
    }  # fmt: skip
    assert stat.S_IMODE((stranger.checkout / ".demo").stat().st_mode) == 0o700


def test_what_the_launcher_and_the_demo_leave_is_not_taken_into_the_repository() -> None:
    ignored = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/.demo/", ".venv/", "/.venv.claim"} <= set(ignored)


def test_the_second_command_reads_its_arguments(
    stranger: Stranger, first_run: subprocess.CompletedProcess[str]
) -> None:
    done = stranger.type(commands()[1], "--no-such-option", within=INSTALL_WITHIN)
    assert (done.returncode, "No such option" in done.stderr) == (2, True)
    done = stranger.type(commands()[1], "--help")
    assert done.returncode == 0
    for option in ("--fast", "--strict", "--no-install", "--yes"):
        assert option in done.stdout


def test_the_built_package_is_the_same_program(stranger: Stranger, first_run: subprocess.CompletedProcess[str]) -> None:
    python = str(stranger.checkout / ".venv" / "bin" / "python")
    wheels = stranger.home.parent / "wheels"
    build = ["-m", "pip", "wheel", "-q", "--no-cache-dir", "--no-deps", "-w", str(wheels), str(stranger.checkout)]
    done = subprocess.run(
        [python, *build], env=stranger.environ, capture_output=True, text=True, timeout=INSTALL_WITHIN, check=False
    )
    need("a package index that can be reached", "NewConnectionError" not in done.stderr)
    assert done.returncode == 0, done.stderr
    installed = stranger.home.parent / "installed"
    (wheel,) = wheels.glob("sekisho-*.whl")
    put = [python, "-m", "pip", "install", "-q", "--no-cache-dir", "--no-deps", "--target", str(installed), str(wheel)]
    subprocess.run(put, env=stranger.environ, check=True, timeout=INSTALL_WITHIN)
    data = stranger.home.parent / "data of the installed one"
    done = subprocess.run(
        [python, "-P", str(installed / "bin" / "sekisho"), "demo", "--data", str(data), "--for", "0"],
        cwd=stranger.home,
        env={**stranger.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=START_WITHIN,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ready http://127.0.0.1:" in done.stdout
    assert json.loads((data / "building" / "made.json").read_text())["layout"]
    where = [python, "-P", "-c", "import cli, controller, admin_web as web; print(cli.__path__, web.__path__)"]
    environ = {**stranger.environ, "PYTHONPATH": str(installed)}
    said = subprocess.run(where, cwd=stranger.home, env=environ, capture_output=True, text=True, check=True).stdout
    assert said.count(str(installed)) == 2
