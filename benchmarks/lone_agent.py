"""One real agent process on the bench, and nothing else: no controller, no list, a broker that never answers.

Two doors: `cedar` has a strike, `maple` a magnet; each with fire, break-glass, contact, and a reader on either side.
An input may be supervised instead of having a pin of its own.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.credential import AGENT_KEY_BYTES
from controller.delivery import authority
from hardware.bench.process import BenchProcess

SITE, AGENT = "tokyo", "lone"
LOCKS: Final = {"cedar": "strike", "maple": "maglock"}
_INPUTS = ("fire", "break_glass", "contact")
_FIRST_PIN = 12
"""Clear of the SPI bus, which the converter of supervised lines takes."""


class LoneAgent:
    """Working once it exists; `close` ends it and the bench (`contextlib.closing`). `supervised`: the scheme of each
    input that is a supervised line, by its id on the bench."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str] | None = None, supervised: Mapping[str, str] | None = None
    ) -> None:
        self.data = folder / "data"
        self._silent = socket.create_server(("127.0.0.1", 0))  # accepts in the kernel, and never says a word
        _write_keys(folder / "keys")
        fixture, settings = _wiring(folder, self._silent.getsockname()[1], supervised or {})
        (folder / "bench.toml").write_text(fixture, encoding="utf-8")
        (folder / "agent.toml").write_text(settings, encoding="utf-8")
        self.bench = BenchProcess(folder / "bench.toml", folder / "bench.sock")
        told = {"SEKISHO_BENCH_SOCKET": str(self.bench.socket), "SEKISHO_BENCH_AGENT": AGENT, **(environ or {})}
        with (folder / "agent.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.demo.child", "agent", str(folder / "agent.toml")],
                cwd=Path(__file__).parents[1],
                env=os.environ | told,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        said = self.process.stdout.readline() if self.process.stdout else b""
        if said != b"ready\n":
            self.close()
            raise OSError(f"the agent did not start: {(folder / 'agent.log').read_text(encoding='utf-8')[-500:]}")

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.bench.close()
        self._silent.close()


def _wiring(folder: Path, port: int, supervised: Mapping[str, str]) -> tuple[str, str]:
    """The bench's fixture and the agent's settings."""
    bench, number = [f'[[agent]]\nname = "{AGENT}"'], _FIRST_PIN
    agent = [
        f'site = "{SITE}"\nagent = "{AGENT}"\ndata = "{folder / "data"}"\nkeys = "{folder / "keys"}"',
        f'trust_clock = "always"\n[broker]\nhost = "127.0.0.1"\nport = {port}',
        *(f'{name} = "{folder / "keys" / file}"' for name, file in _TLS.items()),
    ]
    for door, kind in LOCKS.items():
        parts = {"lock": "output", **dict.fromkeys(_INPUTS, "input")}
        bench.append(f'[[door]]\nid = "{door}"\nagent = "{AGENT}"')
        agent.append(f'[[door]]\nid = "{door}"\nlock = "{kind}"\nmechanical_egress = true')
        for part, role in parts.items():
            part_id = f"{door}.{part.replace('_', '-')}"
            if part_id in supervised:
                continue
            bench.append(f'[[pin]]\nagent = "{AGENT}"\nnumber = {number}\nid = "{part_id}"\nrole = "{role}"\nidle = 0')
            agent.append(f"{part}_pin = {number}")
            number += 1
        for channel, (line, scheme) in enumerate(supervised.items()):
            at, _, name = line.partition(".")
            if at == door:
                wired = f'channel = {channel}\nscheme = "{scheme}"'
                bench.append(f'[[line]]\nagent = "{AGENT}"\nid = "{line}"\n{wired}')
                agent.append(f'[[door.supervised]]\ninput = "{name}"\n{wired}')
        for side, direction in (("in", "entry"), ("out", "exit")):
            point = f"{door}-{side}"
            bench.append(
                f'[[reader]]\nid = "{point}"\nkind = "serial"\nframing = "line-hex"\nport = "ports/{point}"\n'
                f'access_point = "{point}"'
            )
            agent.append(
                f'[[door.access_point]]\nid = "{point}"\ndirection = "{direction}"\n'
                f'[door.access_point.reader]\nkind = "serial"\nframing = "line-hex"\n'
                f'port = "{folder / "ports" / point}"'
            )
    return "\n".join(bench), "\n".join(agent)


_TLS = {"ca": "ca.pem", "certificate": "controller.pem", "key": "controller.key"}


def _write_keys(folder: Path) -> None:
    found = authority.found(folder, SITE, datetime.now(UTC))
    _secret(folder / "sealing.key", X25519PrivateKey.generate())
    for name, key in (("controller.pub", found.signing), ("intake.pub", found.intake)):
        public = key.public_key()
        encoding, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        (folder / name).write_bytes(public.public_bytes(encoding, kind))
    (folder / "lookup.key").touch(mode=0o600)
    (folder / "lookup.key").write_text(secrets.token_hex(AGENT_KEY_BYTES), encoding="ascii")


def _secret(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
