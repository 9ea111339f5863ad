"""Generic readers: a card as one line of hex or decimal digits.

Hex gives four bits a digit, most significant first, leading zeros kept. Decimal gives the number in a fixed count of
bits, most significant first. There is no checksum to trust: one wrong byte spoils its line, and with `digits` only
lines of exactly that many digits are cards. Say it where the card format is known, because a line of which the
beginning was lost is otherwise a shorter, valid line.
"""

from enum import StrEnum
from typing import Final

from hardware.readers.framing.framer import CR, HEX, LF, Finding, Flaw, Frame, Framer, bits_of_hex
from hardware.signal import FaultKind

SHORTEST: Final = 4
LONGEST: Final = 64
DECIMAL_BITS: Final = 32


class Digits(StrEnum):
    """How the digits of a line are read."""

    HEX = "hex"
    DECIMAL = "decimal"


class CardDigits:
    """Which digits are a card, and of which bits."""

    def __init__(self, base: Digits, digits: int | None = None, bits: int = DECIMAL_BITS) -> None:
        if digits is not None and not SHORTEST <= digits <= LONGEST:
            raise ValueError(f"a line has {SHORTEST} to {LONGEST} {base} digits")
        if not 8 <= bits <= 128:
            raise ValueError("a decimal card number has 8 to 128 bits")
        self._base = base
        self._digits = digits
        self._bits = bits
        self.alphabet: Final = HEX if base is Digits.HEX else frozenset(b"0123456789")

    def read(self, body: bytes, now: float) -> Finding:
        """The frame in these characters, or what is wrong with them."""
        if not self.alphabet.issuperset(body):
            return Flaw(FaultKind.GARBAGE, f"a byte that is no {self._base} digit", now)
        if not SHORTEST <= len(body) <= LONGEST or (self._digits is not None and len(body) != self._digits):
            return Flaw(FaultKind.GARBAGE, "a line with the wrong number of digits", now)
        if self._base is Digits.HEX:
            return Frame(bits_of_hex(body), now)
        number = int(body)
        if number >> self._bits:
            return Flaw(FaultKind.GARBAGE, f"a number of more than {self._bits} bits", now)
        return Frame(f"{number:0{self._bits}b}", now)


class Line(Framer):
    """4 to 64 digits, ended by CR, LF or both."""

    def __init__(self, card: CardDigits) -> None:
        super().__init__()
        self._card = card
        self._skipping = False

    @property
    def pending(self) -> bool:
        return self._skipping or bool(self._part)

    def reset(self) -> None:
        self._part.clear()
        self._skipping = False

    def _abandon(self, now: float) -> list[Finding]:
        reported = self._skipping
        self.reset()
        return [] if reported else [Flaw(FaultKind.TIMEOUT, "a line stopped half way", now)]

    def _take(self, byte: int, now: float) -> list[Finding]:
        if byte in (CR, LF):
            body = bytes(self._part)
            self.reset()
            return [self._card.read(body, now)] if body else []
        if self._skipping:
            return []
        if byte not in self._card.alphabet:
            return self._spoil(FaultKind.GARBAGE, "a byte that is no digit", now)
        self._part.append(byte)
        if len(self._part) > LONGEST:
            return self._spoil(FaultKind.OVERLONG, f"a line of more than {LONGEST} digits", now)
        return []

    def _spoil(self, kind: FaultKind, detail: str, now: float) -> list[Finding]:
        self._part.clear()
        self._skipping = True
        return [Flaw(kind, detail, now)]


class LineHex(Line):
    """A line of hex digits."""

    def __init__(self, digits: int | None = None) -> None:
        super().__init__(CardDigits(Digits.HEX, digits))


class LineDecimal(Line):
    """A line of decimal digits: a number of `bits` bits."""

    def __init__(self, digits: int | None = None, bits: int = DECIMAL_BITS) -> None:
        super().__init__(CardDigits(Digits.DECIMAL, digits, bits))
