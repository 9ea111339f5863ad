"""The card formats of the trade, as data: what each bit is, and where that is published.

The law: only facts that a public source states. Where nobody published what a bit is (often a parity rule), it is
`unused`: then it is kept as it is and never a reason to refuse a card. The names are those that installers know.
Sources, by letter: A HID "Understanding Card Data Formats" (HID's own formats); B the layouts and vectors of the
Proxmark3 project's Wiegand tool (facts, not code), most of them from cardinfo.barkweb.com.au; C accessgrid.com
"Examples of every access control bit format"; D ISO/IEC 14443-3 and NXP AN10927 (serial numbers of chips); E JIS X
6319-4 (FeliCa IDm); F EM4100 data sheet; G Hikvision access controller manual, "Custom Wiegand"; H OOAccess knowledge
base (H10304).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contract.card_format import CardFormat, Strength
from contract.credential import Source
from contract.layout import Coding, Field, Parity, positions

_TRADE = (Source.WIEGAND, Source.OSDP)
_ANY = (Source.WIEGAND, Source.SERIAL_HEX, Source.OSDP)
_SERIAL = (Source.SERIAL_HEX,)


def _even(bit: int, covers: str | Iterable[int]) -> Parity:
    return Parity(bit, positions(covers) if isinstance(covers, str) else tuple(covers), odd=False)


def _odd(bit: int, covers: str | Iterable[int]) -> Parity:
    return Parity(bit, positions(covers) if isinstance(covers, str) else tuple(covers), odd=True)


def _thirds(first: int, last: int, without: int) -> list[int]:
    """Two positions of every three: all from `first` to `last` but those that are `without` modulo 3."""
    return [place for place in range(first, last + 1) if place % 3 != without]


def _halves(length: int, middle: int) -> tuple[Parity, ...]:
    """The trade's usual pair: the first bit even over the bits up to `middle`, the last one odd over the rest."""
    return _even(0, f"1-{middle}"), _odd(length - 1, f"{middle + 1}-{length - 2}")


def _format(
    name: str,
    length: int,
    title: str,
    origin: str,
    fields: Mapping[str, str],
    parities: tuple[Parity, ...] = (),
    *,
    one: str = "",
    unused: str = "",
    sources: tuple[Source, ...] = _TRADE,
    strength: Strength = Strength.OPEN_NUMBER,
    coding: Coding = Coding.BINARY,
) -> CardFormat:
    made = tuple(Field(each, positions(places), coding) for each, places in fields.items())
    ones, rest = positions(one), positions(unused)
    return CardFormat(name, sources, length, made, parities, ones, (), rest, title, strength, origin)


def _number(facility: str, number: str) -> dict[str, str]:
    return {"facility": facility, "number": number}


_MANAGED = Strength.MANAGED_NUMBER

_UP_TO_33 = (
    _format("H10301", 26, "HID standard 26 bits", "A B C", _number("1-8", "9-24"), _halves(26, 12)),
    _format("ind26", 26, "Indala 26 bits", "B C", _number("1-12", "13-24"), _halves(26, 12)),
    _format("ind27", 27, "Indala 27 bits", "B C", _number("0-12", "13-26")),
    _format(
        "indasc27",
        27,
        "Indala ASC 27 bits",
        "B",
        _number("9,4,6,5,0,7,19,8,10,16,24,12,22", "26,1,3,15,14,17,20,13,25,2,18,21,11,23"),
    ),
    _format(
        "Tecom27",
        27,
        "Tecom 27 bits",
        "B",
        _number("15,19,24,23,22,18,6,10,14,3,2", "0,1,13,12,9,26,20,16,17,21,25,7,8,11,4,5"),
    ),
    _format(
        "2804W",
        28,
        "2804 Wiegand 28 bits",
        "B",
        _number("4-11", "12-26"),
        (_odd(2, _thirds(4, 26, 0)), _even(0, "1-13"), _odd(27, "0-26")),
        unused="1,3",
    ),
    _format("ind29", 29, "Indala 29 bits", "B", _number("0-12", "13-28")),
    _format("ATSW30", 30, "ATS Wiegand 30 bits", "B", _number("1-12", "13-28"), _halves(30, 12)),
    _format("ADT31", 31, "HID ADT 31 bits", "B", _number("1-4", "5-27"), unused="0,28-30"),
    _format("HCP32", 32, "HID Check Point 32 bits", "B", {"number": "1-24"}, unused="0,25-31"),
    _format("HPP32", 32, "HID Hewlett-Packard 32 bits", "B", _number("1-12", "13-31"), unused="0"),
    _format(
        "Kastle",
        32,
        "Kastle 32 bits",
        "B",
        {"facility": "7-14", "number": "15-30", "issue": "2-6"},
        (_even(0, "1-16"), _odd(31, "14-30")),
        one="1",
    ),
    _format("Kantech", 32, "Indala/Kantech KSF 32 bits", "B", _number("7-14", "15-30"), unused="0-6,31"),
    _format("WIE32", 32, "Wiegand 32 bits", "B", _number("4-15", "16-31"), unused="0-3"),
    _format(
        "D10202",
        33,
        "HID D10202 33 bits",
        "B",
        _number("1-7", "8-31"),
        (_even(0, "1-16"), _odd(32, "16-31")),
    ),
)

