"""`sekisho doctor`: what is wrong on the host of an agent and how to mend it; and the walk through commissioning."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.door import SETTINGS
from cli.exits import EXPLAINED, No, told_plainly

if TYPE_CHECKING:
    from door_agent.commissioning import Check

_SIGNS = {"good": "ok    ", "notice": "look  ", "bad": "MEND  "}


@click.command(epilog=EXPLAINED)
@SETTINGS
@click.option("--json", "as_json", is_flag=True, help="The findings as one JSON array, for programs.")
@click.option("--walk", metavar="DOOR", help="Walk through the commissioning checklist of DOOR, and write it down.")
def doctor(settings: Path, as_json: bool, walk: str | None) -> None:
    """Say what is wrong on the computer at a door, and how to mend it.

    SETTINGS is the agent's TOML file. Looks at the data folder and its disk, keys and certificate, pins, what a
    controlled exit still lacks, reader ports and pairings, the clock, the journal and the list. It moves no lock and
    may run beside the agent. Answers no (exit code 1) while something must be mended.

    With --walk it leads two people through the checklist of docs/installer/commissioning.md for one door: for each
    check what to do and what proves it, whether the running agent recorded what it must, and who tried it. The answers
    are appended to commissioning.jsonl in the data folder.
    """
    from door_agent.diagnosis import Verdict, examine, worst
    from door_agent.settings import AgentSettings
    from process.settings import load

    with told_plainly():
        told = load(settings, AgentSettings)
        if walk is not None:
            _walk(told, walk)
            return
        findings = list(examine(told))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in findings], ensure_ascii=False))
    else:
        for each in findings:
            click.echo(f"{_SIGNS[each.verdict]} {each.about}: {each.told}" + (f"; {each.mend}" if each.mend else ""))
    if worst(findings) is Verdict.BAD:
        raise No(f"{sum(each.verdict is Verdict.BAD for each in findings)} to mend")


def _walk(told: object, door_id: str) -> None:
    from door_agent.commissioning import for_door
    from door_agent.settings import AgentSettings
    from door_agent.trial import Trial, TrialBook, missing, recorded

    assert isinstance(told, AgentSettings)  # noqa: S101 - for the type checker: imports stay inside the verb
    door = next((each for each in told.door if each.id == door_id), None)
    if door is None:
        raise ValueError(f"there is no door {door_id}; there is {', '.join(each.id for each in told.door)}")
    book, checks = TrialBook(told.data / "commissioning.jsonl"), for_door(door, told.cabinet)
    people = click.prompt("Who tries this door? Two names, with a comma between them")
    failed = 0
    for number, check in enumerate(checks, 1):
        _tell(number, len(checks), check)
        before = recorded(told.data)
        answer = click.prompt("Passed?", type=click.Choice(["yes", "no", "later"]), default="later")
        lacking = missing(check, before, recorded(told.data)) if answer == "yes" else ()
        if lacking:
            click.echo(f"  The agent has not recorded {', '.join(lacking)} since: written down as failed.")
            answer = "no"
        failed += answer != "yes"
        book.write(Trial(door_id, check.id, people, answer, lacking))
    if failed:
        raise No(f"{failed} of {len(checks)} checks are not passed: {door_id} is not to be used as a lock yet")
    click.echo(f"all {len(checks)} checks passed: written to {book.path}")


def _tell(number: int, of: int, check: Check) -> None:
    click.echo(f"\n{number} of {of}  {check.title} · {check.title_ja}")
    click.echo(f"  Do: {check.do}\n  Proof: {check.proof}")
    if check.facts:
        click.echo(f"  The agent must record: {', '.join(check.facts)}")
