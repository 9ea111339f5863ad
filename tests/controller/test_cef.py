"""CEF lines: whatever somebody named a thing or a person, a line stays one line and a field one field."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.feeds import cef
from controller.feeds.event import Event, Place
from tests.controller.conftest import NOW


def event(title: str = "Decision", **data: Any) -> Event:
    return Event("record-7", "access.decision", title, NOW, 5, Place(7, 0), data)


def parsed(line: str) -> tuple[list[str], dict[str, str]]:
    """A CEF line read as ArcSight's description of the format has it."""
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    fields = re.split(r"(?:^| )([A-Za-z][A-Za-z0-9]*)(?<!\\)=", parts[7])[1:]
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    return parts[:7], {name: _unescaped(value) for name, value in values.items()}


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def test_a_refusal_counts() -> None:
    _, said = parsed(cef.line(event(outcome="REFUSE", reason="manage-operators", count=8)))
    assert (said["outcome"], said["reason"], said["cnt"]) == ("REFUSE", "manage-operators", "8")


def test_a_decision_as_a_line() -> None:
    told = event(
        outcome="refuse",
        reason="NO_PERMISSION",
        agent="cedar",
        direction="entry",
        door={"key": "cedar"},
        area={"key": "cedar-room"},
        person={"name": "Ada", "number": "1001"},
        handle="ab" * 16,
    )
    head, said = parsed(cef.line(told))
    assert head == ["CEF:0", "Sekisho", "Sekisho", "1", "access.decision", "Decision", "5"]
    assert said == {
        "externalId": "record-7",
        "rt": str(int(NOW.timestamp() * 1000)),
        "cat": "access",
        "dvchost": "cedar",
        "outcome": "refuse",
        "reason": "NO_PERMISSION",
        "deviceDirection": "0",
        "suid": "ab" * 16,
        "suser": "Ada",
        "flexString1": "1001",
        "flexString1Label": "staffNumber",
        "cs1Label": "door",
        "cs1": "cedar",
        "cs2Label": "area",
        "cs2": "cedar-room",
    }


@pytest.mark.parametrize(
    ("name", "written"),
    [("a|b", "a|b"), ("a=b", "a\\=b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("a\r\nb", "a\\nb"), ("a\rb", "a\\nb"),
     ("\\n", "\\\\n"), ("x suser=root", "x suser\\=root"), ("a\u2028b", "a\\nb"), ("\\", "\\\\"), ("美咲", "美咲")],
)  # fmt: skip
def test_signs_that_mean_something_are_escaped_in_a_value(name: str, written: str) -> None:
    line = cef.line(event(person={"name": name, "number": "1"}))
    assert f" suser={written} flexString1=" in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("title", "written"), [("a|b", "a\\|b"), ("a\\b", "a\\\\b"), ("a=b", "a=b"), ("a\nb", "a b"), ("a\r\nb", "a b")]
)
def test_signs_that_mean_something_are_escaped_in_the_header(title: str, written: str) -> None:
    assert cef.line(event(title)).startswith(f"CEF:0|Sekisho|Sekisho|1|access.decision|{written}|5|")


@given(st.text(), st.text(min_size=1))
def test_whatever_is_written_is_read_again(title: str, name: str) -> None:
    frame = cef.frame("tokyo", event(title, person={"name": name, "number": "1"}))
    length, _, message = frame.partition(b" ")
    assert int(length) == len(message)
    text = message.decode("utf-8")
    assert len(text.splitlines()) == 1
    line = text[text.index("CEF:0|") :]
    _head, said = parsed(line)
    ends = re.sub(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", name)
    assert said["suser"] == ends[: len(said["suser"])]
    assert said["flexString1"] == "1"


def test_the_frame_is_rfc_5424_with_a_site_that_cannot_add_a_field() -> None:
    found = cef.syslog("to kyo\n<1>", event())
    assert found.startswith("<85>1 2026-11-24T03:00:00.000Z to-kyo-<1> sekisho - access.decision - CEF:0|")
