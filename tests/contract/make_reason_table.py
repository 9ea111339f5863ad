"""Writes what ONVIF and BACnet call each reason into the table of `docs/reasons.md`: python -m
tests.contract.make_reason_table. The other columns are people's; a test holds the page against this."""

from __future__ import annotations

import re
from pathlib import Path

from contract.reason_words import words_of

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"
HEAD = "| reason | at the entry | on the way out | ONVIF | BACnet |\n|---|---|---|---|---|\n"


def written(page: str) -> str:
    """`page` with the last two columns of its table as the contract has them."""
    page = re.sub(r"^\| reason \|.*\n\|[-|]+\n", HEAD, page, flags=re.MULTILINE)
    return re.sub(r"^\| `([A-Z_]+)` \|([^|\n]*)\|([^|\n]*)\|.*$", _row, page, flags=re.MULTILINE)


def _row(found: re.Match[str]) -> str:
    name, entering, leaving = found.groups()
    told = words_of(name).equivalent
    return f"| `{name}` |{entering}|{leaving}| {told.onvif} | {told.bacnet} {told.bacnet_name} |"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
