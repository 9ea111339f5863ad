"""A card that lies on a reader is one presentation. Sans-I/O."""

from collections import OrderedDict
from typing import Final


class RepeatSuppression:
    """Swallows the same bits within `window` seconds of their last sight: readers repeat while a card lies on them.

    Each swallowed repeat renews the window. `window` 0 swallows nothing. At most `_MOST` cards are remembered.
    """

    _MOST: Final = 64

    def __init__(self, window: float) -> None:
        if window < 0:
            raise ValueError("the window is a number of seconds, not below 0")
        self._window = window
        self._seen: OrderedDict[str, float] = OrderedDict()

    def fresh(self, bits: str, now: float) -> bool:
        """Is this a new presentation? Remembers the sight in either case."""
        before = self._seen.pop(bits, None)
        self._seen[bits] = now
        if len(self._seen) > self._MOST:
            self._seen.popitem(last=False)
        return before is None or now - before >= self._window
