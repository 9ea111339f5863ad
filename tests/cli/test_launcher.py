"""`./sekisho`, the launcher: a small checkout with no libraries, real environments, and a machine that lacks things.

A virtual environment is made once; what the tests do to it they do to copies, which are moved checkouts besides.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.building

ROOT = Path(__file__).parents[2]
WITHIN = 120
MADE, INSTALLED = "[1/3]", "[2/3]"
MAIN = "import sys\nfrom pathlib import Path\n\nprint(Path(__file__).parent.parent, *sys.argv[1:], sep='|')\n"
LACKING = """#!/bin/sh
case "$*" in *ensurepip*) exit 1 ;; esac
exec "{python}" "$@"
"""


class Checkout:
    """A small checkout, and how its launcher is run."""

    def __init__(self, folder: Path, *programs: Path) -> None:
        self.folder = folder
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self.environ["PATH"] = os.pathsep.join([*map(str, programs), os.environ["PATH"]])

    def start(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.folder / "sekisho"), *arguments],
            cwd=cwd or self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        with self.start(*arguments, cwd=cwd) as process:
            said, complained = process.communicate(timeout=WITHIN)
            return process.returncode, said, complained

    def runs(self, *arguments: str, cwd: Path | None = None) -> str:
        """What it complained of, having run this checkout's own command with these arguments."""
        code, said, complained = self.run(*arguments, cwd=cwd)
        assert code == 0, complained
        assert said == "|".join([str(self.folder), *arguments]) + "\n"
        return complained


def written(folder: Path) -> Path:
    """A checkout without libraries, so that installing them needs no network."""
    (folder / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "sekisho", folder)
    shutil.copy(ROOT / "cli" / "linking.py", folder / "cli")
    (folder / "cli" / "__init__.py").touch()
    (folder / "cli" / "main.py").write_text(MAIN, encoding="utf-8")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text("# nothing is needed\n", encoding="utf-8")
    project = '[project]\nname = "sekisho"\nversion = "1"\n[project.scripts]\nsekisho = "cli.main:main"\n'
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A checkout after its first launch, and what that said."""
    folder = written(tmp_path_factory.mktemp("launcher") / "a first checkout")
    return folder, Checkout(folder).runs("demo")


@pytest.fixture
def checkout(original: tuple[Path, str], tmp_path: Path) -> Checkout:
    """A copy of it: a checkout that was moved."""
    shutil.copytree(original[0], tmp_path / "a moved checkout", symlinks=True)
    return Checkout(tmp_path / "a moved checkout")


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Checkout, Path]:
    """A checkout that was never launched, on a machine whose Python lacks ensurepip; and the folder of its programs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for version in ("", "3.11", "3.12", "3.13", "3.14"):
        program(programs, f"python3{version.removeprefix('3')}", LACKING.format(python=sys.executable))
    return Checkout(written(tmp_path / "a bare checkout"), programs), programs


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)


def package() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def test_the_first_launch_says_what_it_does_and_the_second_says_nothing(original: tuple[Path, str]) -> None:
    assert [line[:5] for line in original[1].splitlines() if line.startswith("[")] == ["[1/3]", "[2/3]", "[3/3]"]
    assert Checkout(original[0]).runs("demo", "--port", "80 80") == ""


def test_a_moved_checkout_runs_its_own_code_without_installing_again(checkout: Checkout, tmp_path: Path) -> None:
    assert checkout.runs("demo", cwd=tmp_path) == ""
    checkout.folder = checkout.folder.rename(tmp_path / "moved again")
    assert checkout.runs("demo", cwd=tmp_path) == ""


