"""`sekisho decode`: what the bits of a card mean, in every format that fits; and the check of a site's own formats.

Nothing here decides or stores anything: the answers are those of `contract.reading` and `contract.site_formats`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from cli.exits import EXPLAINED, NO, WrongUse, told_plainly
from contract import reading, site_formats, written_frame
from contract.canonical import Object
from contract.card_format import BadLayout, CardFormat, Reading, Strength, Verdict
from contract.credential import LONGEST_BITS, Identity, Source
from contract.formats import FORMATS
from contract.layout import spans
from contract.reading import Caution, Warned

_PARITY: Final = {
    Verdict.RIGHT: "parity right",
    Verdict.WRONG: "parity WRONG: does not fit",
    Verdict.NONE: "no parity: a misread bit is not noticed",
}
_CAUTION: Final = {
    Warned.CUT_SHORT: "has the cascade tag 88: a reader may have cut a longer serial number down to four bytes, and "
    "cards that differ only in the rest look the same; set the reader to send the whole serial number",
    Warned.RANDOM: "looks like a random serial number, which the chip makes anew at each reading; do not enrol it",
    Warned.AMBIGUOUS: "several formats fit; compare with what is printed on the card, and name one to the access point",
}


@click.command(epilog=EXPLAINED)
@click.argument("bits", required=False, metavar="[BITS|0xHEX]")
@click.option("--length", type=click.IntRange(1, LONGEST_BITS), help="How many bits 0xHEX stands for.")
@click.option("--uid", metavar="HEX", help="A chip's serial number of 4, 7, 8 or 10 bytes, instead of bits.")
@click.option(
    "--source", type=click.Choice([each.value for each in Source]), help="Only formats of this class of reader."
)
@click.option("--format", "name", metavar="NAME", help="Only this format, even if its parity is wrong.")
@click.option(
    "--formats",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file of the site's own formats: checked, and read too. Alone: checked and drawn.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_context
def decode(
    context: click.Context,
    bits: str | None,
    length: int | None,
    uid: str | None,
    source: str | None,
    name: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Say what the bits of a card mean: format, facility code, card number, issue, parity.

    BITS are 0 and 1 in the order of the wire; 0xHEX is the same as one number and needs --length. Several formats may
    fit one length: compare with what is printed on the card. Exit code 1: no format fits.

    With --uid, both byte orders are shown, since readers differ. With --formats alone, the file's formats are checked
    and drawn; a flaw is named with its mend (exit code 2).
    """
    with told_plainly():
        own = {} if file is None else _own(file)
        if bits is None and uid is None and file is not None and name is None:
            _show_formats(own, as_json)
            return
        frame = _frame(bits, length, uid)
        known = _chosen({**FORMATS, **own}, name, uid is not None)
    wanted = None if source is None else Source(source)
    found = reading.readings(frame, known, wanted)
    fitting = [each for each in found if each.fits]
    warned = reading.cautions(Identity(wanted or Source.WIEGAND, frame), fitting if uid is None else ())
    if as_json:
        click.echo(json.dumps(_answer(frame, found, warned), ensure_ascii=False, indent=2))
    else:
        _show(frame, found, warned)
        _show_cut(uid)
    context.exit(0 if fitting else NO)


def _own(file: Path) -> dict[str, CardFormat]:
    try:
        return site_formats.parse(file.read_text(encoding="utf-8"))
    except BadLayout as flaw:
        raise WrongUse("\n".join([f"{file} cannot be used:", *(f"  {each}" for each in flaw.flaws)])) from flaw


def _frame(bits: str | None, length: int | None, uid: str | None) -> str:
    """The frame to read, or WrongUse."""
    try:
        return written_frame.read(bits, length, uid)
    except ValueError as flaw:
        raise WrongUse(str(flaw)) from flaw


def _chosen(known: Mapping[str, CardFormat], name: str | None, serial: bool) -> list[CardFormat]:
    if name is None:
        return [each for each in known.values() if not serial or each.strength is Strength.SERIAL_NUMBER]
    found = [each for each in known.values() if each.name.lower() == name.lower()]
    if not found:
        raise WrongUse(f"there is no format {name}; known: {', '.join(known)}")
    return found


def _answer(bits: str, found: tuple[Reading, ...], warned: tuple[Caution, ...]) -> Object:
    return {
        "bits": bits,
        "length": len(bits),
        "hex": f"{int(bits, 2):0{(len(bits) + 3) // 4}x}",
        "fits": any(each.fits for each in found),
        "readings": [reading.as_object(each) for each in found],
        "cautions": [{"kind": str(each.kind), "text": _CAUTION[each.kind]} for each in warned],
    }


def _show(bits: str, found: tuple[Reading, ...], warned: tuple[Caution, ...]) -> None:
    click.echo(f"{len(bits)} bits: {bits} (0x{int(bits, 2):0{(len(bits) + 3) // 4}X})")
    for each in found:
        values = ", ".join(f"{name} {value}" for name, value in each.values.items())
        click.echo(f"{each.format.name}: {values}; {_PARITY[each.parity]}")
        click.echo(f"    {each.format.title}; printed as {' or '.join(reading.printed(each))}; {each.format.strength}")
    if not any(each.fits for each in found):
        click.echo("no format fits" + (": " + _nearest(len(bits)) if not found else ""))
    for caution in warned:
        click.echo(f"caution: {_CAUTION[caution.kind]}")


def _show_cut(uid: str | None) -> None:
    """What the same card looks like where a reader knows only four bytes: it must be enrolled there on its own."""
    whole = bytes.fromhex("" if uid is None else written_frame.digits(uid))
    cut = reading.cut_to_four_bytes(whole)
    if cut != whole:
        forms = f"{cut.hex(':').upper()} or {cut[::-1].hex(':').upper()}"
        click.echo(f"a reader that knows only four bytes sends {forms}: another identity, never taken for this one")


def _nearest(length: int) -> str:
    lengths = sorted({each.length for each in FORMATS.values()})
    near = [each for each in lengths if abs(each - length) <= 2 and each != length]
    listed = ", ".join(map(str, near))
    return f"none of {length} bits" + (f"; a lost or added bit? there are formats of {listed} bits" if near else "")


def _show_formats(own: Mapping[str, CardFormat], as_json: bool) -> None:
    """The site's formats as they will be understood: the preview before they are put to use."""
    if as_json:
        click.echo(
            json.dumps({"formats": [site_formats.preview(each) for each in own.values()]}, ensure_ascii=False, indent=2)
        )
        return
    for each in own.values():
        click.echo(f"{each.name}: {each.length} bits, {', '.join(each.sources)}; {each.title or 'no title'}")
        for line in each.drawn():
            click.echo(f"    {line}")
        for field in each.fields:
            click.echo(f"    {field.name}: bits {spans(field.bits)}, {field.least} to {field.largest}, {field.coding}")
        if each.unprotected():
            click.echo(
                f"    note: no parity covers bit {spans(each.unprotected())}: a misread bit there is another card"
            )
        same = [one.name for one in FORMATS.values() if one.length == each.length]
        if same:
            click.echo(f"    note: the same length as {', '.join(same)}: tell each access point which it reads")
