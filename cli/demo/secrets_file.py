"""The demo's random secrets: made once per data folder, kept in one private file, printed again at every start."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cli.demo.building import CARD_BITS
from cli.demo.cast import OPERATORS, PEOPLE
from cli.demo.folder import write_private

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for one another."""


@dataclass(frozen=True, slots=True)
class OperatorSecret:
    """What an operator signs in with; `api_token` is empty until it was issued."""

    name: str
    role: str
    password: str
    api_token: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a cardholder: what its serial readers deliver."""

    cardholder: str
    bits: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Secrets:
    operators: tuple[OperatorSecret, ...]
    cards: tuple[Card, ...]


def draw() -> Secrets:
    """New ones for the whole cast; no two cards are alike."""
    numbers: dict[int, None] = {}
    while len(numbers) < len(PEOPLE):
        numbers[secrets.randbits(CARD_BITS)] = None
    return Secrets(
        tuple(OperatorSecret(part.name, part.role, _password()) for part in OPERATORS),
        tuple(
            Card(person.name, f"{number:0{CARD_BITS}b}", person.lost)
            for person, number in zip(PEOPLE, numbers, strict=True)
        ),
    )


def unknown_card(cards: Sequence[Card]) -> str:
    """The bits of a card that nobody has."""
    taken = {card.bits for card in cards}
    while (bits := f"{secrets.randbits(CARD_BITS):0{CARD_BITS}b}") in taken:
        continue
    return bits


def save(path: Path, known: Secrets) -> None:
    write_private(path, asdict(known))


def read(path: Path) -> Secrets:
    """What `save` wrote; ValueError or OSError when it is not there or not whole."""
    found = json.loads(path.read_text(encoding="utf-8"))
    try:
        operators = tuple(OperatorSecret(**each) for each in found["operators"])
        return Secrets(operators, tuple(Card(**each) for each in found["cards"]))
    except (KeyError, TypeError) as flaw:
        raise ValueError(f"{path} is not what the demo wrote") from flaw


def _password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
