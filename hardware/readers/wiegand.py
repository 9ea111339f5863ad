"""A Wiegand reader: two lines in, a light and a buzzer out; a thread of its own frames the edges by their stamps.

The law: a frame that may be wrong is not delivered. The lines are not supervised while they rest: an unplugged reader
looks like one that nobody uses, and nothing is encrypted. Prefer OSDP.
"""

import threading
import time
from typing import Final

from gpiozero import GPIOZeroError

from hardware.indicator import Indicator
from hardware.readers.edges import Edges, EdgeSource
from hardware.readers.flood import FloodGate, soonest
from hardware.readers.framing.framer import Finding, Flaw, Frame
from hardware.readers.keypad import Entry, KeyCollector, Keypad, key_of
from hardware.readers.reader import Shown
from hardware.readers.wiegand_frame import FRAME_GAP, NONE_LOW, WiegandFrame, described
from hardware.signal import WIEGAND, CardBits, Deliver, FaultKind, KeysPressed, ReaderFault

SHORTEST_CARD: Final = 24
"""A frame of fewer bits that is no key is noise: no card format is that short."""
_LOOK_AGAIN: Final = 0.5
"""While a line is stuck, it is looked at this often."""
_REST: Final = 1.0
"""A stuck line must have rested for this long to count as well again."""
_MOST_LATE: Final = 20
_SETTLE: Final = 0.005
_LOOKS: Final = 3
_LOOK: Final = 0.002
"""A line counts as stuck after so many looks that found it low: longer than any pulse, and than 5 ms."""
_RETRY: Final = 5.0


