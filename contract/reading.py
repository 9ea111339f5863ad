"""What a frame may mean: every reading that fits, the forms in which people see it printed, and what to beware of.

For enrolment, previews and `decode`, never for a decision: a door asks `contract.formats.read` and looks up whole
bits. A caution is advice to a person who holds the card in the hand; nothing here changes or merges an identity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contract.canonical import Object, Value
from contract.card_format import CardFormat, Reading, Strength
from contract.credential import Identity, Source

CASCADE_TAG = "88"
"""ISO/IEC 14443-3: this byte stands before the first part of a serial number that is longer than four bytes."""

_RANDOM_UID = "08"
_RANDOM_IDM = "01fe"
_SHORTEST_PART = 6
"""Hex digits: three bytes; fewer agree by chance."""


class Warned(StrEnum):
    """Why bits that fit should not be enrolled without a second look.

    CUT_SHORT: four bytes that begin (or, last byte first, end) with the cascade tag: the reader drops the rest of a
    longer serial number, and cards that differ only there look the same. RANDOM: the chip makes this number anew each
    time it is read. PART_OF, WHOLE_OF: another enrolled identity holds these bits, or is held by them: it may be the
    same card on another reader; they never match one another. AMBIGUOUS: several formats fit.
    """

    CUT_SHORT = "cut-short"
    RANDOM = "random"
    PART_OF = "part-of"
    WHOLE_OF = "whole-of"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Caution:
    """One reason to look twice; `other` is the enrolled identity that it is about."""

    kind: Warned
    other: Identity | None = None


def readings(bits: str, known: Iterable[CardFormat], source: Source | None = None) -> tuple[Reading, ...]:
    """Every reading of `bits` by the `known` formats (of one source class, if given): those that fit, in the order of
    `known`, then those that only their parity speaks against. Empty for bits that no format has."""
    found = [
        reading
        for each in known
        if (source is None or source in each.sources) and (reading := each.decode(bits)) is not None
    ]
    return tuple(sorted(found, key=lambda reading: not reading.fits))


def printed(reading: Reading) -> tuple[str, ...]:
    """The forms in which a person may find this number on the card or in another system, likeliest first."""
    number = reading.number
    if number is None:
        return ()
    width = len(str(next(each for each in reading.format.fields if each.name == "number").largest))
    if reading.format.strength is Strength.SERIAL_NUMBER:
        return _printed_serial(reading, number, width)
    padded = f"{number:0{width}}"
    alone = (padded, str(number)) if padded != str(number) else (padded,)
    return alone if reading.facility is None else (*alone, f"{reading.facility},{padded}")


def _printed_serial(reading: Reading, number: int, width: int) -> tuple[str, ...]:
    """Hexadecimal and decimal, and for tags that print them the last three bytes as `ddd,ddddd`."""
    size = next(len(each.bits) for each in reading.format.fields if each.name == "number") // 8
    whole = number.to_bytes(size, "big")
    forms = [whole.hex().upper(), whole.hex(":").upper(), f"{number:0{width}}", str(number)]
    if size == 4:
        forms.append(f"{number >> 16 & 0xFF:03},{number & 0xFFFF:05}")
    if reading.facility is not None:
        forms.insert(0, f"{reading.facility:02X}{whole.hex().upper()}")
    return tuple(dict.fromkeys(forms))


def cautions(
    identity: Identity, fitting: Iterable[Reading] = (), enrolled: Iterable[Identity] = ()
) -> tuple[Caution, ...]:
    """What to beware of before `identity` is enrolled, given its `fitting` readings and the identities there are.

    Its time grows with `enrolled`, some microseconds each: for a person who waits, never for a door.
    """
    found = []
    if _cut_short(identity.bits):
        found.append(Caution(Warned.CUT_SHORT))
    if _random(identity.bits):
        found.append(Caution(Warned.RANDOM))
    own, own_ends = _serials(identity.bits), _ends(identity.bits)
    for other in enrolled:
        if other.length > identity.length and _within(own_ends, _serials(other.bits)):
            found.append(Caution(Warned.PART_OF, other))
        elif other.length < identity.length and _within(_ends(other.bits), own):
            found.append(Caution(Warned.WHOLE_OF, other))
    if len({tuple(sorted(each.values.items())) for each in fitting if each.fits}) > 1:
        found.append(Caution(Warned.AMBIGUOUS))
    return tuple(found)


def cut_to_four_bytes(uid: bytes) -> bytes:
    """What a reader that knows only four bytes delivers of seven or ten: the cascade tag and the first three."""
    return bytes.fromhex(CASCADE_TAG) + uid[:3] if len(uid) in (7, 10) else uid


def reversed_bytes(bits: str) -> str:
    """`bits` with their bytes in the other order; bits that are no whole bytes stay as they are."""
    if len(bits) % 8:
        return bits
    return "".join(bits[start : start + 8] for start in range(len(bits) - 8, -1, -8))


def as_object(reading: Reading) -> Object:
    """One reading for programs: the same in `decode --json` and in the API. Absent values are null."""
    forms: list[Value] = list(printed(reading))
    sources: list[Value] = [str(each) for each in reading.format.sources]
    values: Object = dict(reading.values)
    return {
        "format": reading.format.name,
        "title": reading.format.title,
        "sources": sources,
        "length": reading.format.length,
        "fits": reading.fits,
        "parity": str(reading.parity),
        "facility": reading.facility,
        "number": reading.number,
        "issue": reading.issue,
        "values": values,
        "printed": forms,
        "strength": str(reading.format.strength),
        "origin": reading.format.origin,
    }


def _serials(bits: str) -> tuple[str, ...]:
    """The serial numbers that `bits` may be, as hex: of whole bytes in both orders, with or without two parities."""
    inner = bits[1:-1] if len(bits) % 8 == 2 else bits
    if len(inner) % 8 or not inner:
        return ()
    orders = {inner, reversed_bytes(inner)}
    return tuple(f"{int(each, 2):0{len(each) // 4}x}" for each in sorted(orders))


def _cut_short(bits: str) -> bool:
    return any(len(each) == 8 and each.startswith(CASCADE_TAG) for each in _serials(bits))


def _random(bits: str) -> bool:
    """ISO/IEC 14443-3: four bytes that begin with 08; NFCIP-1: eight that begin with 01FE."""
    starts = {8: _RANDOM_UID, 16: _RANDOM_IDM}
    return any(len(each) in starts and each.startswith(starts[len(each)]) for each in _serials(bits))


def _ends(bits: str) -> tuple[str, ...]:
    """What `bits` would be inside a longer serial number: without the cascade tag, if it has one."""
    found = [each.removeprefix(CASCADE_TAG) if len(each) == 8 else each for each in _serials(bits)]
    return tuple({*found, *_serials(bits)})


def _within(ends: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether one of `ends` begins a longer one of `whole` (hex digits, each in both byte orders: ends count, too)."""
    return any(_SHORTEST_PART <= len(end) < len(each) and each.startswith(end) for each in whole for end in ends)
