"""`sekisho test`: lint, format, arrows, types and tests, in that order, and what they need from the distribution.

The law: what is installed, and whether anybody is asked first, is decided in one place; what is missing is named in
the last line, and is why tests were skipped (tests.conftest.need).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import click

from cli.exits import EXPLAINED, Cannot, WrongUse

CHECKOUT = Path(__file__).resolve().parents[1]
PROCESSES = "broker or browser or building"
"""Tests that start whole processes: two at a time, one file after the other in each, for they mostly wait."""
SLOW = "not (database or broker or postgresql or browser or building)"
STRICT = "SEKISHO_STRICT"
"""Set to 1 for the tests: one whose tool is missing fails instead of being skipped."""

ARROWS = "from importlinter.cli import lint_imports_command as check; check()"


@dataclass(frozen=True, slots=True)
class Need:
    """A package of the distribution that tests need, and where it shows."""

    package: str
    places: tuple[str, ...]

    @property
    def present(self) -> bool:
        return any(shutil.which(place) or list(Path("/").glob(place.lstrip("/"))) for place in self.places)


NEEDS = (
    Need("mosquitto", ("mosquitto", "/usr/sbin/mosquitto")),
    Need("postgresql", ("/usr/lib/postgresql/*/bin/initdb",)),
    Need("nginx", ("nginx", "/usr/sbin/nginx")),
    Need("chromium", ("chromium", "chromium-browser")),
    Need("systemd", ("systemd-analyze",)),
    Need("libatomic1", ("/usr/lib/*/libatomic.so.1", "/lib/*/libatomic.so.1")),  # playwright's driver is linked to it
    Need("fonts-noto-cjk", ("/usr/share/fonts/opentype/noto/NotoSansCJK*",)),
)


class Course(Enum):
    """What is done about missing packages."""

    INSTALL = auto()
    ASK = auto()
    TELL = auto()
    """Say the exact line to type, and go on without them."""
    LEAVE = auto()


def course(*, no_install: bool, yes: bool, root: bool, terminal: bool) -> Course:
    """Asked first on a terminal; just done as root without one, or when agreed to on the command line."""
    if no_install:
        return Course.LEAVE
    if yes or (root and not terminal):
        return Course.INSTALL
    return Course.ASK if terminal else Course.TELL


@click.command(epilog=EXPLAINED)
@click.option("--fast", is_flag=True, help="Only the part under a minute: lint, types, arrows, unit tests.")
@click.option("--strict", is_flag=True, help="A test that would be skipped for a missing tool is a failure.")
@click.option("--no-install", is_flag=True, help="Install nothing: tests that lack a tool are skipped, each by name.")
@click.option("--yes", is_flag=True, help="Install what is missing from the distribution without asking.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def test(
    context: click.Context, fast: bool, strict: bool, no_install: bool, yes: bool, pytest_arguments: tuple[str, ...]
) -> None:
    """Run every check of this checkout. Arguments after `--` go to pytest.

    What the tests need beyond Python (mosquitto, PostgreSQL, nginx, Chromium, fonts) is installed from the
    distribution: on a terminal it asks first; as root without a terminal, or with --yes, it just does. Tests whose tool
    is still missing are skipped, each with its reason, and the last line says so; with --strict they fail.
    """
    if yes and no_install:
        raise WrongUse("--yes and --no-install contradict one another")
    if not (CHECKOUT / "tests").is_dir():
        raise Cannot("the tests belong to a checkout of the sources: run its ./sekisho test")
    chosen = course(no_install=no_install, yes=yes, root=_is_root(), terminal=sys.stdin.isatty())
    missing = [] if fast else _missing()
    if missing:
        _provide(missing, chosen)
        missing = _missing()
    failed = [name for name, command in _steps(fast, pytest_arguments) if not _passed(name, command, strict)]
    click.echo(last_line(failed, missing, strict=strict))
    context.exit(1 if failed else 0)


def last_line(failed: Sequence[str], missing: Sequence[str], *, strict: bool) -> str:
    """What all of it comes to."""
    told = f"failed: {', '.join(failed)}" if failed else "all passed"
    consequence = "failed" if strict else "skipped"
    return told + (f"; not installed, so their tests were {consequence}: {', '.join(missing)}" if missing else "")


def _steps(fast: bool, pytest_arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    # Each tool by its module: a script of an environment that was moved does not find its interpreter.
    pytest = [sys.executable, "-m", "pytest", "-q"]
    if fast or pytest_arguments:
        chosen = ["-m", SLOW] if fast else []
        tests = [("tests", [*pytest, *chosen, *pytest_arguments])]
    else:
        tests = [
            ("tests", [*pytest, "-n", "auto", "--dist", "loadfile", "-m", f"not ({PROCESSES})"]),
            # They wait for doors and brokers most of the time; the longest come first, with few tests to a file.
            ("buildings", [*pytest, "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder", "-m", PROCESSES]),
        ]
    return [
        ("lint", [sys.executable, "-m", "ruff", "check", "--no-cache", "."]),
        ("format", [sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."]),
        ("arrows", [sys.executable, "-c", ARROWS, "--no-cache"]),
        ("types", [sys.executable, "-m", "mypy"]),
        *tests,
    ]


def _passed(name: str, command: Sequence[str], strict: bool) -> bool:
    click.echo(f"== {name}")
    started = time.monotonic()
    # Tests start hundreds of processes of ours: none of them should compile again what another one has.
    environ = {**os.environ, STRICT: "1" if strict else "", "PYTHONDONTWRITEBYTECODE": ""}
    code = subprocess.run(command, cwd=CHECKOUT, env=environ, check=False).returncode
    click.echo(f"== {name}: {'passed' if code == 0 else f'failed ({code})'} in {time.monotonic() - started:.1f} s")
    return code == 0


def _missing() -> list[str]:
    return [need.package for need in NEEDS if not need.present]


def _is_root() -> bool:
    return os.geteuid() == 0


def _provide(packages: Sequence[str], chosen: Course) -> None:
    """Install packages of the distribution, or say the exact line to type."""
    if chosen is Course.LEAVE:
        return
    before = [] if _is_root() else ["sudo"]
    line = [*before, "apt-get", "install", "-y", "--no-install-recommends"]
    shown = " ".join([*line, *packages])
    able = all(shutil.which(program) for program in (*before, "apt-get"))
    if not able or chosen is Course.TELL:
        click.echo(f"missing: {', '.join(packages)}; to have them: {shown}", err=True)
    elif chosen is Course.INSTALL or click.confirm(f"Install {', '.join(packages)} ({shown})?"):
        _install(packages, lambda wanted: _ran([*line, *wanted]), lambda: _ran([*before, "apt-get", "update", "-q"]))


def _install(packages: Sequence[str], install: Callable[[Sequence[str]], bool], update: Callable[[], bool]) -> None:
    """All at once; if that fails each by itself: not every distribution has every one of them."""
    update()
    if not install(packages):
        for package in packages:
            if not install([package]):
                click.echo(f"could not install {package}: see above", err=True)


def _ran(command: Sequence[str]) -> bool:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=environ, check=False, stdout=subprocess.DEVNULL).returncode == 0