class WiegandReader:
    """Delivers `CardBits`, `KeysPressed` and faults from its own thread. `indicator` has the reader's own wires."""

    def __init__(
        self,
        reader_id: str,
        source: EdgeSource,
        deliver: Deliver,
        *,
        keypad: Keypad = Keypad.NONE,
        frame_gap: float = FRAME_GAP,
        shortest: int = SHORTEST_CARD,
        indicator: Indicator | None = None,
    ) -> None:
        self._reader = reader_id
        self._source = source
        self._deliver = deliver
        self._keypad = keypad
        self._shortest = shortest
        self._indicator = indicator
        self._gate = FloodGate(reader_id, deliver)
        self._frame = WiegandFrame(frame_gap)
        self._gap = frame_gap
        self._keys = KeyCollector()
        self._open = threading.Event()
        self._lost = False
        self._stuck = False
        self._stuck_seen = 0.0
        self._late = 0
        self._now = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def id(self) -> str:
        """The id of its access point."""
        return self._reader

    @property
    def alive(self) -> bool:
        """Does its thread run?"""
        return self._thread is not None and self._thread.is_alive()

    @property
    def online(self) -> bool:
        """Are the pins ours, and does no line stay low? More cannot be known of Wiegand."""
        return self._open.is_set() and not self._stuck

    @property
    def secure(self) -> bool:
        """Never: Wiegand is neither encrypted nor authenticated."""
        return False

    def start(self) -> None:
        """Take the pins and begin to read. A pin that is not to be had is a `LOST` reader, not an error."""
        if self._thread is not None:
            raise RuntimeError("a reader is started once")
        self._thread = threading.Thread(target=self._run, name=f"reader {self._reader}", daemon=True)
        self._thread.start()

    def wait_open(self, timeout: float) -> bool:
        """Wait until the pins are ours; False if they are not in time."""
        return self._open.wait(timeout)

    def indicate(self, shown: Shown) -> None:
        """Show this with the reader's light and buzzer wires, where they are fitted."""
        if self._indicator is not None:
            _show(self._indicator, shown)

    def close(self) -> None:
        """Stop within a second and give the pins back. May be called twice, or without a start."""
        self._stop.set()
        if self._thread is not None:
            self._source.wake()
            self._thread.join(1.0)
        if not self.alive:
            self._source.close()
        if self._indicator is not None:
            self._indicator.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read_until_lost()
            except (OSError, ImportError, GPIOZeroError) as error:
                self._open.clear()
                self._say_lost(f"the pins are not to be had: {error}")
                self._stop.wait(_RETRY)
        self._open.clear()

    def _read_until_lost(self) -> None:
        self._source.open()
        self._say_back()
        self._begin()
        while not self._stop.is_set():
            self._turn(self._source.wait(self._wanted()))

    def _begin(self) -> None:
        came = self._source.wait(0.0)
        self._frame.opened(came.until)
        self._turn(came)
        self._look_for_stuck_lines(came.until)
        # A frame that was under way is over after a gap. Whoever waits for us presents a card that is read whole.
        self._stop.wait(self._gap)
        self._open.set()

    def _say_lost(self, detail: str) -> None:
        if not self._lost:
            self._lost = True
            self._deliver(ReaderFault(self._reader, FaultKind.LOST, detail, time.monotonic()))

    def _say_back(self) -> None:
        if self._lost:
            self._lost = False
            self._deliver(ReaderFault(self._reader, FaultKind.REOPENED, "the pins are ours", time.monotonic()))

    def _wanted(self) -> float | None:
        if self._late:
            return _SETTLE
        return soonest(
            self._frame.wanted(self._now),
            self._keys.wanted(self._now),
            self._gate.wanted(self._now),
            _LOOK_AGAIN if self._stuck else None,
        )

    def _turn(self, came: Edges) -> None:
        self._take(came)
        self._now = came.until
        if came.late and self._frame.pending and self._late < _MOST_LATE:
            # We were starved, and so perhaps was the thread that brings the edges: look once more before closing.
            self._late += 1
            return
        self._late = 0
        self._close_frame(came.until)
        self._pass_on_keys(self._keys.tick(came.until))
        self._gate.summarise(came.until)
        if self._stuck:
            self._look_for_stuck_lines(came.until)

    def _close_frame(self, now: float) -> None:
        due = self._frame.wanted(now)
        if due is None or due > 0:
            return
        low = self._low_for_good()
        self._pass_on(self._frame.tick(now, low))
        if low:
            self._become_stuck(low, now)

    def _low_for_good(self) -> frozenset[int]:
        """The lines that stay low. One that is low only now may be in the first pulse of the next frame."""
        low = self._source.low()
        for _ in range(_LOOKS):
            if not low:
                break
            came = self._source.wait(_LOOK)
            self._take(came)
            low = NONE_LOW if came.edges else low & self._source.low()
        return low

    def _take(self, came: Edges) -> None:
        for edge in came.edges:
            self._pass_on(self._frame.edge(edge.line, edge.stamp, after_loss=edge.after_loss))

    def _look_for_stuck_lines(self, now: float) -> None:
        if low := self._low_for_good():
            self._become_stuck(low, now)
        elif self._stuck and now - self._stuck_seen >= _REST:
            self._stuck = False
            self._deliver(ReaderFault(self._reader, FaultKind.REOPENED, "both lines rest again", now))

    def _become_stuck(self, low: frozenset[int], now: float) -> None:
        self._stuck_seen = now
        if not self._stuck:
            self._stuck = True
            self._deliver(ReaderFault(self._reader, FaultKind.STUCK, described(low), now))

    def _pass_on(self, findings: list[Finding]) -> None:
        for finding in findings:
            if isinstance(finding, Frame):
                self._read(finding)
            elif finding.kind is not FaultKind.STUCK:  # that is told by `_become_stuck`, as a state
                self._gate.flaw(finding.kind, finding.detail, finding.mono)

    def _read(self, frame: Frame) -> None:
        if len(frame.bits) == self._keypad.length:
            key = key_of(self._keypad, frame.bits)
            if key is not None:
                self._pass_on_keys(self._keys.pressed(key, frame.mono))
                return
        if len(frame.bits) < self._shortest:
            self._pass_on([Flaw(FaultKind.GARBAGE, "too few bits for a card", frame.mono)])
            return
        self._pass_on_keys(self._keys.end())
        self._gate.read(CardBits(self._reader, WIEGAND, frame.bits, frame.mono))

    def _pass_on_keys(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._gate.read(KeysPressed(self._reader, entry.keys, entry.mono))


def _show(indicator: Indicator, shown: Shown) -> None:
    indicator.alarm(shown is Shown.ERROR)
    match shown:
        case Shown.GRANTED:
            indicator.granted()
        case Shown.DENIED:
            indicator.refused()
        case Shown.WAITING:
            indicator.waiting()
        case Shown.PIN:
            indicator.asking()
        case Shown.IDLE | Shown.ERROR:
            indicator.off()
