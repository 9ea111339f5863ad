"""Writes the tables of docs/operator/room-rules.md from the words that pages, API and commands use.

Run it as `python -m tests.controller.make_settings_table`; a test holds the page to it.
"""

from __future__ import annotations

from pathlib import Path

from controller.premises.dangers import REFUSED, SENTENCES, Danger
from controller.premises.rule_words import CHOICES, Of, settings_for

PAGE = Path(__file__).parents[2] / "docs" / "operator" / "room-rules.md"
_HEADS = {
    Of.AREA: "### Of a room",
    Of.DOOR: "### Of a door",
    Of.ACCESS_POINT: "### Of an access point",
    Of.PIN: "### Card and PIN at an entry",
}


def written(page: str) -> str:
    """The page with its tables as they are now."""
    for name, table in (("settings", _settings()), ("dangers", _dangers())):
        before, rest = page.split(f"<!-- {name} -->\n", 1)
        _, after = rest.split(f"<!-- end of {name} -->\n", 1)
        page = f"{before}<!-- {name} -->\n{table}<!-- end of {name} -->\n{after}"
    return page


def _settings() -> str:
    lines = []
    for of, head in _HEADS.items():
        lines += [head, "", "| setting | | | unit or words |", "|---|---|---|---|"]
        for each in settings_for(of):
            words = ", ".join(f"`{choice}`" for choice in each.choices) or each.unit
            told = f"{each.title.en}: {each.does.en}", f"{each.title.ja}：{each.does.ja}"
            lines.append(f"| `{each.name}` | {told[0]} | {told[1]} | {words} |")
        lines.append("")
    words_told = (f"`{word}` {said.en} / {said.ja}" for word, said in CHOICES.items())
    return "\n".join([*lines, "Words: " + " · ".join(words_told) + ".", ""])


def _dangers() -> str:
    rows = (
        f"| `{each}` | {'refused' if each in REFUSED else 'warning'} | {SENTENCES[each].en} | {SENTENCES[each].ja} |"
        for each in Danger
    )
    return "\n".join(["| finding | | | |", "|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
