"""The installer's guide says what the program does: the checklist, the drawings, the settings, the files it names."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import fields
from pathlib import Path

import pytest

from contract.policy import ExitMode
from door_agent.commissioning import CHECKS, Check, Concerns
from door_agent.settings import DoorSettings, LockKind

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "installer"
DRAWINGS = sorted((GUIDE / "wiring").glob("*.svg"))
PAGES = sorted(GUIDE.glob("*.md"))
SVG = "{http://www.w3.org/2000/svg}"
A4_LANDSCAPE = ("297mm", "210mm")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def text_of(name: str) -> str:
    return (GUIDE / name).read_text(encoding="utf-8")


def section(number: int, check: Check) -> str:
    """One check as the guide prints it."""
    facts = ", ".join(f"`{fact}`" for fact in check.facts) or "none of its own"
    return (
        f"## {number}. {check.title}\n\n{check.title_ja} · `{check.id}` · {check.concerns}\n\n"
        f"- Do: {check.do}\n- Proof: {check.proof}\n- Record: {facts}\n"
        "- [ ] tried by ________ and ________ on ________\n"
    )


def test_the_guide_prints_the_checklist_that_the_program_has() -> None:
    printed = text_of("commissioning.md")
    begins = printed.index("## 1. ")
    assert printed[begins:] == "\n".join(section(number, check) for number, check in enumerate(CHECKS, 1))


def test_every_check_has_a_name_of_its_own_and_is_told_in_japanese_too() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.id)
        assert JAPANESE.search(check.title_ja), check.id


def test_nothing_that_a_door_may_have_goes_untried() -> None:
    assert {check.concerns for check in CHECKS} == set(Concerns)


def test_life_safety_is_tried_first() -> None:
    life = {Concerns.STRIKE, Concerns.MAGLOCK, Concerns.BREAK_GLASS, Concerns.FIRE}
    first = [check.concerns in life for check in CHECKS]
    assert first == sorted(first, reverse=True)


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.stem)
def test_a_drawing_is_a_printable_bilingual_svg_that_needs_nothing_from_elsewhere(drawing: Path) -> None:
    raw = drawing.read_text(encoding="utf-8")
    root = ET.fromstring(raw)  # noqa: S314 - our own file
    assert (root.get("width"), root.get("height")) == A4_LANDSCAPE
    assert JAPANESE.search(root.findtext(f"{SVG}title") or "")
    assert root.findtext(f"{SVG}desc")
    assert not re.search(r"@import|@font-face|<script|<image|url\(|http(?!://www\.w3\.org/2000/svg)", raw)
    defined = {each.get("id") for each in root.iter(f"{SVG}g")}
    assert {str(use.get("href")).removeprefix("#") for use in root.iter(f"{SVG}use")} <= defined


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.stem)
def test_a_drawing_is_shown_on_a_page_of_the_guide(drawing: Path) -> None:
    assert any(f"](wiring/{drawing.name})" in page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.stem)
def test_nothing_in_a_drawing_lies_outside_the_sheet(drawing: Path) -> None:
    root = ET.parse(drawing).getroot()  # noqa: S314 - our own file
    _, _, width, height = (float(part) for part in str(root.get("viewBox")).split())
    for text in root.iter(f"{SVG}text"):
        assert 20 <= float(str(text.get("x"))) <= width - 20, text.text
        assert 20 <= float(str(text.get("y"))) <= height - 10, text.text


def test_every_exit_mode_and_lock_kind_is_explained() -> None:
    modes = re.findall(r"^\| `(\w+)` \|", text_of("exit-modes.md"), re.MULTILINE)
    assert sorted(modes) == sorted(ExitMode)
    for kind in LockKind:
        assert f'`"{kind}"`' in text_of("locks.md")


def test_every_pin_of_a_door_is_explained() -> None:
    told = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    pins = [field.name for field in fields(DoorSettings) if field.name.endswith("_pin")]
    assert [pin for pin in pins if pin not in told] == []


def test_every_deployed_file_is_named_by_the_guide() -> None:
    told = "".join(page.read_text(encoding="utf-8") for page in [*PAGES, *(ROOT / "deploy").rglob("*.md")])
    for file in (ROOT / "deploy").rglob("*"):
        if file.is_file() and file.suffix in (".service", ".toml", ".conf", ".acl", ".rules", ".py"):
            assert file.name in told, file.name


def test_every_file_of_the_checkout_that_the_guide_names_is_there() -> None:
    for page in PAGES:
        for name in re.findall(r"(?<![\w./-])deploy/[\w./-]+", page.read_text(encoding="utf-8")):
            assert (ROOT / name.rstrip(".")).exists(), f"{page.name}: {name}"
