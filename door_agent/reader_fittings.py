"""The readers of an agent, built from its settings: which driver, on which wire, with which key."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from door_agent.reader_settings import OsdpReaderSettings, SerialReaderSettings, WiegandReaderSettings
from door_agent.settings import AccessPointSettings
from hardware.indicator import Indicator
from hardware.readers.edges import EdgeSource
from hardware.readers.framing import SERIAL_KINDS, framer_named
from hardware.readers.gpiod_edges import GpiodEdges
from hardware.readers.gpiozero_edges import GpiozeroEdges
from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.key import KeyRefused, read_key
from hardware.readers.osdp.line import OsdpBus
from hardware.readers.osdp.settings import BusSettings, ReaderSettings, SettingsRefused
from hardware.readers.reader import Reader, Shown
from hardware.readers.serial_port import SerialReader
from hardware.readers.wiegand import WiegandReader
from hardware.signal import Deliver

_OPEN_WITHIN_S = 2.0


class ReaderUnusable(ValueError):
    """A reader's key or record cannot be used. The text names the file and the mend."""

    safe_to_log = True


class Readers:
    """Every reader of the agent, by access point. `deliver` is called from their own threads."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._readers: dict[str, Reader] = {}

    def claim(self, points: Sequence[AccessPointSettings]) -> None:
        """Make the drivers; ReaderUnusable. What raises here leaves what was made to `close`."""
        for point in points:
            match point.reader:
                case SerialReaderSettings():
                    self._readers[point.id] = _serial(point.id, point.reader, self._deliver)
                case WiegandReaderSettings():
                    self._readers[point.id] = _wiegand(point.id, point.reader, self._deliver)
        self._readers |= _osdp(points, self._deliver)

    def start(self) -> None:
        """Begin to read, and wait a little (two seconds for all of them) until a card presented from now on is seen."""
        until = time.monotonic() + _OPEN_WITHIN_S
        for reader in self._readers.values():
            reader.start()
        for reader in self._readers.values():
            reader.wait_open(max(0.0, until - time.monotonic()))

    def indicate(self, access_point: str, shown: Shown) -> None:
        """Show this on the reader itself, where it has lights that we can reach."""
        self._readers[access_point].indicate(shown)

    def probes(self) -> dict[str, Callable[[], bool]]:
        """Is each reader's thread alive?"""
        return {f"reader {name}": _alive(reader) for name, reader in self._readers.items()}

    def close(self) -> None:
        with contextlib.ExitStack() as stack:
            for reader in self._readers.values():
                stack.callback(reader.close)


def _alive(reader: Reader) -> Callable[[], bool]:
    return lambda: reader.alive


def _serial(point: str, told: SerialReaderSettings, deliver: Deliver) -> SerialReader:
    usual = SERIAL_KINDS[told.framing]
    framer = framer_named(told.framing, told.digits)
    window = usual.repeat_window if told.repeat_ms is None else told.repeat_ms / 1000
    return SerialReader(point, str(told.port), framer, deliver, told.baud or usual.baud, repeat_window=window)


def _wiegand(point: str, told: WiegandReaderSettings, deliver: Deliver) -> WiegandReader:
    source: EdgeSource
    if told.backend == "gpiod":
        source = GpiodEdges(str(told.chip), told.d0_pin, told.d1_pin)
    else:
        source = GpiozeroEdges(told.d0_pin, told.d1_pin)
    lamps = (told.green_pin, told.red_pin, told.beeper_pin)
    indicator = Indicator(*lamps, active_high=False) if any(pin is not None for pin in lamps) else None
    gap = told.frame_gap_ms / 1000
    return WiegandReader(point, source, deliver, keypad=told.keypad, frame_gap=gap, indicator=indicator)


def _osdp(points: Sequence[AccessPointSettings], deliver: Deliver) -> Mapping[str, Reader]:
    """The readers of all buses; those that name the same port share one."""
    buses: dict[Path, list[tuple[str, OsdpReaderSettings]]] = {}
    for point in points:
        if isinstance(point.reader, OsdpReaderSettings):
            buses.setdefault(point.reader.port, []).append((point.id, point.reader))
    readers: dict[str, Reader] = {}
    for port, sharing in buses.items():
        first = sharing[0][1]
        try:
            settings = BusSettings(str(port), tuple(on_bus(*each) for each in sharing), first.baud, first.rs485)
        except SettingsRefused as flaw:
            raise ReaderUnusable(str(flaw)) from flaw
        readers |= OsdpBus(settings, deliver).readers
    return readers


def on_bus(point: str, told: OsdpReaderSettings) -> ReaderSettings:
    """One reader of a bus with its key and the record of its pairing, read from their files; ReaderUnusable."""
    try:
        key = None if told.key is None else read_key(told.key)
        record = None if told.capabilities is None else told.capabilities.read_text("ascii").strip()
        paired = None if record is None else Capabilities.from_text(record)
    except OSError as flaw:
        raise ReaderUnusable(f"{flaw.filename}: {flaw.strerror}; pair the reader {point} first") from flaw
    except KeyRefused as flaw:
        raise ReaderUnusable(str(flaw)) from flaw
    except ValueError as flaw:
        raise ReaderUnusable(f"{told.capabilities} is no record of a pairing; pair the reader {point} anew") from flaw
    return ReaderSettings(point, told.address, key, told.plaintext_sign_off, paired)
