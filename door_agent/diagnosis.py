"""What `sekisho doctor` looks at on the host of an agent: settings, wiring, keys, readers, clock, disk, journal, list.

Every finding says what is wrong and how to mend it. Nothing here changes anything, but for one small file in the data
folder that is written to time the disk, and removed.
"""

from __future__ import annotations

import grp
import os
import pwd
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cryptography import x509

from contract.authorisation import BadList, open_list
from door_agent.clock import synchronised
from door_agent.durable import JOURNAL_WITHIN_S
from door_agent.keys import Keys, KeysError
from door_agent.keys import load as load_keys
from door_agent.lists import ListStore
from door_agent.reader_fittings import ReaderUnusable, on_bus
from door_agent.reader_settings import OsdpReaderSettings, WiegandReaderSettings
from door_agent.settings import AgentSettings, DoorSettings, LockKind

_BOOT_LOW: Final = range(9, 28)
"""GPIO numbers that a Raspberry Pi pulls down until somebody claims them: nothing switches while it boots."""
_ON_BOARD: Final = {2: "has a pull-up on the board", 3: "has a pull-up on the board", 14: "is the serial console"}
_SPI: Final = range(7, 12)
_DISK_TRIALS: Final = 20
_SOON: Final = timedelta(days=30)


class Verdict(StrEnum):
    """good: nothing to do; notice: works, but look at it; bad: mend it before people depend on the door."""

    GOOD = "good"
    NOTICE = "notice"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """about: what was looked at; told: what was found; mend: what to do, empty when nothing is to be done."""

    about: str
    verdict: Verdict
    told: str
    mend: str = ""


def examine(settings: AgentSettings) -> Iterator[Finding]:
    """Everything that can be looked at without touching a lock or a reader."""
    yield from _data(settings)
    yield from _keys(settings)
    yield from _pins(settings)
    for door in settings.door:
        yield _way_out(door)
        yield from _readers(door)
    yield _clock(settings)
    yield from _journal(settings.data / "journal.sqlite")
    yield _list(settings)


def _data(settings: AgentSettings) -> Iterator[Finding]:
    folder = settings.data
    if not folder.is_dir():
        yield Finding("data", Verdict.NOTICE, f"{folder} is not there yet", "the agent makes it at its first start")
        return
    if folder.stat().st_mode & 0o077:
        yield Finding("data", Verdict.BAD, f"{folder} can be entered by others", f"chmod 700 {folder}")
    if not os.access(folder, os.W_OK):
        yield Finding(
            "data", Verdict.BAD, f"{folder} cannot be written to", f"chown it to {_who()}, the agent's account"
        )
        return
    yield _disk(folder)


def _disk(folder: Path) -> Finding:
    """How long the slowest of some durable writes takes, against the time that an entry may wait for its record."""
    part = folder / "doctor.part"
    slowest = 0.0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(_DISK_TRIALS):
            began = time.perf_counter()
            os.write(descriptor, bytes(4096))
            os.fdatasync(descriptor)
            slowest = max(slowest, time.perf_counter() - began)
    finally:
        os.close(descriptor)
        part.unlink()
    told = f"the slowest of {_DISK_TRIALS} durable writes took {slowest * 1000:.0f} ms"
    if slowest > JOURNAL_WITHIN_S:
        return Finding("disk", Verdict.BAD, told, "entries are refused after 150 ms: use an industrial card or an SSD")
    if slowest > JOURNAL_WITHIN_S / 3:
        return Finding("disk", Verdict.NOTICE, told, "entries may wait: use an industrial card or an SSD")
    return Finding("disk", Verdict.GOOD, told)


def _keys(settings: AgentSettings) -> Iterator[Finding]:
    try:
        load_keys(settings.keys)
    except KeysError as flaw:
        yield Finding("keys", Verdict.BAD, str(flaw), "enrol the agent at its controller and copy the keys folder")
    else:
        yield Finding("keys", Verdict.GOOD, "the agent's keys can be used")
    yield _certificate(settings.broker.certificate, datetime.now(UTC))


def _certificate(path: Path, now: datetime) -> Finding:
    renew = "let the controller issue a new one"
    try:
        until = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except OSError as flaw:
        return Finding("certificate", Verdict.BAD, f"{path} cannot be read: {flaw.strerror}", renew)
    except ValueError:
        return Finding("certificate", Verdict.BAD, f"{path} is no certificate", renew)
    told = f"valid until {until:%Y-%m-%d}"
    if until <= now:
        return Finding("certificate", Verdict.BAD, told, renew)
    return Finding("certificate", Verdict.NOTICE if until - now < _SOON else Verdict.GOOD, told)


def _pins(settings: AgentSettings) -> Iterator[Finding]:
    """Pins that switch, float or speak while the Pi boots."""
    for door in settings.door:
        if door.lock_pin not in _BOOT_LOW:
            told = f"{door.id}: lock_pin {door.lock_pin} is pulled up while the Pi boots"
            yield Finding("pins", Verdict.BAD, told, "use one of GPIO 9 to 27")
    supervised = any(door.supervised for door in settings.door)
    if supervised and find_spec("spidev") is None:
        told = "without spidev the converter is read by switching pins, many times slower"
        yield Finding("converter", Verdict.NOTICE, told, "pip install spidev in the agent's environment")
    for pin in (*settings.cabinet.pins, *(pin for door in settings.door for pin in door.pins)):
        if pin in _ON_BOARD:
            yield Finding("pins", Verdict.NOTICE, f"GPIO {pin} {_ON_BOARD[pin]}", "use another one if you can")
        if supervised and pin in _SPI:
            yield Finding("pins", Verdict.BAD, f"GPIO {pin} belongs to the converter's SPI bus", "use another one")


