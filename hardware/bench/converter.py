"""The converter on the bench's SPI pins: what gpiozero's own MCP3008 driver speaks to.

The law: it answers bit for bit as the chip does, so that the driver of a real agent is the one that runs. What hangs at
no channel floats up to the reference voltage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from gpiozero.mixins import SharedMixin
from gpiozero.pins import SPI

from hardware.bench.supervised_line import CHANNELS

STEPS: Final = 1024
FLOATING: Final = 1.0
_LEAD: Final = 16
"""Clocks from the start bit to the last bit of the answer."""


def answered(sent: Sequence[int], fraction: Callable[[int], float]) -> list[int]:
    """The bytes that come back while `sent` is clocked in: a start bit, single-ended or against the channel beside it,
    three bits of channel, and ten bits of result, the greatest first."""
    clocked = int.from_bytes(bytes(sent), "big")
    after = clocked.bit_length() - 1 - _LEAD
    if after < 0:
        return [0] * len(sent)
    single, channel = (clocked >> (after + _LEAD - 1)) & 1, (clocked >> (after + _LEAD - 4)) % CHANNELS
    against = 0 if single else _steps(fraction(channel ^ 1))
    result = max(0, _steps(fraction(channel)) - against)
    return list((result << after).to_bytes(len(sent), "big"))


def _steps(fraction: float) -> int:
    return min(STEPS - 1, int(fraction * STEPS))


class BenchSpi(SharedMixin, SPI):
    """An SPI bus with an MCP3008; `pin_factory` knows what hangs at its channels. It takes its pins, as a real one."""

    def __init__(self, clock_pin: int, mosi_pin: int, miso_pin: int, select_pin: int, pin_factory: Any) -> None:
        self._open = False
        super().__init__(pin_factory=pin_factory)
        self.pin_factory.reserve_pins(self, clock_pin, mosi_pin, miso_pin, select_pin)
        self._open = True

    @classmethod
    def _shared_key(
        cls, clock_pin: int, mosi_pin: int, miso_pin: int, select_pin: int, pin_factory: Any
    ) -> tuple[int, ...]:
        return (id(pin_factory), clock_pin, mosi_pin, miso_pin, select_pin)

    def transfer(self, data: Sequence[int]) -> list[int]:
        return answered(data, self.pin_factory.fraction)

    def close(self) -> None:
        if self._open:
            self._open = False
            self.pin_factory.release_all(self)
        super().close()

    @property
    def closed(self) -> bool:
        return not self._open

    def _get_clock_mode(self) -> int:
        return 0
