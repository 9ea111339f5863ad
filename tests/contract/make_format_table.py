"""Writes the table of published formats into the installer's page: `python -m tests.contract.make_format_table`."""

from __future__ import annotations

from pathlib import Path

from contract.card_format import CardFormat
from contract.layout import Coding, Parity, spans
from contract.published_formats import PUBLISHED

PAGE = Path(__file__).parents[2] / "docs" / "installer" / "card-formats.md"
BEGIN, END = "<!-- the table of formats begins -->", "<!-- the table of formats ends -->"
_HEAD = (
    "| name | bits | readers | fields | parity and fixed bits | worth | source | what it is |",
    "|---|---|---|---|---|---|---|---|",
)


def table() -> str:
    return "\n".join((*_HEAD, *(_row(each) for each in PUBLISHED)))


def written(page: str) -> str:
    """`page` with the table in its place."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


def _row(each: CardFormat) -> str:
    fields = "; ".join(
        f"{one.name} {spans(one.bits)}{' (decimal digits)' if one.coding is Coding.BCD else ''}" for one in each.fields
    )
    fixed = [f"always 1: {spans(each.ones)}"] if each.ones else []
    unused = [f"unused: {spans(each.unused)}"] if each.unused else []
    checks = "; ".join([*(_check(parity) for parity in each.parities), *fixed, *unused]) or "none"
    columns = (
        f"`{each.name}`",
        str(each.length),
        ", ".join(each.sources),
        fields,
        checks,
        each.strength,
        each.origin,
        each.title,
    )
    return f"| {' | '.join(columns)} |"


def _check(parity: Parity) -> str:
    return f"{parity.bit} {'odd' if parity.odd else 'even'} over {spans(parity.covers)}"


def main() -> None:
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
