"""The `sekisho` command. Every verb teaches in `--help`, answers in an exit code, and imports only what it needs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import click

from cli import __version__
from cli.centre import controller, web
from cli.decode import decode
from cli.doctor import doctor
from cli.door import door
from cli.enquiry import explain, who_can, who_was
from cli.exits import CANNOT, EXPLAINED, told_plainly
from cli.figures import bench
from cli.osdp_readers import osdp
from cli.preview import preview
from cli.testing import test

LONGEST: Final = 366 * 24 * 3600.0
"""Seconds for which a demo may be asked to stay."""

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=SETTINGS, epilog=EXPLAINED)
@click.version_option(__version__, prog_name="sekisho")
def main() -> None:
    """Sekisho: a card is needed to enter a private room and to leave it, and the record proves it afterwards.

    Begin with `sekisho demo`: a whole building on this machine, with doors to try in the browser.

    A real site has three kinds of process: `sekisho controller serve` (the centre), `sekisho web serve` (the
    administrators' pages) and, on the computer at each door, `sekisho door run`. They meet at an MQTT broker.
    """


def _number(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    """Not "nan", which is neither too small nor too large."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number of seconds")
    return value


@main.command(epilog=EXPLAINED)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages. Without it, any free one.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the demo's data. Without it: .demo in the checkout.",
)
@click.option(
    "--broker",
    type=click.Choice(["auto", "mosquitto", "embedded"]),
    default="auto",
    show_default=True,
    help="auto: mosquitto when this machine has it, else the embedded broker (for trial only).",
)
@click.option("--keep", is_flag=True, help="Never make the data anew: stop if another version made the folder.")
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0, max=LONGEST),
    callback=_number,
    help="End by itself this many seconds after `ready`.",
)
@click.pass_context
def demo(
    context: click.Context, port: int | None, data: Path | None, broker: str, keep: bool, seconds: float | None
) -> None:
    """A whole building on this machine: controller, pages, broker, two door agents and simulated doors.

    Everything runs on loopback with the code, certificates and signed lists of a real site; only the readers and locks
    are simulated. When all is up it prints `ready http://127.0.0.1:PORT` and a short tour: where to look, who may sign
    in, whose cards there are. The same is in DIR/demo.json (for you only: it holds passwords).

    People, cards, passwords and a few days of history are made once per data folder and kept: the next start finds the
    building as you left it, in under three seconds. Delete the folder for a new one. A folder that another version of
    Sekisho made, and which this one cannot use, is made anew, unless --keep forbids that.

    Ctrl-C ends everything. So does killing it: nothing is left running.
    """
    from cli.demo.run import Wish, run

    with told_plainly():
        context.exit(run(Wish(port or 0, data, broker, keep, seconds)))


main.add_command(test)
main.add_command(bench)
main.add_command(controller)
main.add_command(web)
main.add_command(door)
door.add_command(osdp)
main.add_command(decode)
main.add_command(preview)
main.add_command(doctor)
main.add_command(explain)
main.add_command(who_can)
main.add_command(who_was)

__all__ = ["CANNOT", "main"]

if __name__ == "__main__":
    main(prog_name="sekisho")
