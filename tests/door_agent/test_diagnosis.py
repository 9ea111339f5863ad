"""What the doctor finds on an agent's host: each trouble by name, with its mend; nothing where all is well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.x509.oid import NameOID

from door_agent.diagnosis import Finding, Verdict, examine, worst
from door_agent.reader_settings import OsdpReaderSettings, WiegandReaderSettings
from door_agent.settings import AgentSettings, CabinetSettings, SupervisedSettings
from hardware.readers.osdp.key import ReaderKey, write_key
from tests.door_agent.conftest import ADA, Core, holder
from tests.door_agent.wired import told


@pytest.fixture
def settings(tmp_path: Path) -> AgentSettings:
    """An agent whose keys are all there; two doors, serial readers that are not."""
    tmp_path.chmod(0o700)
    signing, controller = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    sealing, intake = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _secret(tmp_path / "signing.key", signing.private_bytes(*pem))
    _secret(tmp_path / "sealing.key", sealing.private_bytes(*pem))
    _secret(tmp_path / "lookup.key", os.urandom(32).hex().encode())
    spki = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "controller.pub").write_bytes(controller.public_key().public_bytes(*spki))
    (tmp_path / "intake.pub").write_bytes(intake.public_key().public_bytes(*spki))
    _certificate(tmp_path / "c.pem", signing, timedelta(days=365))
    return told(tmp_path)


def _secret(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


def _certificate(path: Path, key: Ed25519PrivateKey, lasts: timedelta) -> None:
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "agent.tokyo.cedar")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=400)).not_valid_after(now + lasts)
    path.write_bytes(made.sign(key, None).public_bytes(serialization.Encoding.PEM))


def about(findings: Sequence[Finding], name: str) -> list[Finding]:
    return [each for each in findings if each.about == name]


def test_a_sound_host_has_nothing_to_mend_but_what_is_not_plugged_in(settings: AgentSettings) -> None:
    found = list(examine(settings))
    to_mend = [each for each in found if each.verdict is Verdict.BAD and each.about != "clock"]
    assert {each.about for each in to_mend} == {
        "reader cedar-in",
        "reader cedar-out",
        "reader maple-in",
        "reader maple-out",
        "pins",  # this test's wiring begins at GPIO 4
    }
    for good in ("keys", "certificate"):
        assert [each.verdict for each in about(found, good)] == [Verdict.GOOD]
    assert all(each.mend for each in to_mend)


def test_keys_that_others_may_read_are_told_with_their_mend(settings: AgentSettings) -> None:
    (settings.keys / "signing.key").chmod(0o644)
    (found,) = about(list(examine(settings)), "keys")
    assert found.verdict is Verdict.BAD
    assert "chmod 600" in found.told


@pytest.mark.parametrize(
    ("days", "verdict"), [(-1, Verdict.BAD), (10, Verdict.NOTICE), (100, Verdict.GOOD)], ids=["over", "soon", "long"]
)
def test_a_certificate_is_told_before_it_ends(settings: AgentSettings, days: int, verdict: Verdict) -> None:
    _certificate(settings.broker.certificate, Ed25519PrivateKey.generate(), timedelta(days=days))
    (found,) = about(list(examine(settings)), "certificate")
    assert found.verdict is verdict


def test_pins_that_switch_while_the_pi_boots_are_refused_for_locks(settings: AgentSettings) -> None:
    cedar, maple = settings.door
    line = SupervisedSettings("fire", 0, "2k2-4k7-nc")
    wired = replace(cedar, lock_pin=27, fire_pin=None, tamper_pin=None, supervised=(line,))
    small = replace(maple, lock_pin=3, contact_pin=None, rex_pin=None, break_glass_pin=None, fire_pin=None)
    cabinet = CabinetSettings(heartbeat_pin=2, tamper_pin=14)
    alike = replace(settings, door=(wired, replace(small, access_point=maple.access_point[1:])), cabinet=cabinet)
    found = about(list(examine(alike)), "pins")
    assert [each.verdict for each in about(list(examine(alike)), "converter")] == [Verdict.NOTICE]
    told_of = " ".join(each.told for each in found)
    assert "maple: lock_pin 3 is pulled up" in told_of
    assert "cedar: lock_pin" not in told_of
    assert "GPIO 2 has a pull-up" in told_of
    assert "GPIO 14 is the serial console" in told_of
    assert "belongs to the converter's SPI bus" in told_of


def test_what_a_controlled_exit_lacks_is_named(settings: AgentSettings) -> None:
    cedar = settings.door[0]
    bare = replace(cedar, fire_pin=None, mechanical_egress=False)
    signed = replace(cedar, sign_off="T. Mori, 2026-11-02")
    (lacking,) = about(list(examine(replace(settings, door=(bare,)))), "exit")
    (permitted,) = about(list(examine(replace(settings, door=(signed,)))), "exit")
    assert lacking.verdict is Verdict.NOTICE
    assert "missing: the fire panel's input, a maglock or mechanical egress, the sign-off" in lacking.told
    assert permitted == Finding(
        "exit", Verdict.GOOD, "cedar: a controlled exit is permitted, signed by T. Mori, 2026-11-02"
    )


def test_readers_are_judged_by_their_kind(settings: AgentSettings, tmp_path: Path) -> None:
    port, key = tmp_path / "ttyUSB0", tmp_path / "reader.key"
    port.touch()
    write_key(key, ReaderKey.new())
    cedar = settings.door[0]
    entry, leaving = cedar.access_point
    wiegand = replace(entry, reader=WiegandReaderSettings("wiegand", 26, 27))
    paired = replace(leaving, reader=OsdpReaderSettings("osdp", port, key=key))
    found = list(examine(replace(settings, door=(replace(cedar, access_point=(wiegand, paired)),))))
    assert [each.verdict for each in about(found, "reader cedar-in")] == [Verdict.NOTICE]
    assert [each.verdict for each in about(found, "reader cedar-out")] == [Verdict.NOTICE, Verdict.GOOD]
    key.chmod(0o640)
    found = list(examine(replace(settings, door=(replace(cedar, access_point=(wiegand, paired)),))))
    assert about(found, "reader cedar-out")[1].verdict is Verdict.BAD


def test_journal_and_list_are_looked_at_and_damage_is_told(settings: AgentSettings, core: Core) -> None:
    core.adopt({ADA: holder(b"A")})
    core.journal.close()
    beside = replace(settings, data=core.folder)
    public = core.controller.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (settings.keys / "controller.pub").write_bytes(public)
    found = list(examine(beside))
    assert "2 facts wait" in about(found, "journal")[0].told
    assert about(found, "list")[0] == Finding("list", Verdict.GOOD, "version 1 of epoch 1, 1 entries")
    (core.folder / "journal.sqlite").write_bytes(b"not a database at all, just some bytes" * 200)
    (core.folder / "authorisation.list").write_bytes(b"SKLIST\0\x01 and nothing")
    found = list(examine(beside))
    assert about(found, "journal")[0].verdict is Verdict.BAD
    assert about(found, "list")[0].verdict is Verdict.BAD


def test_the_worst_finding_decides() -> None:
    good, bad = Finding("a", Verdict.GOOD, ""), Finding("b", Verdict.BAD, "")
    assert worst([good, bad, good]) is Verdict.BAD
    assert worst([]) is Verdict.GOOD
