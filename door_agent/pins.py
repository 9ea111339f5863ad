"""Card, then PIN: who is waited for at which keypad, what was typed so far, and what became of it. No clock, no thread.

At most one holder is asked at an access point; another card there ends that. Digits collect until #, * begins anew.
Once they are complete the attempt is decided whatever comes next. What was typed lives here only until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from contract.entry_rules import pin_needed
from contract.pin import LONGEST
from contract.policy import AccessPointPolicy
from contract.record import Record
from contract.room_rules import PinRule
from contract.situation import Moment, PinVerdict
from door_agent.events import Card, PinVerified, Tried, Typed, VerifyPin
from door_agent.lists import Lists
from door_agent.lockouts import Lockouts

ENTER, CLEAR = "#", "*"


@dataclass(slots=True)
class _Asked:
    """A holder who was asked for the PIN; `typed` never grows beyond one digit more than a PIN has."""

    card: Card
    holder: bytes
    until: float
    typed: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Verifying:
    card: Card
    salt: bytes


@dataclass(frozen=True, slots=True)
class Entered:
    """A PIN's way is over: judge the card again with this verdict; `tried` is for the journal."""

    card: Card
    verdict: PinVerdict
    tried: Tried | None = None


class Pins:
    """Everybody who is asked. What the list says is looked up afresh at every step, for it may change in between."""

    def __init__(self, lists: Lists, tried: Iterable[Tried]) -> None:
        self._lists = lists
        self._lockouts = Lockouts(tried)
        self._asked: dict[str, _Asked] = {}
        self._verifying: dict[int, _Verifying] = {}
        self._tickets = 0

    @property
    def deadline(self) -> float | None:
        """When the first of them is late."""
        return min((each.until for each in self._asked.values()), default=None)

    def at_card(self, point: AccessPointPolicy, record: Record, moment: Moment) -> PinVerdict:
        """What is known of the PIN before anything was typed: nobody is asked for one that could not help."""
        carried = self._lists.carried
        if carried is None or point.pin is None or not pin_needed(carried.policy, point.pin, moment):
            return PinVerdict.UNASKED
        pin = carried.pin(record.holder)
        if pin is None:
            return PinVerdict.MISSING
        return PinVerdict.LOCKED if self._lockouts.locked(pin.salt, point.pin, moment) else PinVerdict.UNASKED

    def another(self, access_point: str) -> None:
        """A card was presented there: nobody is asked any more."""
        self._asked.pop(access_point, None)

    def ask(self, card: Card, holder: bytes, moment: Moment) -> None:
        """From now on keys of this access point are this holder's PIN."""
        rule = self._rule(card.access_point)
        if rule is not None:
            self._asked[card.access_point] = _Asked(card, holder, moment.mono + rule.within_s)

    def typed(self, event: Typed, moment: Moment) -> VerifyPin | Entered | None:
        """What was typed; None until a PIN is complete. Keys that nobody asked for, or that come late, are nobody's."""
        asked = self._asked.get(event.access_point)
        if asked is None or moment.mono >= asked.until:
            return None
        for key in event.keys:
            if key == ENTER and asked.typed:
                del self._asked[event.access_point]
                return self._complete(asked)
            if key == CLEAR:
                asked.typed = ""
            elif key.isascii() and key.isdigit():
                asked.typed = (asked.typed + key)[: LONGEST + 1]
        return None

    def verified(self, event: PinVerified, moment: Moment) -> Entered | None:
        """What the verification means now; None for one that nobody waits for. While a PIN is locked out a right one
        says no more than a wrong one."""
        waiting = self._verifying.pop(event.ticket, None)
        if waiting is None:
            return None
        rule, salt = self._rule(waiting.card.access_point), waiting.salt
        if rule is not None and self._lockouts.locked(salt, rule, moment):
            return Entered(waiting.card, PinVerdict.LOCKED)
        match event.verdict:
            case PinVerdict.WRONG:
                return Entered(waiting.card, event.verdict, self._lockouts.wrong(salt, moment))
            case PinVerdict.RIGHT | PinVerdict.DURESS:
                return Entered(waiting.card, event.verdict, self._lockouts.right(salt))
        return Entered(waiting.card, PinVerdict.LATE)

    def late(self, moment: Moment) -> list[Entered]:
        """Those who were asked and did not answer in time; that is no wrong try."""
        over = [point for point, asked in self._asked.items() if moment.mono >= asked.until]
        return [Entered(self._asked.pop(point).card, PinVerdict.LATE) for point in over]

    def _complete(self, asked: _Asked) -> VerifyPin | Entered:
        carried = self._lists.carried
        pin = carried.pin(asked.holder) if carried is not None else None
        if pin is None:
            return Entered(asked.card, PinVerdict.MISSING)
        self._tickets += 1
        self._verifying[self._tickets] = _Verifying(asked.card, pin.salt)
        return VerifyPin(self._tickets, asked.holder, asked.typed, pin)

    def _rule(self, access_point: str) -> PinRule | None:
        carried = self._lists.carried
        point = carried.policy.access_points.get(access_point) if carried is not None else None
        return point.pin if point is not None else None
