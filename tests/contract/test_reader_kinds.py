"""The words about readers: complete, in both languages, and the same in the installer's guide."""

import re
from pathlib import Path

import pytest

from contract.reader_kinds import KINDS_OF_READER, KindOfReader, Words, kind_of_reader
from hardware.bench.wire import FaultDeed
from hardware.readers.framing import SERIAL_KINDS

DOCS = Path(__file__).parents[2] / "docs"


def word(each: KindOfReader) -> str:
    return each.framing or each.kind


def test_every_framing_and_every_wire_has_its_words() -> None:
    assert {each.framing for each in KINDS_OF_READER if each.kind == "serial"} == set(SERIAL_KINDS)
    assert [each.kind for each in KINDS_OF_READER if not each.framing] == ["osdp", "wiegand"]
    assert len({word(each) for each in KINDS_OF_READER}) == len(KINDS_OF_READER)


def test_the_installers_table_says_the_same() -> None:
    page = (DOCS / "installer/readers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    said = [(word(e), e.device.en, e.supervised.en, e.encrypted.en, e.strength.en) for e in KINDS_OF_READER]
    assert rows == said


@pytest.mark.parametrize("each", KINDS_OF_READER, ids=word)
def test_every_sentence_is_there_in_japanese_too(each: KindOfReader) -> None:
    for words in (each.supervised, each.encrypted, each.strength):
        assert isinstance(words, Words)
        assert words.en.endswith(".")
        assert words.ja.endswith("。")


def test_one_kind_is_found_by_its_word_and_an_unknown_one_is_nothing() -> None:
    assert kind_of_reader("twn4") in KINDS_OF_READER
    assert kind_of_reader("osdp-in-the-clear") is not kind_of_reader("osdp")
    assert kind_of_reader("a reader of tomorrow") is None


def test_every_fault_of_the_bench_is_described() -> None:
    page = (DOCS / "bench.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `(\w+)` \|", page.partition("## Faults")[2], re.MULTILINE)
    assert sorted(described) == sorted(FaultDeed)
