"""`sekisho door osdp …`: the installer's acts with OSDP readers at a bench, by hand and limited in time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exits import EXPLAINED, No, told_plainly

if TYPE_CHECKING:
    from hardware.readers.osdp.pairing import Bench

PORT = click.argument("port")
BAUD = click.option("--baud", default=9600, show_default=True, help="The speed at which the reader speaks now.")
RS485 = click.option("--rs485", is_flag=True, help="Let the kernel switch the driver with RTS.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="The answer as one JSON value, for programs.")
ADDRESS = click.option(
    "--address", type=click.IntRange(0, 126), default=0, show_default=True, help="The reader's address on the line now."
)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog=EXPLAINED)
def osdp() -> None:
    """Find, move and pair OSDP readers: on a bench, with the agent stopped.

    PORT is the serial port of the RS-485 adapter. Every act ends within two minutes. See docs/installer/osdp.md.
    """


@osdp.command(epilog=EXPLAINED)
@PORT
@BAUD
@RS485
@AS_JSON
def find(port: str, baud: int, rs485: bool, as_json: bool) -> None:
    """Ask every address at one speed who is there."""
    from hardware.readers.osdp.installation import Trouble
    from hardware.readers.osdp.pairing import discover

    with told_plainly():
        found = discover(_bench(port, baud, rs485))
    if isinstance(found, Trouble):
        raise No(found.detail)
    if as_json:
        click.echo(json.dumps([{"address": each.address, "known": each.identity is not None} for each in found]))
    for each in [] if as_json else found:
        click.echo(f"address {each.address}: {each.identity or 'says only inside a Secure Channel who it is'}")
    if not found:
        raise No(f"nobody answers on {port} at {baud} Bd")


@osdp.command(epilog=EXPLAINED)
@PORT
@BAUD
@RS485
@ADDRESS
@click.option("--key", type=FILE, required=True, help="New file for the reader's key (mode 0600). It must not exist.")
@click.option("--record", type=FILE, help="New file for what the reader can do. Without it: the key's name and .record")
@click.option("--old", type=FILE, help="The key that the reader holds now. Without it, it is in its install mode.")
@click.option("--others-allowed", is_flag=True, help="Pair although other readers answer on the line.")
def pair(
    port: str, baud: int, rs485: bool, address: int, key: Path, record: Path | None, old: Path | None,
    others_allowed: bool,
) -> None:  # fmt: skip
    """Give the reader at ADDRESS a new random key, and prove that it holds it.

    The key stands in its file before the reader hears of it. If pairing fails after that, keep the file: the reader may
    hold the key. Name the two files in the agent's settings as `key` and `capabilities`.
    """
    from hardware.readers.osdp import pairing
    from hardware.readers.osdp.installation import Trouble
    from hardware.readers.osdp.key import read_key

    kept = record or key.with_name(f"{key.name}.record")
    with told_plainly():
        if kept.exists():
            raise FileExistsError(17, "is there already", str(kept))
        held = None if old is None else read_key(old)
        bench = _bench(port, baud, rs485)
        paired = pairing.pair(bench, address, key, old=held, others_allowed=others_allowed)
        if isinstance(paired, Trouble):
            raise No(paired.detail)
        kept.write_text(f"{paired.capabilities.text}\n", encoding="ascii")
    click.echo(f"paired: key = {key}, capabilities = {kept}")


@osdp.command(epilog=EXPLAINED)
@PORT
@BAUD
@RS485
@ADDRESS
@click.option("--to-address", type=click.IntRange(0, 126), required=True, help="The address that it takes.")
@click.option("--to-baud", type=int, default=9600, show_default=True, help="The speed that it takes.")
@click.option("--key", type=FILE, help="The reader's key, if it is paired already.")
def move(port: str, baud: int, rs485: bool, address: int, to_address: int, to_baud: int, key: Path | None) -> None:
    """Give the reader at ADDRESS another address or speed."""
    from hardware.readers.osdp import pairing
    from hardware.readers.osdp.installation import Trouble
    from hardware.readers.osdp.key import read_key
    from hardware.readers.osdp.reply import Communication

    with told_plainly():
        held = None if key is None else read_key(key)
        moved = pairing.move(_bench(port, baud, rs485), address, Communication(to_address, to_baud), key=held)
    if isinstance(moved, Trouble):
        raise No(moved.detail)
    click.echo(f"the reader answers at address {moved.address} with {moved.baud} Bd")


def _bench(port: str, baud: int, rs485: bool) -> Bench:
    from hardware.readers.osdp.pairing import Bench
    from hardware.readers.osdp.settings import BAUDS

    if baud not in BAUDS:
        raise ValueError(f"the speed is one of {', '.join(map(str, BAUDS))}")
    return Bench(port, baud, rs485)
