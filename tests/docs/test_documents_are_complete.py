"""Documents can go red: what a door, a message or a command may say must stand in `docs/`, in its own order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.card_format import Strength
from contract.envelope import Kind
from contract.fact import FactKind
from contract.reading import Warned
from contract.reason import Reason
from contract.site_formats import parse
from contract.topic import Down, Up
from controller.people.permission import LONGEST_PRIVATE
from controller.picture import MOST_POINTS
from controller.refusal import SENTENCES
from hardware.readers.framing import SERIAL_KINDS
from tests.contract import make_format_table, make_reason_table
from tests.controller import make_settings_table
from tests.fuzz.__main__ import TARGETS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_reason_is_explained_in_the_fixed_order() -> None:
    explained = re.findall(r"^\| `([A-Z_]+)` \|", page("reasons.md"), re.MULTILINE)
    assert explained == [str(reason) for reason in Reason]


def test_every_reason_has_its_equivalents_on_the_page() -> None:
    text = page("reasons.md")
    assert text == make_reason_table.written(text), "run python -m tests.contract.make_reason_table"


def test_every_kind_of_fact_is_described() -> None:
    rows = re.findall(r"^\| ((?:`[A-Z_]+` ?)+)\|", page("protocol/facts.md"), re.MULTILINE)
    described = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert sorted(described) == sorted(FactKind)


def test_every_message_and_topic_is_described() -> None:
    text = page("protocol/messages.md")
    assert sorted(re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)) == sorted(Kind)
    assert f"up/{{{','.join(Up)}}}" in text
    assert f"down/{{{','.join(Down)}}}" in text
    addresses = re.findall(
        r"address: sekisho/1/\{site\}/\{agent\}/(?:up|down)/([a-z]+)", page("protocol/asyncapi.yaml")
    )
    assert sorted(addresses) == sorted(Kind)


def test_every_card_format_is_described() -> None:
    text = page("installer/card-formats.md")
    assert text == make_format_table.written(text), "run python -m tests.contract.make_format_table"
    assert all(f"`{each}`" in text for each in (*Warned, *Strength))


def test_the_format_that_the_page_teaches_is_sound() -> None:
    example = page("installer/card-formats.md").split("```toml")[1].split("```")[0]
    assert parse(example)["uid-7-parity"].unprotected() == ()


def test_every_target_of_the_fuzz_is_described() -> None:
    assert [name for name in TARGETS if name not in SERIAL_KINDS and f"`{name}`" not in page("testing.md")] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (path.parent / target).exists(), target


def test_decision_records_are_numbered_without_holes_and_fit_a_page() -> None:
    records = sorted(path for path in (DOCS / "decisions").glob("*.md") if path.name != "README.md")
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. ")
        assert len(text.splitlines()) <= 60


def test_what_must_fit_together_names_refusals_that_there_are() -> None:
    table = page("operator/cards-and-people.md").split("## What must fit together")[1].split("\n## ")[0]
    named = re.findall(r"`([a-z-]+)`", table)
    assert {each for each in named if each not in SENTENCES} == set()
    for code in ("validity-absurd", "validity-wrong", "validity-past", "validity-too-long", "limits-wrong"):
        assert code in named
    private, points = LONGEST_PRIVATE.days, MOST_POINTS // 1_000_000
    assert f"lasts {private} days at most" in table
    assert f"10 MB and {points} million points" in page("operator/floor-plans.md")
    assert f"10 MB and {points} million points" in page("operator/cards-and-people.md")


def test_every_setting_and_every_danger_of_a_room_is_described() -> None:
    text = page("operator/room-rules.md")
    assert text == make_settings_table.written(text), "run python -m tests.controller.make_settings_table"
