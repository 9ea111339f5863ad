"""What a PIN is, and how one is known again without being kept (docs/protocol/identity.md).

The centre stretches a PIN once, with a salt of its own, and keeps only the result; the verifier that a list carries is
made from that with the agent's look-up key. The door stretches what was typed and compares. Stretching is slow on
purpose: never call it where somebody's door waits behind it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from contract.record import NO_PIN, Pin
from contract.situation import PinVerdict

SHORTEST = 4
LONGEST = 12
SALT_BYTES = 16
STRETCHED_BYTES = 32
VERIFIER_BYTES = 16
_COST, _BLOCK, _LANES = 2**14, 8, 1
_ROOM = 64 * 2**20
"""More than the 16 MiB that scrypt takes at this cost; OpenSSL refuses what would go over it."""
_DOMAIN = b"sekisho/1/pin\x00"


class PinFlaw(StrEnum):
    """Why a PIN is not to be had. WRONG: not 4 to 12 digits; TRIVIAL: the first that anybody would try; NEAR: the PIN
    for duress is not as long as the other, or one slip of a finger away from it."""

    WRONG = "pin-wrong"
    TRIVIAL = "pin-trivial"
    NEAR = "pin-near"


@dataclass(frozen=True, slots=True)
class Stretched:
    """What the centre keeps of a PIN: `duress` is None where there is none for duress."""

    salt: bytes = field(repr=False)
    pin: bytes = field(repr=False)
    duress: bytes | None = field(default=None, repr=False)


def flaw(pin: str, duress: str | None = None) -> PinFlaw | None:
    """What is wrong with this PIN and the one for duress; None when they may be chosen."""
    chosen = [pin] if duress is None else [pin, duress]
    if not all(_is_pin(each) for each in chosen):
        return PinFlaw.WRONG
    if any(_trivial(each) for each in chosen):
        return PinFlaw.TRIVIAL
    return PinFlaw.NEAR if duress is not None and _near(pin, duress) else None


def stretched(pin: str, salt: bytes) -> bytes:
    """scrypt of what was typed, any text: 16 MiB and about a tenth of a second, so that guessing costs as much."""
    typed = pin.encode("utf-8")
    return hashlib.scrypt(typed, salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=_ROOM, dklen=STRETCHED_BYTES)


def chosen(pin: str, duress: str | None, salt: bytes) -> Stretched:
    """What is kept of a PIN and the one for duress; `salt` is 16 fresh random bytes. ValueError for a flawed one."""
    found = flaw(pin, duress)
    if found is not None:
        raise ValueError(found)
    return Stretched(salt, stretched(pin, salt), None if duress is None else stretched(duress, salt))


def listed(kept: Stretched, holder: bytes, agent_key: bytes) -> Pin:
    """What the list of one agent carries of it."""
    duress = NO_PIN if kept.duress is None else verifier(kept.duress, holder, agent_key)
    return Pin(kept.salt, verifier(kept.pin, holder, agent_key), duress)


def verifier(stretched_pin: bytes, holder: bytes, agent_key: bytes) -> bytes:
    """16 bytes: of one holder at one agent only; nothing shows that two verifiers are of one PIN."""
    message = _DOMAIN + holder + stretched_pin
    return hashlib.blake2b(message, digest_size=VERIFIER_BYTES, key=agent_key).digest()


def verified(typed: str, pin: Pin, holder: bytes, agent_key: bytes) -> PinVerdict:
    """RIGHT, DURESS or WRONG, after the same work whichever it is."""
    found = verifier(stretched(typed, pin.salt), holder, agent_key)
    right, duress = hmac.compare_digest(found, pin.verifier), hmac.compare_digest(found, pin.duress)
    if right:
        return PinVerdict.RIGHT
    return PinVerdict.DURESS if duress and pin.duress != NO_PIN else PinVerdict.WRONG


def _is_pin(pin: str) -> bool:
    return SHORTEST <= len(pin) <= LONGEST and pin.isascii() and pin.isdigit()


def _trivial(pin: str) -> bool:
    """One digit, or a pair, over and over; or digits that only count up or down, 0 after 9 included."""
    repeated = any(pin == (pin[:length] * len(pin))[: len(pin)] for length in (1, 2))
    steps = {(int(later) - int(earlier)) % 10 for earlier, later in pairwise(pin)}
    return repeated or steps in ({1}, {9})


def _near(pin: str, duress: str) -> bool:
    """Of another length (who watches would see it), the same, or by one slip the other: a digit, or two exchanged."""
    if len(pin) != len(duress):
        return True
    wrong = [place for place, (a, b) in enumerate(zip(pin, duress, strict=True)) if a != b]
    if len(wrong) < 2:
        return True
    first, last = wrong[0], wrong[-1]
    exchanged = pin[first] == duress[last] and pin[last] == duress[first]
    return len(wrong) == 2 and last == first + 1 and exchanged
