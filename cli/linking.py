"""Links a checkout into its virtual environment without building anything: a path, a program, the entry points.

Run by the launcher with the environment's own interpreter: `python cli/linking.py CHECKOUT`. Uses only the standard
library, because it is part of installing everything else. Linking again is safe: also after the checkout was moved.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = """#!/bin/sh
# The launcher's work is done: this is `sekisho` for who has activated the environment.
exec "$(dirname -- "$(readlink -f -- "$0")")/python" -P -m cli.main "$@"
"""


def link(checkout: Path, site_packages: Path, scripts: Path) -> None:
    """Make `checkout` importable from `site_packages`, and its programs visible as if it were installed."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (site_packages / "sekisho.pth").write_text(f"{checkout}\n", encoding="utf-8")
    for other in site_packages.glob(f"{project['name']}-*.dist-info"):
        shutil.rmtree(other)
    info = site_packages / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(_entry_points(project), encoding="utf-8")
    (info / "RECORD").write_text("", encoding="utf-8")
    program = scripts / "sekisho"
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)


def _entry_points(project: dict[str, Any]) -> str:
    groups = {**project.get("entry-points", {}), "console_scripts": project.get("scripts", {})}
    lines: list[str] = []
    for group, points in groups.items():
        lines += [f"[{group}]", *(f"{name} = {place}" for name, place in points.items()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    link(Path(sys.argv[1]), Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("scripts")))