_UP_TO_36 = (
    _format("H10306", 34, "HID standard 34 bits", "A B", _number("1-16", "17-32"), _halves(34, 16)),
    _format("N10002", 34, "Honeywell/Northern 34 bits", "B", _number("1-16", "17-32"), _halves(34, 16)),
    _format("Optus34", 34, "Indala Optus 34 bits", "B", _number("22-32", "1-16"), unused="0,17-21,33"),
    _format(
        "SMP34",
        34,
        "Cardkey Smartpass 34 bits",
        "B",
        {"facility": "1-13", "number": "17-32", "issue": "14-16"},
        unused="0,33",
    ),
    _format("BQT34", 34, "BQT 34 bits", "B", _number("1-8", "9-32"), _halves(34, 16)),
    _format(
        "C1k35s",
        35,
        "HID Corporate 1000 35 bits",
        "B",
        _number("2-13", "14-33"),
        (_even(1, _thirds(2, 33, 1)), _odd(34, _thirds(1, 32, 0)), _odd(0, "1-34")),
        strength=_MANAGED,
    ),
    _format(
        "C15001",
        36,
        "Keyscan 36 bits",
        "B",
        {"facility": "11-18", "number": "19-34", "oem": "1-10"},
        (_even(0, "1-17"), _odd(35, "18-34")),
    ),
    _format(
        "S12906",
        36,
        "HID Simplex 36 bits",
        "B",
        {"facility": "1-8", "number": "11-34", "issue": "9-10"},
        (_odd(0, "1-17"), _odd(35, "17-34")),
    ),
    _format(
        "Sie36",
        36,
        "HID Siemens 36 bits",
        "B",
        _number("1-18", "19-34"),
        (_odd(0, _thirds(1, 34, 2)), _even(35, _thirds(1, 34, 0))),
    ),
)

_UP_TO_39 = (
    _format(
        "H10320",
        37,
        "HID H10320 37 bits, decimal digits",
        "B",
        {"number": "0-31"},
        (_even(32, range(0, 32, 4)), _odd(33, range(1, 32, 4))),
        unused="34-36",  # two more parities, on whose bits the sources contradict themselves
        coding=Coding.BCD,
    ),
    _format(
        "H10302",
        37,
        "HID standard 37 bits without facility code",
        "B",
        {"number": "1-35"},
        (_even(0, "1-18"), _odd(36, "18-35")),
        strength=_MANAGED,
    ),
    _format(
        "H10304",
        37,
        "HID standard 37 bits with facility code",
        "B H",
        _number("1-16", "17-35"),
        (_even(0, "1-18"), _odd(36, "18-35")),
    ),
    _format("P10004", 37, "HID P10004 37 bits (PCSC)", "B", _number("1-13", "14-31"), unused="0,32-36"),
    _format(
        "HGen37",
        37,
        "HID generic 37 bits",
        "B",
        {"number": "4-35"},
        (_even(0, range(4, 33, 4)), _odd(2, range(6, 35, 4)), _even(3, range(7, 36, 4))),
        one="36",
        unused="1",
    ),
    _format(
        "MDI37",
        37,
        "PointGuard MDI 37 bits",
        "B",
        _number("3-6", "7-35"),
        (_even(0, "1-18"), _odd(36, "18-35")),
        unused="1-2",
    ),
    _format(
        "BQT38",
        38,
        "BQT 38 bits",
        "B",
        {"facility": "24-36", "number": "1-19", "issue": "20-23"},
        _halves(38, 18),
    ),
    _format(
        "ISCS",
        38,
        "ISCS 38 bits",
        "B",
        {"facility": "5-14", "number": "15-36", "oem": "1-4"},
        _halves(38, 18),
    ),
    _format("PW39", 39, "Pyramid 39 bits", "B", _number("1-17", "18-37"), _halves(39, 18)),
)

