"""Elatec TWN4 with the simple protocol: a reader that is asked, and whose lights and beeper we drive.

Every message is a line of hex digits that ends with CR. We ask `05 00 28` (search a tag, at most 40 bytes); the answer
is `00` (no error), `01` (found; `00`: nothing there), the kind of tag, the count of bits, the count of bytes, and the
identifier. Its bits are taken most significant first, from the first bit of the first byte.
`04 00 03 00 00` makes both lights outputs, `04 02 M` lights and `04 03 M` darkens those of mask M (1 red, 2 green),
`04 07 V F F N N P P` beeps (volume; frequency, time on and time off, low byte first). USB serial, any speed.
Source: github.com/ephraim/twn4sp-client, src/simpleproto.cpp. Bits of identifiers that are no whole bytes stand left
in the vendor's bit order; that was not verified with a reader.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from hardware.readers.framing.framer import CR, HEX, LF, Finding, Flaw, Frame, Framer, bits_of
from hardware.readers.reader import Shown
from hardware.signal import FaultKind

SEARCH: Final = bytes((0x05, 0x00, 0x28))
OUTPUTS: Final = bytes((0x04, 0x00, 0x03, 0x00, 0x00))
RED: Final = 0x01
GREEN: Final = 0x02
PAUSE: Final = 0.05
"""Seconds between an answer and the next question."""
PATIENCE: Final = 0.3
"""Seconds after which a question counts as not answered."""
SILENT_AFTER: Final = 3
SHOWN_FOR: Final = 2.0
_LONGEST: Final = 2 * 64
_MOST_ORDERS: Final = 8


def lit(mask: int) -> bytes:
    """The order that lights these."""
    return bytes((0x04, 0x02, mask))


def dark(mask: int) -> bytes:
    """The order that darkens these."""
    return bytes((0x04, 0x03, mask))


def beep(on_ms: int) -> bytes:
    """The order for one beep of 2 kHz."""
    return bytes((0x04, 0x07, 85)) + b"".join(value.to_bytes(2, "little") for value in (2000, on_ms, 50))


_ORDERS: Final = {
    Shown.IDLE: (dark(RED | GREEN),),
    Shown.GRANTED: (dark(RED), lit(GREEN), beep(100)),
    Shown.DENIED: (dark(GREEN), lit(RED), beep(100), beep(100), beep(100)),
    Shown.WAITING: (lit(RED | GREEN),),
    Shown.PIN: (lit(RED | GREEN), beep(50)),
    Shown.ERROR: (dark(GREEN), lit(RED), beep(400)),
}


class Twn4(Framer):
    """One question at a time. What comes unasked is no read, so no card of before is taken for one of now."""

    asked = True

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    @property
    def pending(self) -> bool:
        return self._skipping or bool(self._part)

    @property
    def answers(self) -> bool | None:
        return self._answers

    def reset(self) -> None:
        self._part.clear()
        self._skipping = False
        self._answers: bool | None = None
        self._orders: deque[bytes] = deque((OUTPUTS, dark(RED | GREEN)))
        self._asked: tuple[bytes, float] | None = None
        self._unanswered = 0
        self._next_at = 0.0
        self._dark_at: float | None = None

    def show(self, shown: Shown, now: float) -> None:
        """Lights and beeps instead of what was asked for and not done yet. Granted and denied end by themselves."""
        self._orders = deque(order for order in self._orders if order == OUTPUTS)
        self._add(_ORDERS[shown])
        self._dark_at = now + SHOWN_FOR if shown in (Shown.GRANTED, Shown.DENIED) else None

    def wanted(self, now: float) -> float | None:
        due = [self._next_at if self._asked is None else self._asked[1] + PATIENCE]
        gap = super().wanted(now)
        return max(0.0, min(due) - now) if gap is None else max(0.0, min(*due, now + gap) - now)

    def outgoing(self, now: float) -> bytes:
        """The next order, or the question for a card, if the last one is answered or given up."""
        if self._asked is not None and now - self._asked[1] >= PATIENCE:
            self._give_up()
        if self._asked is not None or now < self._next_at:
            return b""
        if self._dark_at is not None and now >= self._dark_at:
            self._dark_at = None
            self._add(_ORDERS[Shown.IDLE])
        order = self._orders.popleft() if self._orders else SEARCH
        self._asked = (order, now)
        return order.hex().upper().encode("ascii") + b"\r"

    def _add(self, orders: Iterable[bytes]) -> None:
        self._orders.extend(orders)
        while len(self._orders) > _MOST_ORDERS:
            self._orders.popleft()

    def _give_up(self) -> None:
        self._asked = None
        self._unanswered += 1
        if self._unanswered >= SILENT_AFTER:
            self._answers = False

    def _abandon(self, now: float) -> list[Finding]:
        reported = self._skipping
        self._part.clear()
        self._skipping = False
        return [] if reported else [Flaw(FaultKind.TIMEOUT, "an answer stopped half way", now)]

    def _take(self, byte: int, now: float) -> list[Finding]:
        if byte in (CR, LF):
            line, spoilt = bytes(self._part), self._skipping
            self._part.clear()
            self._skipping = False
            return self._answer(line, now) if line and not spoilt else []
        if self._skipping:
            return []
        self._part.append(byte)
        if byte in HEX and len(self._part) <= _LONGEST:
            return []
        self._part.clear()
        self._skipping = True
        return [Flaw(FaultKind.GARBAGE, "a line that is no answer", now)]

    def _answer(self, line: bytes, now: float) -> list[Finding]:
        if len(line) % 2 or self._asked is None:
            return [Flaw(FaultKind.GARBAGE, "a line that answers nothing", now)]
        (order, _), self._asked = self._asked, None
        self._answers, self._unanswered = True, 0
        self._next_at = now if self._orders else now + PAUSE
        return _tag(bytes.fromhex(line.decode("ascii")), now) if order == SEARCH else []


def _tag(answer: bytes, now: float) -> list[Finding]:
    if answer[:2] == b"\x00\x00":
        return []
    if len(answer) < 6 or answer[:2] != b"\x00\x01" or len(answer) != 5 + answer[4] or -(-answer[3] // 8) != answer[4]:
        return [Flaw(FaultKind.GARBAGE, "an answer that is no card", now)]
    return [Frame(bits_of(answer[5:])[: answer[3]], now)]
