"""The demo's random secrets: made once per data folder, kept in one private file, printed again at every start."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cli.demo.cast import OPERATORS, PEOPLE
from cli.demo.folder import write_private
from contract.formats import FORMATS

FACILITY: Final = 77
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
    """One card of a cardholder; `identities`: the bits that each class of reader makes of it."""

    cardholder: str
    identities: Mapping[str, str]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Secrets:
    operators: tuple[OperatorSecret, ...]
    cards: tuple[Card, ...]


def draw() -> Secrets:
    """New ones for the whole cast; no two cards are alike."""
    cards: list[Mapping[str, str]] = []
    while len(cards) < len(PEOPLE):
        cards.append(unknown_card(cards))
    return Secrets(
        tuple(OperatorSecret(part.name, part.role, _password()) for part in OPERATORS),
        tuple(Card(person.name, identities, person.lost) for person, identities in zip(PEOPLE, cards, strict=True)),
    )


def unknown_card(cards: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """The identities of a card of which no reader makes what it makes of one of these."""
    taken = {identity for card in cards for identity in card.items()}
    card = _card()
    while not taken.isdisjoint(card.items()):
        card = _card()
    return card


def _card() -> dict[str, str]:
    """A dual card: a 125 kHz number for Wiegand readers, a chip whose serial number the others read in their ways."""
    number = FORMATS["H10301"].encode({"facility": FACILITY, "number": secrets.randbelow(65_536)})
    return {"serial-hex": f"{secrets.randbits(40):040b}", "wiegand": number, "osdp": f"{secrets.randbits(56):056b}"}


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