_FROM_40 = (
    _format(
        "P10001",
        40,
        "HID P10001 Honeywell 40 bits",
        "B",
        _number("4-15", "16-31"),
        tuple(_even(32 + place, range(place, 32, 8)) for place in range(8)),
        one="0-3",
    ),
    _format("Casi40", 40, "Casi-Rusco 40 bits", "B", {"number": "1-38"}, unused="0,39"),
    _format("Verkada40", 40, "Verkada 40 bits", "B", _number("1-10", "11-38"), unused="0,39"),
    _format(
        "BC40",
        40,
        "Bundy TimeClock 40 bits",
        "B",
        {"facility": "7-18", "number": "19-37", "oem": "0-6"},
        (_odd(39, "19-37"),),
        unused="38",
    ),
    _format(
        "Defcon32",
        42,
        "DEF CON 32 42 bits",
        "B",
        {"facility": "1-16", "number": "21-40", "issue": "17-20"},
        unused="0,41",
    ),
    _format(
        "Wiegand44",
        44,
        "Wiegand 44 bits: serial number, maker, checksum of four bits",
        "G",
        {"number": "0-31", "oem": "32-39"},
        tuple(_even(40 + place, range(place, 40, 4)) for place in range(4)),
    ),
    _format(
        "H800002",
        46,
        "HID H800002 46 bits",
        "B",
        _number("1-14", "15-44"),
        (_even(0, "1-44"), _odd(45, "1-44")),
    ),
    _format(
        "C1k48s",
        48,
        "HID Corporate 1000 48 bits",
        "B",
        _number("2-23", "24-46"),
        (_even(1, _thirds(3, 46, 2)), _odd(47, _thirds(2, 45, 1)), _odd(0, "1-47")),
        strength=_MANAGED,
    ),
    _format("Avig56", 56, "Avigilon 56 bits", "B", _number("1-20", "21-54"), _halves(56, 27)),
    _format("IR56", 56, "Inner Range 56 bits", "B", _number("0-23", "24-55")),
    _format(
        "PIV75",
        75,
        "PIV 75 bits (part of a FASC-N)",
        "C",
        {"agency": "1-14", "facility": "15-28", "number": "29-48", "expiry": "49-73"},
        unused="0,74",
        strength=_MANAGED,
    ),
)


def _reversed_bytes(first: int, count: int) -> str:
    """The positions of `count` bytes from `first` on, last byte first, each byte's bits in their own order."""
    starts = [first + 8 * place for place in range(count)]
    return ",".join(f"{start}-{start + 7}" for start in reversed(starts))


def _serial_number(length: int, title: str, origin: str) -> tuple[CardFormat, CardFormat]:
    """A chip's serial number of `length` bytes as readers send it: in the order of the chip, and reversed."""
    bits, strength = length * 8, Strength.SERIAL_NUMBER
    return (
        _format(f"uid-{length}", bits, title, origin, {"number": f"0-{bits - 1}"}, sources=_ANY, strength=strength),
        _format(
            f"uid-{length}-reversed",
            bits,
            f"{title}, last byte first",
            origin,
            {"number": _reversed_bytes(0, length)},
            sources=_ANY,
            strength=strength,
        ),
    )


_SERIAL_NUMBERS = (
    *_serial_number(4, "chip serial number (UID) of 4 bytes", "D"),
    *_serial_number(6, "chip serial number of 6 bytes", "D"),
    *_serial_number(7, "chip serial number (UID) of 7 bytes", "D"),
    *_serial_number(8, "chip serial number of 8 bytes (ISO 15693, iCLASS CSN)", "D"),
    *_serial_number(10, "chip serial number (UID) of 10 bytes", "D"),
    _format(
        "uid-4-parity",
        34,
        "chip serial number (UID) of 4 bytes between two parities",
        "D",
        {"number": "1-32"},
        _halves(34, 16),
        strength=Strength.SERIAL_NUMBER,
    ),
    _format(
        "uid-4-parity-reversed",
        34,
        "chip serial number (UID) of 4 bytes between two parities, last byte first",
        "D",
        {"number": _reversed_bytes(1, 4)},
        _halves(34, 16),
        strength=Strength.SERIAL_NUMBER,
    ),
    _format(
        "felica-idm",
        64,
        "FeliCa IDm",
        "E",
        {"oem": "0-15", "number": "16-63"},
        sources=_ANY,
        strength=Strength.SERIAL_NUMBER,
    ),
    _format(
        "EM4100",
        40,
        "EM4100 125 kHz tag",
        "F",
        {"facility": "0-7", "number": "8-39"},
        sources=_ANY,
        strength=Strength.SERIAL_NUMBER,
    ),
    *(
        _format(
            f"serial-{bits}",
            bits,
            f"serial reader, {bits} bits",
            "the reader's own framing",
            {"number": f"0-{bits - 1}"},
            sources=_SERIAL,
            strength=Strength.SERIAL_NUMBER,
        )
        for bits in (32, 40, 56)
    ),
)

PUBLISHED = (*_UP_TO_33, *_UP_TO_36, *_UP_TO_39, *_FROM_40, *_SERIAL_NUMBERS)
"""Every published format, shortest first, then the serial numbers of chips."""
