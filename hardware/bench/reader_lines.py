"""Each kind of reader of the fixture, put on the bench. A further kind is one more case here."""

from hardware.bench.fixture_readers import ReaderOnBench, SerialOnBench, WiegandOnBench
from hardware.bench.reader_line import ReaderLine, Surroundings
from hardware.bench.serial_line import SerialLine
from hardware.bench.twn4_line import Twn4Line
from hardware.bench.wiegand_line import WiegandLine


def line_of(reader: ReaderOnBench, around: Surroundings) -> ReaderLine:
    """The simulated reader of that kind, its cable not there yet."""
    match reader:
        case SerialOnBench(framing="twn4"):
            return Twn4Line(reader, around)
        case SerialOnBench():
            return SerialLine(reader, around)
        case WiegandOnBench():
            return WiegandLine(reader, around)
