"""Logs say what happened, never to whom."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from process.logs import FORBIDDEN, STRICT_VARIABLE, UnloggableFieldError, configure, event, is_strict, logger
from process.settings import SettingsError


@pytest.fixture
def lines() -> Iterator["Lines"]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield Lines()
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=False)


class Lines:
    """A log that can be read back."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def configure(self, level: str = "info", *, strict: bool = False) -> logging.Logger:
        configure("door", level, stream=self.stream, strict=strict)
        return logger("door_agent.portal")

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def test_an_event_is_one_json_object_with_its_fields(lines: Lines) -> None:
    log = lines.configure()
    event(log, "list_adopted", version=3, at_time=datetime(2026, 1, 2, tzinfo=UTC), doors=("cedar",), file=Path("/x"))
    (line,) = lines.read()
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line == {
        "level": "info",
        "process": "door",
        "logger": "door_agent.portal",
        "event": "list_adopted",
        "version": 3,
        "at_time": "2026-01-02T00:00:00+00:00",
        "doors": ["cedar"],
        "file": "/x",
    }


@pytest.mark.parametrize(
    "field",
    [*sorted(FORBIDDEN), "raw_bits", "cards", "identities", "holder_name", "area_key", "PIN", "api_tokens"],
)
def test_a_field_about_a_person_a_card_or_a_secret_is_refused(lines: Lines, field: str) -> None:
    fields: dict[str, Any] = {field: "0101"}
    with pytest.raises(UnloggableFieldError, match=field):
        event(lines.configure(strict=True), "card_read", **fields)
    event(lines.configure(), "card_read", **fields, length=26)
    (line,) = lines.read()
    assert line["dropped"] == [field]
    assert line["length"] == 26
    assert "0101" not in json.dumps(line | {"time": ""})


def test_a_refused_field_raises_in_strict_mode_even_when_the_level_is_not_logged(lines: Lines) -> None:
    log = lines.configure("error", strict=True)
    with pytest.raises(UnloggableFieldError):
        event(log, "card_read", level="debug", card="0101")


@pytest.mark.parametrize("value", [b"\x01", object(), {"a": 1}, [[1]], [b"x"]])
def test_a_value_that_could_hold_anything_is_refused(lines: Lines, value: object) -> None:
    with pytest.raises(UnloggableFieldError):
        event(lines.configure(strict=True), "something", value=value)


def test_words_that_the_line_uses_itself_are_refused(lines: Lines) -> None:
    with pytest.raises(UnloggableFieldError, match="process"):
        event(lines.configure(strict=True), "something", process=1)


def test_strictness_is_asked_of_the_environment(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    configure("door", stream=lines.stream, strict=None)
    monkeypatch.setenv(STRICT_VARIABLE, "1")
    assert is_strict()
    monkeypatch.setenv(STRICT_VARIABLE, "0")
    assert not is_strict()


def test_an_exception_gives_its_type_and_place_and_not_its_message(lines: Lines) -> None:
    log = lines.configure()
    try:
        raise ValueError("Ada's card 12345")
    except ValueError as error:
        event(log, "failed", level="error", error=error)
        log.exception("Ada's %s", "card")
    first, second = lines.read()
    assert first["error"] == second["error"] == "ValueError"
    assert first["at"].startswith(f"{__name__}:")
    assert "12345" not in lines.stream.getvalue()


def test_an_exception_that_is_marked_safe_gives_its_message_and_an_os_error_its_number(lines: Lines) -> None:
    log = lines.configure()
    event(log, "failed", error=SettingsError(Path("door.toml"), "doors", "is missing"))
    event(log, "failed", error=ConnectionRefusedError(111, "to Ada"))
    first, second = lines.read()
    assert first["text"] == "door.toml: doors: is missing"
    assert second["errno"] == "ECONNREFUSED"
    assert "text" not in second


def test_a_foreign_library_is_heard_from_warning_on_and_without_the_values_in_its_text(lines: Lines) -> None:
    lines.configure()
    logging.getLogger("sqlalchemy").info("row %s", "Ada")
    logging.getLogger("sqlalchemy").warning("row %s", "Ada")
    (line,) = lines.read()
    assert line["text"] == "row %s"
    assert line["logger"] == "sqlalchemy"


def test_configuring_again_does_not_say_everything_twice(lines: Lines) -> None:
    lines.configure()
    event(lines.configure(), "once")
    assert len(lines.read()) == 1


def test_below_the_level_nothing_is_written(lines: Lines) -> None:
    event(lines.configure("warning"), "quiet")
    assert lines.read() == []
