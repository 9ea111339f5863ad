"""The first operator's link: shown on a terminal, else kept where only the owner of the host reads it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from controller import first_link
from controller.settings import BrokerSettings, ControllerSettings


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def told(tmp_path: Path) -> ControllerSettings:
    nothing = tmp_path / "none"
    broker = BrokerSettings("localhost", 8883, nothing, nothing, nothing)
    return ControllerSettings("sqlite://", "tokyo", tmp_path / "keys", "https://sekisho.example/", broker)


def test_without_a_terminal_the_link_is_in_a_file_of_the_owner_and_not_in_the_journal(
    told: ControllerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = io.StringIO()
    monkeypatch.setattr("sys.stderr", journal)
    file = tmp_path / first_link.FILE
    file.write_text("an older one that others may read")
    file.chmod(0o644)
    first_link.hand_over(told, "the-token")
    assert file.read_text() == "https://sekisho.example/set-up/the-token\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(file) in journal.getvalue()
    assert "the-token" not in journal.getvalue()
    assert [each.name for each in tmp_path.iterdir()] == [first_link.FILE]


def test_a_terminal_shows_the_link_and_no_file_keeps_it(
    told: ControllerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_link.hand_over(told, "the-token")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    first_link.hand_over(told, "a-newer-one")
    assert terminal.getvalue() == "first operator: https://sekisho.example/set-up/a-newer-one\n"
    assert list(tmp_path.iterdir()) == []


def test_once_there_is_an_operator_the_file_goes(told: ControllerSettings, tmp_path: Path) -> None:
    first_link.hand_over(told, "the-token")
    first_link.hand_over(told, None)
    first_link.hand_over(told, None)
    assert list(tmp_path.iterdir()) == []
