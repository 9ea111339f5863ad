"""`sekisho test`: lint, format, arrows, types and tests, in that order, and what they need from the distribution."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cli.exits import EXPLAINED

CHECKOUT = Path(__file__).resolve().parents[1]
CANNOT = 3
SLOW = "not (broker or postgresql or browser or building)"


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
    Need("chromium", ("chromium", "/usr/bin/chromium")),
    Need("systemd", ("systemd-analyze",)),
    Need("fonts-noto-cjk", ("/usr/share/fonts/opentype/noto/NotoSansCJK*",)),
)


@click.command(epilog=EXPLAINED)
@click.option("--fast", is_flag=True, help="Only the part under a minute: lint, types, arrows, unit tests.")
@click.option("--strict", is_flag=True, help="A test that is skipped for a missing tool is a failure.")
@click.option("--no-install", is_flag=True, help="Install nothing: tests that lack a tool are skipped, each by name.")
@click.option("--yes", is_flag=True, help="Install what is missing from the distribution without asking.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def test(
    context: click.Context, fast: bool, strict: bool, no_install: bool, yes: bool, pytest_arguments: tuple[str, ...]
) -> None:
    """Run every check of this checkout. Arguments after `--` go to pytest.

    What the tests need beyond Python (mosquitto, PostgreSQL, Chromium, fonts) is installed from the distribution: on a
    terminal it asks first; as root without a terminal, or with --yes, it just does.
    """
    missing = [] if fast else [need.package for need in NEEDS if not need.present]
    if missing and not no_install:
        _install(missing, asked=yes)
        missing = [need.package for need in NEEDS if not need.present]
    failed = [name for name, command in _steps(fast, pytest_arguments) if not _passed(name, command, strict)]
    told = f"failed: {', '.join(failed)}" if failed else "all passed"
    skipped = f"; not installed, so skipped: {', '.join(missing)}" if missing else ""
    click.echo(f"{told}{skipped}")
    context.exit(1 if failed else 0)


def _steps(fast: bool, pytest_arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    tool = str(Path(sys.executable).parent)
    chosen = ["-m", SLOW] if fast else []
    return [
        ("lint", [f"{tool}/ruff", "check", "--no-cache", "."]),
        ("format", [f"{tool}/ruff", "format", "--no-cache", "--check", "."]),
        ("arrows", [f"{tool}/lint-imports", "--no-cache"]),
        ("types", [sys.executable, "-m", "mypy"]),
        ("tests", [sys.executable, "-m", "pytest", "-q", *chosen, *pytest_arguments]),
    ]


def _passed(name: str, command: Sequence[str], strict: bool) -> bool:
    click.echo(f"== {name}")
    started = time.monotonic()
    environ = {**os.environ, "SEKISHO_STRICT": "1"} if strict else dict(os.environ)
    code = subprocess.run(command, cwd=CHECKOUT, env=environ, check=False).returncode
    click.echo(f"== {name}: {'passed' if code == 0 else f'failed ({code})'} in {time.monotonic() - started:.1f} s")
    return code == 0


def _install(packages: Sequence[str], *, asked: bool) -> None:
    """Install packages of the distribution, or say the exact line to type."""
    root, terminal = os.geteuid() == 0, sys.stdin.isatty()
    line = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    shown = " ".join(line if root else ["sudo", *line])
    if shutil.which("apt-get") is None:
        raise click.ClickException(f"missing: {', '.join(packages)}; or use --no-install")
    if not asked and terminal and not click.confirm(f"Install {', '.join(packages)} ({shown})?"):
        return
    if not asked and not terminal and not root:
        click.echo(f"missing: {', '.join(packages)}; to have them: {shown}", err=True)
        return
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    prefix = [] if root else ["sudo"]
    subprocess.run([*prefix, "apt-get", "update", "-q"], env=environ, check=False, stdout=subprocess.DEVNULL)
    if subprocess.run([*prefix, *line], env=environ, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        click.echo(f"could not run: {shown}", err=True)
        raise SystemExit(CANNOT)
