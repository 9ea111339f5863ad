"""A site's own card formats: tables (TOML, or an object in a message) become formats, or a list of all their flaws.

The law: one grammar wherever a format is written down, and `as_table` writes what `from_table` reads. An own format
never takes the name of a published one. docs/installer/card-formats.md teaches the grammar.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from contract import shape
from contract.canonical import Object, Value
from contract.card_format import BadLayout, CardFormat, Strength
from contract.credential import Source
from contract.formats import FORMATS
from contract.layout import Coding, Field, Parity, positions, spans

MOST_FORMATS = 64
_LARGEST_FILE = 1 << 18
_LARGEST_SHOWN = 10**30
_KEYS = ("name", "title", "length", "sources", "fields", "parity", "one", "zero", "unused", "strength", "origin")
_FIELD_KEYS = ("bits", "coding", "least", "most")
_PARITY_KEYS = ("bit", "kind", "covers")
_KINDS = {"even": False, "odd": True}


class BadFormats(BadLayout):
    """One or more formats of a site cannot be used; `flaws` holds every reason, each with its mend."""


def parse(text: str) -> dict[str, CardFormat]:
    """The formats of a TOML text (tables `[[format]]`), by name; BadFormats, and nothing else, for any other text."""
    if len(text) > _LARGEST_FILE:
        raise BadFormats([f"the file is longer than {_LARGEST_FILE} characters: it is not a file of card formats"])
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as flaw:
        raise BadFormats([f"not TOML: {str(flaw)[:200]}"]) from flaw
    strange = sorted(data.keys() - {"format"})
    if strange:
        raise BadFormats([f"{_shown(strange[0])} is not known here; every format begins with [[format]]"])
    return from_tables(data.get("format"))


def from_tables(tables: object) -> dict[str, CardFormat]:
    """The formats of decoded tables, by name; BadFormats with the flaws of all of them."""
    if not isinstance(tables, list) or not 1 <= len(tables) <= MOST_FORMATS:
        raise BadFormats([f"there must be 1 to {MOST_FORMATS} formats, each beginning with [[format]]"])
    flaws: list[str] = []
    found: dict[str, CardFormat] = {}
    for number, table in enumerate(tables, 1):
        place = f"format {number}"
        try:
            one = from_table(table)
        except BadLayout as flaw:
            named = table.get("name") if isinstance(table, dict) else None
            flaws += [f"{place}{f' ({_shown(named)})' if named else ''}: {each}" for each in flaw.flaws]
            continue
        flaws += [f"{place}: {each}" for each in _collisions(one.name, found)]
        found[one.name] = one
    if flaws:
        raise BadFormats(flaws)
    return found


def from_table(table: object) -> CardFormat:
    """One format; BadLayout with the first thing that has a wrong shape, or with every contradiction of its layout."""
    if not isinstance(table, dict):
        raise BadLayout(["is not a table"])
    _known(table, _KEYS, "a format")
    with _as_flaw():
        return CardFormat(
            shape.text(table, "name", 40),
            tuple(Source(_word(each, list(Source), "sources")) for each in shape.texts(table, "sources", len(Source))),
            shape.integer(table, "length", 1, 9999),
            _fields(table),
            tuple(_parity(each) for each in shape.children({"parity": [], **table}, "parity", 64)),
            _places(table, "one"),
            _places(table, "zero"),
            _places(table, "unused"),
            shape.text({"title": "", **table}, "title", 100),
            Strength(_word(table.get("strength", Strength.OPEN_NUMBER), list(Strength), "strength")),
            shape.text({"origin": "", **table}, "origin", 200),
        )


def as_table(found: CardFormat) -> Object:
    """The table that `from_table` reads as `found`; canonical JSON writes it in one way only."""
    parities: list[Value] = [
        {"bit": each.bit, "kind": "odd" if each.odd else "even", "covers": spans(each.covers)}
        for each in found.parities
    ]
    fields: Object = {each.name: _field_table(each) for each in found.fields}
    sources: list[Value] = [str(each) for each in found.sources]
    return {
        "name": found.name,
        "title": found.title,
        "length": found.length,
        "sources": sources,
        "fields": fields,
        "parity": parities,
        "one": spans(found.ones),
        "zero": spans(found.zeros),
        "unused": spans(found.unused),
        "strength": str(found.strength),
        "origin": found.origin,
    }


def preview(found: CardFormat) -> Object:
    """The format as it is understood, for a person who checks it: its table, drawing, unprotected bits and namesakes
    in length, between which only an access point's own list of formats decides."""
    drawn: list[Value] = list(found.drawn())
    same: list[Value] = [each.name for each in FORMATS.values() if each.length == found.length]
    return {**as_table(found), "drawn": drawn, "unprotected": spans(found.unprotected()), "same_length": same}


def _field_table(each: Field) -> Object:
    most = {} if each.most is None else {"most": each.most}
    return {"bits": spans(each.bits), "coding": str(each.coding), "least": each.least, **most}


def _fields(table: Object) -> tuple[Field, ...]:
    found = []
    for name, value in shape.child(table, "fields").items():
        data: Object = {"bits": value} if isinstance(value, str) else {}
        data = value if isinstance(value, dict) else data
        _known(data, _FIELD_KEYS, f"field {_shown(name)}")
        coding = Coding(_word(data.get("coding", Coding.BINARY), list(Coding), f"coding of {_shown(name)}"))
        least = shape.integer({"least": 0, **data}, "least")
        most = shape.integer(data, "most") if "most" in data else None
        found.append(Field(name, _places(data, "bits"), coding, least, most))
    return tuple(found)


def _parity(data: Object) -> Parity:
    _known(data, _PARITY_KEYS, "a parity")
    kind = _word(data.get("kind"), _KINDS, "kind")
    return Parity(shape.integer(data, "bit", 0, 9999), _places(data, "covers"), _KINDS[kind])


def _places(table: Object, key: str) -> tuple[int, ...]:
    """The positions under `key`; bits are written as a text, one bit may be a bare number, nothing is no bits."""
    value = table.get(key, "")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise shape.BadShape(f'{key} must be bits, such as "9-24" or "1,3,5-8"')
    return positions(value[:4096])


def _word(value: object, words: Collection[str], key: str) -> str:
    if isinstance(value, str) and value in words:
        return value
    raise shape.BadShape(f"{key} must be one of {', '.join(words)}, not {_shown(value)}")


def _known(data: Object, keys: Collection[str], what: str) -> None:
    for key in data:
        if key not in keys:
            near = difflib.get_close_matches(key[:40], list(keys), n=1, cutoff=0.5)
            mend = f"did you mean {near[0]}?" if near else f"it has {', '.join(keys)}"
            raise BadLayout([f"{what} has no {_shown(key)}; {mend}"])


def _collisions(name: str, found: Mapping[str, CardFormat]) -> Iterator[str]:
    """Names differ by more than upper and lower case, or people mix them up."""
    for taken in (*FORMATS, *found):
        if taken.lower() == name.lower():
            whose = "a published format" if taken in FORMATS else "another of these formats"
            yield f"the name {name} is taken by {whose}; rename it"


def _shown(value: object) -> str:
    """A few signs of a plain value, and of any other only what it is: it may be too long or deep to be written."""
    if isinstance(value, str):
        return repr(value[:40])[:40]
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < _LARGEST_SHOWN):
        return repr(value)
    return f"a value of type {type(value).__name__}"


@contextmanager
def _as_flaw() -> Iterator[None]:
    try:
        yield
    except BadLayout:
        raise
    except ValueError as flaw:
        raise BadLayout([str(flaw)]) from flaw
