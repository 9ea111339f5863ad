"""The card formats that a door knows by name, and the one question it asks of a frame: is it a clean read?

The law: a format only says whether bits were read cleanly; permission is by whole identity, never by facility code.
The layouts are in `contract.published_formats`; a site's own come from `contract.site_formats`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from contract.card_format import CardFormat
from contract.credential import Identity, Source
from contract.published_formats import PUBLISHED

FORMATS: Final[Mapping[str, CardFormat]] = MappingProxyType({each.name: each for each in PUBLISHED})


def read(
    source: Source, bits: str, allowed: Iterable[str], known: Mapping[str, CardFormat] = FORMATS
) -> Identity | None:
    """The identity of `bits` if one of the `allowed` formats (names) fits them, else None: not a clean read.

    `known`: the formats by name, when a site has its own. A name that is not known fits nothing.
    """
    try:
        for name in allowed:
            one = known.get(name)
            if one is not None and source in one.sources and one.fits(bits):
                return Identity(source, bits)
    except ValueError:  # not made of 0 and 1 alone
        return None
    return None
