"""`sekisho door …`: the agent on the computer at the doors, and what is done on its host."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.exits import EXPLAINED, Cannot, No, told_plainly

SETTINGS = click.argument("settings", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group(epilog=EXPLAINED)
def door() -> None:
    """The door agent: decides alone, records before it unlocks, works without any network."""


@door.command(epilog=EXPLAINED)
@SETTINGS
@click.pass_context
def run(context: click.Context, settings: Path) -> None:
    """Run the agent until SIGTERM or Ctrl-C.

    SETTINGS is a TOML file: site, agent, data, keys, [broker], and one [[door]] for each door with its wiring. The
    wiring decides what is safe: a controlled exit needs break-glass, fire release, a way out without power and a
    sign-off there, whatever the list says. A second agent on the same data folder refuses to start.
    """
    from door_agent.run import run as run_agent

    with told_plainly():
        context.exit(run_agent(settings))


@door.command(epilog=EXPLAINED)
@SETTINGS
@click.argument("door_id", metavar="DOOR")
@click.option("--json", "as_json", is_flag=True, help="The agent's answer as one JSON object, for programs.")
def reset(settings: Path, door_id: str, as_json: bool) -> None:
    """Secure DOOR again after fire or break-glass, by asking the agent that runs with SETTINGS on this host.

    Answers no (exit code 1) while an input is still active: the panel must be normal and the glass replaced first.
    """
    from door_agent.settings import AgentSettings
    from process.settings import load

    with told_plainly():
        answer = ask_reset(load(settings, AgentSettings).data, door_id)
    if as_json:
        click.echo(json.dumps(answer))
    if "error" in answer:
        raise Cannot(str(answer["error"]))
    if not answer.get("done"):
        raise No(f"{door_id} was not reset: {answer.get('reason', '')}")
    if not as_json:
        click.echo(f"{door_id} is reset")


def ask_reset(data: Path, door_id: str) -> dict[str, object]:
    """What the agent on that data folder answers: {"done", "reason"}, or {"error"}. OSError when none answers."""
    from door_agent.control import ask

    return ask(data, {"do": "reset", "door": door_id})