def test_what_lies_in_the_folder_one_stands_in_is_not_run(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    for name in ("__init__.py", "main.py"):
        (tmp_path / "cli" / name).write_text("raise SystemExit('the wrong cli')\n", encoding="utf-8")
    checkout.runs("demo", cwd=tmp_path)


def test_it_may_be_called_through_a_link(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "a link").symlink_to(checkout.folder / "sekisho")
    done = subprocess.run(
        [tmp_path / "a link", "x"], cwd="/", capture_output=True, text=True, timeout=WITHIN, check=True
    )
    assert done.stdout == f"{checkout.folder}|x\n"


def test_the_program_in_the_environment_is_the_same_one(checkout: Checkout) -> None:
    checkout.runs("demo")
    installed = checkout.folder / ".venv" / "bin" / "sekisho"
    done = subprocess.run([installed, "demo", "a b"], cwd="/", capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == f"{checkout.folder}|demo|a b\n"


def test_tools_are_installed_for_the_tests_and_then_serve_every_verb(checkout: Checkout) -> None:
    assert INSTALLED in checkout.runs("test")
    (checkout.folder / ".venv" / "sekisho.runtime").unlink()
    assert checkout.runs("demo") == ""


def test_other_libraries_are_installed_when_other_ones_are_asked_for(checkout: Checkout) -> None:
    (checkout.folder / "requirements.txt").write_text("# still nothing\n", encoding="utf-8")
    said = checkout.runs("demo")
    assert INSTALLED in said
    assert MADE not in said


@pytest.mark.parametrize(
    "flaw", ["interpreter gone", "another version of it", "installation cut short", "half removed"]
)
def test_an_environment_that_cannot_work_is_made_anew(checkout: Checkout, flaw: str) -> None:
    venv = checkout.folder / ".venv"
    if flaw == "interpreter gone":
        (venv / "bin" / "python").unlink()
        (venv / "bin" / "python").symlink_to("/nowhere/python3")
    elif flaw == "another version of it":
        next((venv / "lib").glob("python3.*")).rename(venv / "lib" / "python3.4")
    elif flaw == "installation cut short":
        (venv / "sekisho.whole").unlink()
        (venv / "sekisho.runtime").unlink()
    else:
        shutil.rmtree(venv / "bin")
    said = checkout.runs("demo")
    assert MADE in said
    assert checkout.runs("demo") == ""


def test_of_two_first_launches_one_installs_and_both_run(tmp_path: Path) -> None:
    checkout = Checkout(written(tmp_path / "a new checkout"))
    launches = [checkout.start("demo", each) for each in ("one", "two")]
    said = [launch.communicate(timeout=WITHIN) for launch in launches]
    assert [launch.returncode for launch in launches] == [0, 0], said
    assert [out for out, _ in said] == [f"{checkout.folder}|demo|{each}\n" for each in ("one", "two")]
    assert "".join(err for _, err in said).count(INSTALLED) == 1


def test_a_launch_waits_for_who_installs_and_takes_over_when_that_one_is_killed(checkout: Checkout) -> None:
    (checkout.folder / ".venv" / "sekisho.runtime").unlink()
    owner = ["flock", str(checkout.folder / ".venv.claim"), "sh", "-c", "echo mine; exec cat"]
    with subprocess.Popen(owner, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mine\n"
        with checkout.start("demo") as launch:
            assert launch.stderr is not None
            assert launch.stderr.readline() == "another launch is installing here: waiting for it\n"
            os.killpg(holder.pid, signal.SIGKILL)
            said, _ = launch.communicate(timeout=WITHIN)
    assert said == f"{checkout.folder}|demo\n"


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that any account may read and nobody but root may write to."""
    folder = Path(tempfile.mkdtemp(prefix="sekisho-test-", dir="/tmp"))
    written(folder / "a checkout")
    for path in (folder, folder / "a checkout", folder / "a checkout" / "cli"):
        path.chmod(0o555)
    yield folder / "a checkout"
    for path in (folder, folder / "a checkout", folder / "a checkout" / "cli"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_checkout_that_cannot_be_written_to_is_one_clear_line(readable: Path) -> None:
    account = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(  # type: ignore[call-overload]
        [readable / "sekisho", "demo"],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
        **account,
    )
    assert done.returncode == 3
    assert done.stderr == (
        f"sekisho: cannot write to {readable}, where .venv belongs: use a copy in a folder of your own\n"
    )


# A Debian without ensurepip


def test_an_ordinary_account_without_ensurepip_is_told_the_exact_line(bare: tuple[Checkout, Path]) -> None:
    checkout, programs = bare
    program(programs, "id", "#!/bin/sh\necho 1000\n")
    program(programs, "apt-get", "#!/bin/sh\nexit 9\n")
    line = f"sudo apt-get install -y --no-install-recommends {package()}"
    assert checkout.run("demo") == (3, "", f"sekisho: Python lacks its venv module here: {line}\n")
    assert not (checkout.folder / ".venv").exists()


def installs(programs: Path) -> Path:
    """An apt-get that writes down what it is asked for, and makes Python whole; the file it writes to."""
    asked = programs / "asked"
    real = LACKING.format(python=sys.executable).replace("exit 1", ":")
    text = f'#!/bin/sh\necho "$@" >>"{asked}"\ncase $1 in install) cat >"{programs}/python3" <<"END"\n{real}END\nesac\n'
    program(programs, "apt-get", text)
    return asked


def test_root_without_a_terminal_installs_what_python_lacks(bare: tuple[Checkout, Path]) -> None:
    checkout, programs = bare
    program(programs, "id", "#!/bin/sh\necho 0\n")
    asked = installs(programs)
    assert MADE in checkout.runs("demo")
    assert asked.read_text() == f"update -q\ninstall -y --no-install-recommends {package()}\n"


@pytest.mark.parametrize(("option", "installed"), [("--yes", True), ("--no-install", False)])
def test_the_options_of_test_decide_for_what_python_lacks_too(
    bare: tuple[Checkout, Path], option: str, installed: bool
) -> None:
    checkout, programs = bare
    root = "0" if option == "--no-install" else "1000"
    program(programs, "id", f"#!/bin/sh\necho {root}\n")
    program(programs, "sudo", '#!/bin/sh\nexec "$@"\n')
    asked = installs(programs)
    assert checkout.run("test", option)[0] == (0 if installed else 3)
    assert asked.exists() is installed


def test_an_option_after_the_dashes_is_not_ours(bare: tuple[Checkout, Path]) -> None:
    checkout, programs = bare
    program(programs, "id", "#!/bin/sh\necho 1000\n")
    asked = installs(programs)
    assert checkout.run("test", "--", "--yes")[0] == 3
    assert not asked.exists()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 3), ("", 3)])
def test_on_a_terminal_it_asks_first(bare: tuple[Checkout, Path], answer: str, code: int) -> None:
    checkout, programs = bare
    program(programs, "id", "#!/bin/sh\necho 0\n")
    asked = installs(programs)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [checkout.folder / "sekisho", "demo"], stdin=theirs, stdout=theirs, stderr=theirs, env=checkout.environ
    ) as process:
        os.close(theirs)
        said = until(ours, "[y/N] ")
        os.write(ours, f"{answer}\n".encode())
        said += until(ours, None)
        assert process.wait(WITHIN) == code, said
    os.close(ours)
    assert f"Run: apt-get install -y --no-install-recommends {package()}? [y/N]" in said
    assert asked.exists() is (code == 0)


def until(terminal: int, word: str | None) -> str:
    """What comes from a terminal until that word, or its end."""
    said = b""
    while word is None or not said.endswith(word.encode()):
        assert select.select([terminal], [], [], WITHIN)[0], said
        try:
            said += os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
    return said.decode()
