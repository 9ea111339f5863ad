"""`python -m hardware.bench.osdp_peripheral PORT`: an OSDP reader that is not ours, at a port of its own.

The law: the protocol is libosdp's, an independent implementation; nothing here knows how OSDP works. Only the bench and
the tests start it: an agent never does. JSON lines: the first on stdin says what reader it is, each further one is a
deed; on stdout it says `{"ready":true}`, then what it was told to show and when its channel opens or closes. It ends
with stdin.
"""

import ctypes
import json
import os
import secrets
import select
import sys
import time
import tty
from collections.abc import Iterator, Mapping
from typing import Any, Final

import osdp
import osdp_sys

REFRESH: Final = 0.005
MOST_BITS: Final = 512
CAPABILITIES: Final = (
    (osdp.Capability.CardDataFormat, 1, 1),
    (osdp.Capability.LEDControl, 1, 1),
    (osdp.Capability.AudibleControl, 1, 1),
    (osdp.Capability.TextOutput, 1, 1),
    (osdp.Capability.OutputControl, 1, 1),
    (osdp.Capability.ContactStatusMonitoring, 1, 2),
    (osdp.Capability.CommunicationSecurity, 1, 1),
    (osdp.Capability.Readers, 0, 1),
)
KEY_BYTES: Final = {"*": 0x7F, "#": 0x0D}


class _Wire(osdp.Channel):  # type: ignore[misc, name-defined, unused-ignore]
    """libosdp's bytes, to and from an open terminal. Never blocks."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self._descriptor, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, buf: bytes) -> int:
        try:
            return os.write(self._descriptor, buf)
        except BlockingIOError:
            return 0

    def flush(self) -> None:
        return


def main() -> int:
    """Be a reader until stdin ends; returns the exit code."""
    said = os.fdopen(os.dup(1), "w", buffering=1, encoding="ascii")
    os.dup2(2, 1)  # libosdp writes its log to stdout
    # libosdp draws its random numbers from rand(), which begins the same in every process.
    ctypes.CDLL(None).srand(secrets.randbits(32))
    lines = _lines(sys.stdin.fileno())
    reader = _Reader(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK), _first(lines), said)
    reader.tell({"ready": True})
    for line in lines:
        if line is not None:
            reader.do(json.loads(line))
        reader.refresh()
    return 0


class _Reader:
    def __init__(self, descriptor: int, settings: Mapping[str, Any], said: Any) -> None:
        tty.setraw(descriptor)
        key = settings.get("key")
        flags = [] if settings.get("plain") else [osdp.LibFlag.EnforceSecure]
        if key is None:
            flags = [osdp.LibFlag.InstallMode] if not settings.get("plain") else []
        information = osdp.PDInfo(
            settings["address"], _Wire(descriptor), scbk=bytes.fromhex(key) if key else None, flags=flags
        )
        lacking = set(settings.get("without", ()))
        capabilities = osdp.PDCapabilities([entry for entry in CAPABILITIES if entry[0] not in lacking])
        osdp_sys.set_loglevel(osdp.LogLevel.Critical)
        self._device = osdp_sys.PeripheralDevice(information.get(), capabilities=capabilities.get())
        self._device.set_command_callback(self._shown)
        self._said = said
        self._secure = False

    def tell(self, message: dict[str, Any]) -> None:
        self._said.write(json.dumps(message | {"mono": time.monotonic()}) + "\n")

    def refresh(self) -> None:
        self._device.refresh()
        secure = bool(self._device.is_sc_active())
        if secure != self._secure:
            self._secure = secure
            self.tell({"secure": secure})

    def do(self, deed: Mapping[str, Any]) -> None:
        """Queue the event of this deed, and say that it stands in the queue."""
        accepted = self._device.submit_event(_event(deed))
        self.tell({"done": deed["do"], "accepted": bool(accepted)})

    def _shown(self, command: dict[str, Any]) -> tuple[int, None]:
        # Called from within refresh(): whatever it touches here must not call libosdp.
        if command["command"] == osdp.Command.Keyset:
            command = {"command": osdp.Command.Keyset}  # whatever listens to the bench need not know the key
        plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in command.items()}
        self.tell({"command": plain})
        return 0, None


def _event(deed: Mapping[str, Any]) -> dict[str, Any]:
    match deed["do"]:
        case "card":
            bits = deed["bits"][:MOST_BITS]
            padded = bits + "0" * (-len(bits) % 8)
            packed = int(padded, 2).to_bytes(len(padded) // 8, "big")
            head = {"event": osdp.Event.CardRead, "reader_no": 0, "format": osdp.CardFormat.Wiegand, "direction": 0}
            return head | {"length": len(bits), "data": packed}
        case "keys":
            pressed = bytes(KEY_BYTES.get(key, ord(key)) for key in deed["keys"])
            return {"event": osdp.Event.KeyPress, "reader_no": 0, "data": pressed}
        case "local":
            return _status(osdp.StatusReportType.Local, deed["report"])
        case "head":
            return _status(osdp.StatusReportType.Remote, deed["report"])
        case "inputs":
            return _status(osdp.StatusReportType.Input, deed["report"])
    raise ValueError("do is one of card, keys, local, head, inputs")


def _status(kind: int, report: list[int]) -> dict[str, Any]:
    return {"event": osdp.Event.Status, "type": kind, "report": bytes(report)}


def _first(lines: Iterator[str | None]) -> Mapping[str, Any]:
    line = next(line for line in lines if line is not None)
    found: Mapping[str, Any] = json.loads(line)
    return found


def _lines(descriptor: int) -> Iterator[str | None]:
    """Lines as they come, and None whenever it is time to refresh; ends when the input does."""
    held = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], REFRESH)
        if not ready:
            yield None
            continue
        data = os.read(descriptor, 65536)
        if not data:
            return
        *whole, held = (held + data).split(b"\n")
        for line in whole:
            yield line.decode("ascii")


if __name__ == "__main__":
    sys.exit(main())