def _way_out(door: DoorSettings) -> Finding:
    """Whether a card may be demanded to leave, and if not, what is missing."""
    missing = [
        name
        for name, there in (
            ("break-glass", door.has("break-glass")),
            ("the fire panel's input", door.has("fire")),
            ("a maglock or mechanical egress", door.lock is LockKind.MAGLOCK or door.mechanical_egress),
            ("the sign-off", bool(door.sign_off.strip())),
        )
        if not there
    ]
    if not missing:
        return Finding("exit", Verdict.GOOD, f"{door.id}: a controlled exit is permitted, signed by {door.sign_off}")
    told = f"{door.id}: an exit that the list wants controlled runs as recorded; missing: {', '.join(missing)}"
    return Finding("exit", Verdict.NOTICE, told, "see docs/installer/exit-modes.md")


def _readers(door: DoorSettings) -> Iterator[Finding]:
    for point in door.access_point:
        about, reader = f"reader {point.id}", point.reader
        if isinstance(reader, WiegandReaderSettings):
            told = "Wiegand: neither supervised nor encrypted"
            yield Finding(about, Verdict.NOTICE, told, "prefer OSDP with Secure Channel for private rooms")
            continue
        yield _port(about, reader.port)
        if isinstance(reader, OsdpReaderSettings):
            yield _osdp(about, point.id, reader)


def _port(about: str, port: Path) -> Finding:
    if not port.exists():
        return Finding(about, Verdict.BAD, f"{port} is not there", "plug it in; deploy/udev names ports for good")
    if not os.access(port, os.R_OK | os.W_OK):
        group = grp.getgrgid(port.stat().st_gid).gr_name
        return Finding(about, Verdict.BAD, f"{port} may not be used by {_who()}", f"usermod -aG {group} {_who()}")
    if port.name.startswith("ttyUSB"):
        return Finding(about, Verdict.NOTICE, f"{port} is another reader's after a restart", "use /dev/serial/by-id")
    return Finding(about, Verdict.GOOD, f"{port} is there")


def _osdp(about: str, access_point: str, reader: OsdpReaderSettings) -> Finding:
    try:
        on_bus(access_point, reader)
    except ReaderUnusable as flaw:
        return Finding(about, Verdict.BAD, str(flaw), "pair it: sekisho door osdp pair")
    if reader.key is None:
        told = f"speaks in the clear: {reader.plaintext_sign_off}"
        return Finding(about, Verdict.NOTICE, told, "pair it: sekisho door osdp pair")
    return Finding(about, Verdict.GOOD, "Secure Channel is required, with a key of its own")


def _clock(settings: AgentSettings) -> Finding:
    if settings.trust_clock == "always":
        told = 'trust_clock = "always": a wrong clock would be believed'
        return Finding("clock", Verdict.NOTICE, told, 'use "system" on a real door, with chrony')
    if not synchronised():
        told = "the kernel does not say that the clock is synchronised"
        return Finding("clock", Verdict.BAD, told, "install chrony (deploy/chrony); validity and schedules need it")
    return Finding("clock", Verdict.GOOD, "the clock is synchronised")


def _journal(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding("journal", Verdict.NOTICE, "there is none yet", "the agent makes it at its first start")
        return
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            waiting = connection.execute("SELECT count(*) FROM fact").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as flaw:
        yield Finding("journal", Verdict.BAD, f"{path} cannot be read: {flaw}", "keep the file for the auditor")
        return
    if not sound:
        yield Finding("journal", Verdict.BAD, f"{path} is damaged", "keep the file for the auditor; change the card")
        return
    many = waiting > 10_000
    told = f"sound; {waiting} facts wait for the controller"
    yield Finding("journal", Verdict.NOTICE if many else Verdict.GOOD, told, "see to the network" if many else "")


def _list(settings: AgentSettings) -> Finding:
    keys = _usable_keys(settings)
    stored = ListStore(settings.data).read()
    if stored is None or keys is None:
        return Finding("list", Verdict.NOTICE, "the agent holds none", "nobody enters before one has come")
    try:
        carried = open_list(stored, keys.controller)
    except BadList as flaw:
        return Finding("list", Verdict.BAD, f"refused: {flaw}", "the controller sends a new one when the agent asks")
    told = f"version {carried.version.number} of epoch {carried.version.epoch}, {len(carried)} entries"
    return Finding("list", Verdict.GOOD, told)


def _usable_keys(settings: AgentSettings) -> Keys | None:
    try:
        return load_keys(settings.keys)
    except KeysError:
        return None


def _who() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def worst(findings: Iterable[Finding]) -> Verdict:
    """The worst verdict among them."""
    order = list(Verdict)
    return max((each.verdict for each in findings), key=order.index, default=Verdict.GOOD)
