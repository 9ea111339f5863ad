"""Which cards came in where, how often, and when last: what the rules about repeated use and uses ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from contract.situation import NOTHING, Before, Moment


class Entered(msgspec.Struct, frozen=True):
    """A card came in through an access point; `key` is its look-up key, `at` the UTC second, None on a clock that
    cannot be believed."""

    access_point: str
    key: bytes
    at: int | None


class Entries:
    """Folded from the agent's own passages into its rooms, for the whole life of the agent. Within one start it is
    timed by the monotonic clock, from before it by the wall clock."""

    def __init__(self, uses: Mapping[bytes, int], last: Iterable[Entered]) -> None:
        self._uses = dict(uses)
        self._last: dict[tuple[str, bytes], Entered] = {}
        self._latest: dict[str, bytes] = {}
        self._mono: dict[tuple[str, bytes], float] = {}
        self._hosts: dict[str, float] = {}
        for each in sorted(last, key=lambda entered: entered.at or 0):
            self._last[each.access_point, each.key] = each
            self._latest[each.access_point] = each.key

    def uses(self, key: bytes) -> int:
        """How often the card came in through any of this agent's doors."""
        return self._uses.get(key, 0)

    def before(self, access_point: str, key: bytes, moment: Moment) -> Before:
        """What happened at this access point before this card."""
        host = self._hosts.get(access_point)
        host_s = None if host is None else int(moment.mono - host)
        last = self._last.get((access_point, key))
        if last is None:
            return NOTHING if host_s is None else Before(host_s=host_s)
        card_s = self._since(last, moment)
        return Before(card_s, card_s if self._latest[access_point] == key else None, host_s)

    def came_in(self, entered: Entered, mono: float) -> None:
        """A passage of this card into the room."""
        place = entered.access_point, entered.key
        self._uses[entered.key] = self._uses.get(entered.key, 0) + 1
        self._last[place], self._mono[place] = entered, mono
        self._latest[entered.access_point] = entered.key

    def host_let_in(self, access_point: str, mono: float) -> None:
        """Somebody who brings visitors was let in here; the visitor presents while the host is on the way."""
        self._hosts[access_point] = mono

    def _since(self, last: Entered, moment: Moment) -> int | None:
        mono = self._mono.get((last.access_point, last.key))
        if mono is not None:
            return int(moment.mono - mono)
        return None if last.at is None or not moment.trusted else max(0, moment.earliest_s - last.at)
