"""The pictures of the operator's pages: small, all of them used, each with words for whoever does not see it."""

from __future__ import annotations

import re

from tests.building.pictures import FOLDER, PICTURES
from tests.docs.test_documents_are_complete import PAGES

LARGEST = 120_000


def test_there_is_a_picture_of_each_name_and_each_is_small() -> None:
    found = sorted(FOLDER.iterdir())
    assert [path.name for path in found] == sorted(f"{name}.webp" for name in PICTURES)
    for path in found:
        kept = path.read_bytes()
        assert (kept[:4], kept[8:12]) == (b"RIFF", b"WEBP"), path
        assert len(kept) < LARGEST, path


def test_each_picture_is_shown_somewhere_and_told_in_words() -> None:
    shown = {
        (page.parent / target).resolve(): words
        for page in PAGES
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+\.webp)\)", page.read_text(encoding="utf-8"))
    }
    assert set(shown) == set(FOLDER.iterdir())
    assert all(len(words) > 20 for words in shown.values())
