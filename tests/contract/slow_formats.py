"""A second, slow and independent writing of card formats, from drawings as vendors print them; imports nothing of ours.

F facility, N number, I issue, P parity, 1 always one, . unused. Below it one line a parity: E or O at its own bit, X
where it covers. Parities are computed from the last line up, as far as one covers another.
"""

from __future__ import annotations

FIELDS = {"F": "facility", "N": "number", "I": "issue"}

DRAWINGS: dict[str, list[str]] = {
    "H10301": [
        "PFFFFFFFFNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXX.............",
        ".............XXXXXXXXXXXXO",
    ],
    "ATSW30": [
        "PFFFFFFFFFFFFNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXX.................",
        ".............XXXXXXXXXXXXXXXXO",
    ],
    "Kastle": [
        "P1IIIIIFFFFFFFFNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXXXXXX...............",
        "..............XXXXXXXXXXXXXXXXXO",
    ],
    "D10202": [
        "PFFFFFFFNNNNNNNNNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXXXXXX................",
        "................XXXXXXXXXXXXXXXXO",
    ],
    "H10306": [
        "PFFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXXXXXX.................",
        ".................XXXXXXXXXXXXXXXXO",
    ],
    "C1k35s": [
        "PPFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNNP",
        "OXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        ".XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.O",
        ".EXX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.",
    ],
    "S12906": [
        "PFFFFFFFFIINNNNNNNNNNNNNNNNNNNNNNNNP",
        "OXXXXXXXXXXXXXXXXX..................",
        ".................XXXXXXXXXXXXXXXXXXO",
    ],
    "H10302": [
        "PNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXXXXXXXX..................",
        "..................XXXXXXXXXXXXXXXXXXO",
    ],
    "H10304": [
        "PFFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXXXXXXXX..................",
        "..................XXXXXXXXXXXXXXXXXXO",
    ],
    "HGen37": [
        "P.PPNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN1",
        "E...X...X...X...X...X...X...X...X....",
        "..O...X...X...X...X...X...X...X...X..",
        "...E...X...X...X...X...X...X...X...X.",
    ],
    "C1k48s": [
        "PPFFFFFFFFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNNNNNP",
        "OXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "..XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.O",
        ".E.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.",
    ],
}


def encoded(name: str, values: dict[str, int]) -> str:
    drawing, *parities = DRAWINGS[name]
    bits = {place: "1" if letter == "1" else "0" for place, letter in enumerate(drawing)}
    for letter, field in FIELDS.items():
        places = [place for place, each in enumerate(drawing) if each == letter]
        number = values.get(field, 0)
        for place in reversed(places):
            bits[place] = "1" if number % 2 else "0"
            number //= 2
        assert number == 0, "the value does not fit its field"
    for line in reversed(parities):
        own = next(place for place, letter in enumerate(line) if letter in "EO")
        ones = len([place for place, letter in enumerate(line) if letter == "X" and bits[place] == "1"])
        bits[own] = str(ones % 2) if line[own] == "E" else str(1 - ones % 2)
    return "".join(bits[place] for place in range(len(drawing)))


def largest(name: str) -> dict[str, int]:
    """The largest value of each field that the drawing has."""
    counts = {field: DRAWINGS[name][0].count(letter) for letter, field in FIELDS.items()}
    return {field: 2**count - 1 for field, count in counts.items() if count}


def cases(name: str) -> list[dict[str, int]]:
    """Values to publish: ones, the largest, every other bit, a number that looks random and is not."""
    most = largest(name)
    return [
        dict.fromkeys(most, 1),
        most,
        {field: value // 3 for field, value in most.items()},
        {field: value * 1009 // 2741 for field, value in most.items()},
    ]
