"""A simulated Elatec TWN4: it answers the simple protocol on its pty, and watchers see its lights and its beeper.

The law: a card is found once, and only while it lies there; a card that nobody asked for in time is gone.
"""

from contextlib import suppress
from typing import Final

from hardware.bench.fixture_readers import SerialOnBench
from hardware.bench.reader_line import Surroundings
from hardware.bench.serial_line import SerialLine
from hardware.bench.wire import Fault, FaultDeed, RequestRefusedError
from hardware.bench.wiring import Edge

LIES_FOR: Final = 1.0
_LONGEST_QUESTION: Final = 64
_LIGHTS: Final = {0x01: "red", 0x02: "green"}


class Twn4Line(SerialLine):
    """Outputs that watchers see: `<reader>.red`, `<reader>.green`, `<reader>.buzzer` (1 and at once 0: one beep)."""

    def __init__(self, reader: SerialOnBench, around: Surroundings) -> None:
        super().__init__(reader, around)
        self._question = bytearray()
        self._card: tuple[str, float] | None = None

    def present(self, bits: str | None, raw: bytes | None) -> float:
        """Lay the card there until it is found, or put raw bytes on the wire."""
        if bits is None:
            return self.write(raw or b"")
        if not 8 <= len(bits) <= 255:
            raise RequestRefusedError("a twn4 reader finds cards of 8 to 255 bits")
        self.must_work()
        now = self._around.clock()
        self._card = (bits, now + LIES_FOR)
        return now

    def fault(self, fault: Fault) -> float:
        """As every serial line, but a reader that is asked cannot drip a card."""
        if fault.kind is FaultDeed.DRIP:
            raise RequestRefusedError("a twn4 reader does not speak by itself")
        return super().fault(fault)

    def heard(self) -> None:
        """Answer each whole question; without power none."""
        for byte in self.received():
            if byte == 0x0D:
                question = bytes(self._question)
                self._question.clear()
                if self._powered:
                    with suppress(RequestRefusedError):  # nobody reads the answers
                        self.write(self._answer(question).hex().upper().encode() + b"\r")
            elif len(self._question) < _LONGEST_QUESTION:
                self._question.append(byte)

    def _answer(self, line: bytes) -> bytes:
        try:
            question = bytes.fromhex(line.decode("ascii"))
        except ValueError:
            return b"\x01"
        match tuple(question[:2]):
            case (0x05, 0x00):
                return self._found()
            case (0x04, 0x00):
                return b"\x00"
            case (0x04, 0x02 | 0x03 as order) if len(question) == 3:
                self._light(question[2], int(order == 0x02))
                return b"\x00"
            case (0x04, 0x07):
                self._tell("buzzer", 1)
                self._tell("buzzer", 0)
                return b"\x00"
        return b"\x01"

    def _found(self) -> bytes:
        card, self._card = self._card, None
        if card is None or card[1] < self._around.clock():
            return b"\x00\x00"
        bits = card[0]
        length = -(-len(bits) // 8)
        data = int(bits.ljust(8 * length, "0"), 2).to_bytes(length, "big")
        return bytes((0x00, 0x01, 0x40, len(bits), length)) + data

    def _light(self, mask: int, value: int) -> None:
        for light, name in _LIGHTS.items():
            if mask & light:
                self._tell(name, value)

    def _tell(self, name: str, value: int) -> None:
        self._around.tell(Edge(self._around.clock(), f"{self.reader.id}.{name}", value))
