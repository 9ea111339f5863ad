"""Before a card is given to somebody: what its bits may mean, and what to beware of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.card_format import Reading
from contract.credential import Identity
from contract.formats import FORMATS
from contract.reading import Caution, cautions, printed, readings
from controller.people.credential import IdentityRow
from controller.premises import format as formats
from controller.premises.site import Site


@dataclass(frozen=True, slots=True)
class Examined:
    """Every reading that fits, the likeliest first, and the reasons to look twice."""

    readings: tuple[Reading, ...]
    cautions: tuple[Caution, ...]


def fitting(session: Session, site: Site, identity: Identity) -> tuple[Reading, ...]:
    """Every reading that fits, the likeliest first, by the published formats and the site's own."""
    return fitting_each(session, site, [identity])[identity]


def fitting_each(session: Session, site: Site, identities: Iterable[Identity]) -> dict[Identity, tuple[Reading, ...]]:
    """The same of many; the formats are read once."""
    known = {**FORMATS, **formats.of_site(session, site)}.values()
    return {
        identity: tuple(each for each in readings(identity.bits, known, identity.source) if each.fits)
        for identity in identities
    }


def in_a_line(found: Iterable[Reading]) -> str:
    """The likeliest of them, to be compared with what is printed on the card."""
    return " · ".join(" ".join((each.format.name, *printed(each)[:1])) for each in islice(found, 3))


def examine(session: Session, site: Site, identity: Identity) -> Examined:
    """What `identity` may be, beside all that is enrolled already."""
    found = fitting(session, site, identity)
    enrolled = session.scalars(select(IdentityRow.text).where(IdentityRow.site_id == site.id))
    return Examined(found, cautions(identity, found, [Identity.parse(each) for each in enrolled]))
