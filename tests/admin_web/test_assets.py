"""What is served to browsers is what was vendored: whose it is, under which licence, and to the last bit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from admin_web import assets

VENDOR = assets.STATIC / "vendor"
SOURCES = json.loads((VENDOR / "sources.json").read_text(encoding="utf-8"))


def vendored() -> Iterable[Path]:
    return (path for path in VENDOR.iterdir() if path.suffix in (".js", ".css"))


def test_the_integrity_of_every_asset_is_the_one_that_templates_name() -> None:
    assert json.loads(assets.MANIFEST.read_text(encoding="utf-8")) == assets.integrity()


def test_every_vendored_file_says_where_it_comes_from() -> None:
    assert {path.name for path in vendored()} == SOURCES.keys()


@pytest.mark.parametrize("name", SOURCES)
def test_a_vendored_file_is_the_published_one_to_the_last_bit_with_its_licence(name: str) -> None:
    source = SOURCES[name]
    assert assets.digest((VENDOR / name).read_bytes()) == source["integrity"]
    text = (VENDOR / source["licence_file"]).read_text(encoding="utf-8")
    assert source["licence_says"] in text
    assert source["version"] in (VENDOR / name).read_text(encoding="utf-8")


def test_templates_load_scripts_and_styles_only_with_their_integrity() -> None:
    for path in Path(assets.__file__).parent.rglob("*.html"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "<script" in line or 'rel="stylesheet"' in line:
                assert "integrity=" in line, path
                assert "//" not in line, path
