"""`sekisho door osdp`: an installer pairs a libosdp reader by command, and is told plainly what does not work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.osdp_readers import osdp
from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.key import read_key
from tests.hardware.osdp.conftest import RealLine

pytestmark = pytest.mark.building


def ask(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(osdp, [str(each) for each in arguments])
    return result.exit_code, result.output


def test_a_reader_is_found_and_paired_and_its_files_are_for_the_settings(real: RealLine, tmp_path: Path) -> None:
    line, key = real.wire(real.peripheral(1)).path, tmp_path / "cedar-out.key"
    code, output = ask("find", line, "--baud", "115200", "--json")
    assert code == 0
    assert [each["address"] for each in json.loads(output)] == [1]
    code, output = ask("pair", line, "--baud", "115200", "--address", "1", "--key", key, "--others-allowed")
    assert (code, output) == (0, f"paired: key = {key}, capabilities = {key}.record\n")
    assert read_key(key)
    assert Capabilities.from_text(Path(f"{key}.record").read_text(encoding="ascii").strip()).entries
    assert key.read_text(encoding="ascii").strip() not in output


def test_what_does_not_work_is_one_line(tmp_path: Path) -> None:
    key = tmp_path / "cedar-out.key"
    assert ask("find", tmp_path / "no-such-port")[0] == 1
    assert ask("find", tmp_path / "no-such-port", "--baud", "1200")[0] == 2
    code, output = ask("pair", tmp_path / "no-such-port", "--key", key)
    assert code == 1
    assert "no-such-port" in output
    assert not key.exists()
    Path(f"{key}.record").touch()
    assert ask("pair", tmp_path / "no-such-port", "--key", key)[0] == 3
