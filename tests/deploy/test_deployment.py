"""What is shipped for a real site works with what is built: units, examples, broker, names of readers, keys by hand."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from cryptography import x509

from admin_web.settings import WebSettings
from cli.brokers import mosquitto, running
from cli.brokers.rules import AgentRules, TopicTable, agent_client_id
from cli.main import main
from controller.database import migrate, open_database
from controller.service import prepare
from controller.settings import ControllerSettings
from door_agent.keys import load as load_keys
from door_agent.reader_settings import WiegandReaderSettings
from door_agent.settings import AgentSettings
from process.mqtt_session import TlsFiles
from process.settings import load
from tests.cli_brokers.broker_hands import Hand
from tests.conftest import need

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MOST_EXPOSURE = 2.0
WITHIN_S = 20.0
RULE = re.compile(r'(\w+(\{\w+\})?(==|\+=|=)"[^"]*"(, |$))+')


def directives(unit: Path) -> dict[str, list[str]]:
    """Every directive of a unit with its values, in their order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Z]\w*=", line):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_hardened(unit: Path) -> None:
    tool = shutil.which("systemd-analyze")
    need("systemd-analyze", tool)
    told = subprocess.run(
        [str(tool), "security", "--offline=true", "--no-pager", str(unit)], capture_output=True, text=True, check=False
    ).stdout
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert level is not None, told
    assert float(level[1]) <= MOST_EXPOSURE, told


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_knows_every_word_of_a_unit(unit: Path, tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    need("systemd-analyze", tool)
    copy = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8").replace("/opt/sekisho/.venv/bin/python", "/bin/true")
    copy.write_text(re.sub(r"^(Documentation|After|Wants)=.*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    told = subprocess.run([str(tool), "verify", str(copy)], capture_output=True, text=True, check=False).stderr
    assert [line for line in told.splitlines() if unit.name in line] == []


def test_the_door_agent_is_watched_restarted_and_nobody_special() -> None:
    unit = directives(DEPLOY / "systemd" / "sekisho-door.service")
    assert unit["Type"] == ["notify"]
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["WatchdogSec"] == ["10"]
    assert unit["User"] == ["sekisho-door"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert not [name for name in unit if name.startswith(("Listen", "Socket"))]


def test_the_door_agent_may_ask_whether_its_clock_is_synchronised() -> None:
    unit = directives(DEPLOY / "systemd" / "sekisho-door.service")
    assert "ProtectClock" not in unit
    assert "adjtimex" in unit["SystemCallFilter"][-1]
    assert "clock_adjtime" in unit["SystemCallFilter"][-1]


def test_the_pages_may_let_the_press_of_pdfs_step_back() -> None:
    unit = directives(DEPLOY / "systemd" / "sekisho-web.service")
    assert unit["SystemCallFilter"][-1] == "setpriority"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_exists_with_the_settings_that_are_shipped(unit: Path) -> None:
    command = directives(unit)["ExecStart"][0].split()
    assert command[1:3] == ["-m", "cli.main"]
    assert (DEPLOY / "settings" / Path(command[-1]).name).is_file()
    found: click.Command = main
    for verb in command[3:-1]:
        assert isinstance(found, click.Group)
        found = found.commands[verb]


def test_the_example_settings_are_settings() -> None:
    settings = DEPLOY / "settings"
    told = load(settings / "door.toml", AgentSettings)
    centre = load(settings / "controller.toml", ControllerSettings)
    assert load(settings / "web.toml", WebSettings).database == centre.database
    assert told.site == centre.site
    assert told.keys.parent == told.data == Path("/var/lib/sekisho-door")
    assert not any(door.permits_control for door in told.door), "nobody has signed an example"


def test_the_example_wiring_uses_pins_that_are_low_while_a_pi_boots() -> None:
    told = load(DEPLOY / "settings" / "door.toml", AgentSettings)
    uart, spi = {14, 15}, {9, 10, 11}
    for door in told.door:
        assert set(door.pins) <= set(range(9, 28)) - uart - spi


def test_the_example_door_stands_in_the_example_building() -> None:
    told = load(DEPLOY / "settings" / "door.toml", AgentSettings)
    plan = tomllib.loads((DEPLOY / "settings" / "building.toml").read_text(encoding="utf-8"))
    wired = {door.id: {point.id: str(point.direction) for point in door.access_point} for door in told.door}
    planned = {
        door["key"]: {point["key"]: point["direction"] for point in door["access_point"]} for door in plan["door"]
    }
    assert wired == planned
    assert {door["agent"] for door in plan["door"]} == {told.agent}


def test_the_broker_of_a_site_is_told_what_the_demo_tells_its_own() -> None:
    folder = Path("/etc/mosquitto/sekisho")
    tls = TlsFiles(folder / "ca.pem", folder / "broker.pem", folder / "broker.key")
    expected = mosquitto.configuration_text(folder.parent / "sekisho.acl", tls, "0.0.0.0", 8883, as_root=False)  # noqa: S104
    assert _uncommented(DEPLOY / "mosquitto" / "sekisho.conf") == _lines(expected)
    agents = [AgentRules("tokyo", "cedar", ("cedar-back",)), AgentRules("tokyo", "cedar-back", ("cedar",))]
    assert _uncommented(DEPLOY / "mosquitto" / "sekisho.acl") == _lines(mosquitto.acl_text(TopicTable.of(agents)))


def test_every_reader_of_the_example_has_its_name_from_the_rules() -> None:
    rules = (DEPLOY / "udev" / "70-sekisho-readers.rules").read_text(encoding="utf-8")
    named = {f"/dev/{name}" for name in re.findall(r'SYMLINK\+="([^"]+)"', rules)}
    told = load(DEPLOY / "settings" / "door.toml", AgentSettings)
    ports = {
        str(point.reader.port)
        for door in told.door
        for point in door.access_point
        if not isinstance(point.reader, WiegandReaderSettings)
    }
    assert ports <= named
    for line in rules.splitlines():
        assert line == "" or line.startswith("#") or re.fullmatch(r'(\w+(\{\w+\})?(==|\+=|=)"[^"]*"(, |$))+', line), (
            line
        )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The example settings of a site below `tmp_path`, with paths that a test may write."""
    for name in ("controller", "building", "door"):
        text = (DEPLOY / "settings" / f"{name}.toml").read_text(encoding="utf-8")
        text = text.replace("/var/lib/sekisho-door", str(tmp_path / "door")).replace("centre.example", "127.0.0.1")
        text = text.replace("/var/lib/sekisho", str(tmp_path / "centre")).replace("/dev/sekisho", str(tmp_path / "dev"))
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    (tmp_path / "centre").mkdir()
    (tmp_path / "door").mkdir(mode=0o700)
    return tmp_path


def by_hand(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEPLOY / "site_keys.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=_environ(), capture_output=True, text=True, check=False)


def enrolled(site: Path) -> None:
    """Do by hand what the guide says, in its order."""
    assert by_hand("found", site / "controller.toml", "127.0.0.1").returncode == 0
    told = load(site / "controller.toml", ControllerSettings)
    engine = open_database(told.database)
    migrate(engine)
    prepare(engine, told, datetime.now(UTC))
    engine.dispose()
    made = by_hand("enrol", site / "controller.toml", "cedar", site / "door" / "keys")
    assert made.returncode == 0, made.stderr


@pytest.mark.building
def test_keys_made_by_hand_are_what_an_agent_needs_and_nobody_else_may_read_them(site: Path) -> None:
    enrolled(site)
    load_keys(site / "door" / "keys")
    for file in (site / "door" / "keys").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.building
def test_keys_by_hand_never_replace_what_doors_believe(site: Path) -> None:
    enrolled(site)
    before = (site / "centre" / "keys" / "signing.key").read_bytes()
    again = by_hand("found", site / "controller.toml", "127.0.0.1")
    assert again.returncode == 1
    assert "already" in again.stderr
    assert (site / "centre" / "keys" / "signing.key").read_bytes() == before
    assert by_hand("enrol", site / "controller.toml", "nobody", site / "elsewhere").returncode == 1
    assert by_hand("enrol").returncode == 2


@pytest.mark.building
def test_certificates_are_renewed_under_the_authority_that_doors_believe(site: Path) -> None:
    assert by_hand("found", site / "controller.toml", "centre.example", "192.0.2.10").returncode == 0
    keys = site / "centre" / "keys"
    before = {file.name: file.read_bytes() for file in keys.iterdir()}
    assert by_hand("renew", site / "controller.toml").returncode == 0
    after = {file.name: file.read_bytes() for file in keys.iterdir()}
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"broker.key", "broker.pem", "controller.key", "controller.pem"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in keys.iterdir())
    assert _names(after["broker.pem"], after["ca.pem"]) == ["centre.example", "192.0.2.10"]
    assert by_hand("renew", site / "controller.toml", "other.example").returncode == 0
    assert _names((keys / "broker.pem").read_bytes(), after["ca.pem"]) == ["other.example"]


def test_what_is_not_founded_is_not_renewed(site: Path) -> None:
    refused = by_hand("renew", site / "controller.toml")
    assert refused.returncode == 1
    assert "signing.key" in refused.stderr


def _names(certificate: bytes, ca: bytes) -> list[str]:
    """Under which names a certificate holds, which this authority must have signed."""
    made = x509.load_pem_x509_certificate(certificate)
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(ca))
    return [str(each.value) for each in made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]


@pytest.mark.broker
def test_mosquitto_starts_with_the_shipped_files_and_lets_an_enrolled_agent_in(site: Path) -> None:
    program = mosquitto.find()
    need("mosquitto", program)
    assert program is not None
    enrolled(site)
    port = running.free_port()
    text = (DEPLOY / "mosquitto" / "sekisho.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/mosquitto/sekisho.acl", str(DEPLOY / "mosquitto" / "sekisho.acl"))
    text = text.replace("/etc/mosquitto/sekisho", str(site / "centre" / "keys"))
    text = text.replace("8883 0.0.0.0", f"{port} 127.0.0.1")
    (site / "sekisho.conf").write_text(("user root\n" if os.geteuid() == 0 else "") + text, encoding="utf-8")
    command = [str(program.program), "-c", str(site / "sekisho.conf")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as broker:
        try:
            assert broker.stderr is not None
            assert any(mosquitto.RUNNING.search(line.decode()) for line in broker.stderr)
            keys = site / "door" / "keys"
            tls = TlsFiles(keys / "ca.pem", keys / "certificate.pem", keys / "broker.key")
            name = agent_client_id("tokyo", "cedar")
            hand = Hand(running.RunningBroker("mosquitto", "127.0.0.1", port, broker), tls, name)
            assert hand.accepted
            hand.leave()
        finally:
            broker.terminate()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    """The other end of the notification socket, as systemd holds it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "n"))
        yield listening


@pytest.mark.building
def test_the_example_agent_starts_says_so_and_feeds_the_watchdog(site: Path, supervisor: socket.socket) -> None:
    enrolled(site)
    environ = {
        **_environ(),
        "GPIOZERO_PIN_FACTORY": "mock",
        "NOTIFY_SOCKET": str(site / "n"),
        "WATCHDOG_USEC": "2000000",
    }
    command = [sys.executable, "-m", "cli.main", "door", "run", str(site / "door.toml")]
    with subprocess.Popen(
        command, cwd=site / "door", env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as agent:
        try:
            assert heard(supervisor, "READY=1")
            assert heard(supervisor, "WATCHDOG=1")
        finally:
            agent.send_signal(signal.SIGTERM)
        assert agent.wait(WITHIN_S) == 0


def heard(supervisor: socket.socket, word: str) -> bool:
    deadline = time.monotonic() + WITHIN_S
    while (left := deadline - time.monotonic()) > 0 and select.select([supervisor], [], [], left)[0]:
        if supervisor.recv(200).decode() == word:
            return True
    return False


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _uncommented(path: Path) -> list[str]:
    return [line for line in _lines(path.read_text(encoding="utf-8")) if not line.startswith("#")]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]
