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
from contract import reading, site_formats
from contract.canonical import Object
from contract.card_format import BadLayout, CardFormat, Reading, Strength, Verdict
from contract.credential import LONGEST_BITS, Identity, Source
from contract.formats import FORMATS
from contract.layout import spans
from contract.reading import Caution, Warned

_UID_BYTES: Final = (4, 7, 8, 10)
_SIGNS = str.maketrans("", "", " :-_")

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
    if (bits is None) == (uid is None):
        raise WrongUse("give BITS, or 0xHEX with --length, or --uid HEX; one of them")
    if uid is not None:
        if length is not None:
            raise WrongUse("--length belongs to 0xHEX; a serial number has the length of its bytes")
        return _uid_bits(uid)
    text = str(bits).translate(_SIGNS)
    if text[:2].lower() == "0x":
        return _hex_bits(text[2:], length)
    if not text or text.strip("01") or len(text) > LONGEST_BITS:
        raise WrongUse(f"BITS are 1 to {LONGEST_BITS} characters 0 or 1; write hexadecimal as 0xHEX with --length")
    if length not in (None, len(text)):
        raise WrongUse(f"these are {len(text)} bits, not {length}")
    return text


def _hex_bits(text: str, length: int | None) -> str:
    if length is None:
        raise WrongUse("0xHEX needs --length: leading zeros are bits, too")
    if not text or text.lower().strip("0123456789abcdef") or len(text) > LONGEST_BITS:
        raise WrongUse("after 0x come hexadecimal digits")
    number = int(text, 16)
    if number.bit_length() > length:
        raise WrongUse(f"0x{text} needs {number.bit_length()} bits, more than {length}")
    return f"{number:0{length}b}"


def _uid_bits(text: str) -> str:
    digits = _digits(text)
    if digits.strip("0123456789abcdef") or len(digits) not in [2 * each for each in _UID_BYTES]:
        raise WrongUse(f"a serial number has {', '.join(map(str, _UID_BYTES))} bytes, written in hexadecimal")
    return f"{int(digits, 16):0{len(digits) * 4}b}"


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
    whole = bytes.fromhex("" if uid is None else _digits(uid))
    cut = reading.cut_to_four_bytes(whole)
    if cut != whole:
        forms = f"{cut.hex(':').upper()} or {cut[::-1].hex(':').upper()}"
        click.echo(f"a reader that knows only four bytes sends {forms}: another identity, never taken for this one")


def _digits(text: str) -> str:
    return text.translate(_SIGNS).lower().removeprefix("0x")


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
