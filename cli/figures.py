"""`sekisho bench`: the figures that Sekisho promises, each against its own baseline in the same run."""

from __future__ import annotations

import importlib
import json
from typing import Final

import click

from cli.exits import EXPLAINED, told_plainly

MODULES: Final = {
    "csv-export": "benchmarks.csv_export",
    "decision": "benchmarks.decision",
    "durable-decision": "benchmarks.durable_decision",
    "fire-to-release": "benchmarks.fire_to_release",
    "pages": "benchmarks.pages",
    "swipe-to-strike": "benchmarks.swipe_to_strike",
}
"""Every figure by its name; a module has `measure() -> list of rows` (benchmarks/figure.py)."""


@click.command(epilog=EXPLAINED)
@click.argument("name", required=False, type=click.Choice(list(MODULES)), metavar="[NAME]")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of all rows, for programs.")
def bench(name: str | None, as_json: bool) -> None:
    """Measure what Sekisho promises about its speed.

    NAME is one of: csv-export, decision, durable-decision, fire-to-release, pages, swipe-to-strike; without it
    all are measured, which takes a few minutes. Ratios compare with a plain baseline measured in the same run, in
    turns, so that they mean the same on a slow machine and on a fast one. A figure that misses its bound says MISSED;
    that is no error of the command.
    """
    rows = []
    with told_plainly():
        for each in [name] if name else MODULES:
            for row in importlib.import_module(MODULES[each]).measure():
                rows.append(row.as_json())
                if not as_json:
                    click.echo(row.as_line())
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
