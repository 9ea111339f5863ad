"""Each kind of reader of the fixture, put on the bench. A further kind is one more case here."""

from collections.abc import Iterable
from pathlib import Path

from hardware.bench.fixture_readers import OsdpOnBench, ReaderOnBench, SerialOnBench, WiegandOnBench
from hardware.bench.osdp_cable import OsdpCable
from hardware.bench.osdp_reader_line import OsdpReaderLine
from hardware.bench.reader_line import ReaderLine, Surroundings
from hardware.bench.serial_line import SerialLine
from hardware.bench.twn4_line import Twn4Line
from hardware.bench.wiegand_line import WiegandLine


def lines_of(readers: Iterable[ReaderOnBench], around: Surroundings) -> dict[str, ReaderLine]:
    """The simulated readers by id, their cables not there yet; OSDP readers of one port share a cable."""
    cables: dict[Path, OsdpCable] = {}
    return {reader.id: _line_of(reader, around, cables) for reader in readers}


def _line_of(reader: ReaderOnBench, around: Surroundings, cables: dict[Path, OsdpCable]) -> ReaderLine:
    match reader:
        case SerialOnBench(framing="twn4"):
            return Twn4Line(reader, around)
        case SerialOnBench():
            return SerialLine(reader, around)
        case WiegandOnBench():
            return WiegandLine(reader, around)
        case OsdpOnBench():
            return OsdpReaderLine(reader, around, cables.setdefault(reader.port, OsdpCable(reader.port)))
