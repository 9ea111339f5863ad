"""The distribution's mosquitto, configured from the same table of topics.

What mosquitto 2.0 does differently from the embedded broker, and is as safe: a certificate of B with the client id of A
is let in, but as B (`use_username_as_clientid`); a subscription outside the table is granted and never served (its ACL
file judges messages, not filters). Its configuration, ACL and log live in one folder of mode 0700.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.brokers.rules import TopicTable
from process.mqtt_session import LIMIT, TlsFiles

PLACES: Final = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/bin/mosquitto")
"""Debian puts it into /usr/sbin, which is not on an ordinary account's PATH."""

RUNNING: Final = re.compile(r"mosquitto version \S+ running")
"""What it says in its own log once its listeners are open."""


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """A mosquitto that can be used."""

    program: Path
    version: tuple[int, ...]


def find() -> Mosquitto | None:
    """The machine's mosquitto, or None when there is none or it is older than 2.0."""
    on_path = shutil.which("mosquitto")
    for place in (on_path, *PLACES):
        if place is not None and os.access(place, os.X_OK):
            version = version_of(Path(place))
            if version >= (2, 0):
                return Mosquitto(Path(place), version)
    return None


def version_of(program: Path) -> tuple[int, ...]:
    """Its version, or an empty tuple when it does not say one."""
    try:
        said = subprocess.run([program, "-h"], capture_output=True, text=True, errors="replace", timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"mosquitto version (\d+(?:\.\d+)*)", said.stdout)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def write_configuration(folder: Path, table: TopicTable, tls: TlsFiles, host: str, port: int) -> Path:
    """Write `mosquitto.conf` and `mosquitto.acl` into `folder`; the path of the former."""
    acl, configuration = folder / "mosquitto.acl", folder / "mosquitto.conf"
    _write_private(acl, acl_text(table))
    _write_private(configuration, configuration_text(acl, tls, host, port, as_root=os.geteuid() == 0))
    return configuration


def acl_text(table: TopicTable) -> str:
    """The table as mosquitto's ACL file: what is not written is denied."""
    lines: list[str] = []
    for client_id, permissions in sorted(table.permissions.items()):
        lines.append(f"user {client_id}")
        lines += [f"topic {one.access} {one.topic_filter}" for one in permissions]
        lines.append("")
    return "\n".join(lines)


def configuration_text(acl: Path, tls: TlsFiles, host: str, port: int, *, as_root: bool) -> str:
    """Everything mosquitto needs to know. Paths may hold spaces; they may not hold line breaks."""
    paths = [path.resolve() for path in (acl, tls.ca, tls.certificate, tls.key)]
    if any("\n" in str(path) or "\r" in str(path) for path in paths):
        raise ValueError("a path with a line break cannot be written into mosquitto's configuration")
    lines = [
        # As root it would drop to an account of its own that cannot read a 0700 folder.
        *(["user root"] if as_root else []),
        "per_listener_settings false",
        "persistence false",
        "allow_anonymous false",
        f"acl_file {paths[0]}",
        f"message_size_limit {LIMIT}",
        # Its own limit of 1,000 drops what a journal sends in one breath to a controller that is a moment behind.
        "max_inflight_messages 100",
        "max_queued_messages 20000",
        "max_queued_bytes 33554432",
        "sys_interval 0",
        "connection_messages false",
        "log_dest stderr",
        *(f"log_type {kind}" for kind in ("error", "warning", "notice", "information")),
        f"listener {port} {host}",
        f"cafile {paths[1]}",
        f"certfile {paths[2]}",
        f"keyfile {paths[3]}",
        "tls_version tlsv1.3",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_zero_length_clientid false",
    ]
    return "\n".join(lines) + "\n"


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
