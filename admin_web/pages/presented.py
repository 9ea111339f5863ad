"""Cards presented lately that belong to nobody, and the form in which one is given to somebody."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from admin_web.pages import forms
from contract.credential import Identity
from controller.people.enrolment import fitting_each, in_a_line
from controller.premises.site import Site
from controller.record import enquiry
from controller.record.fact import FactRow
from controller.refusal import Refused


@dataclass(frozen=True, slots=True)
class Presented:
    """The latest fact of it, the identity to enrol it by, and what its bits may mean, in a line."""

    fact: FactRow
    identity: Identity
    meaning: str


def presented(session: Session, site: Site) -> list[Presented]:
    """The latest first."""
    unknown = enquiry.unknown_cards(session)
    found = fitting_each(session, site, [identity for _, identity in unknown])
    return [Presented(row, identity, in_a_line(found[identity])) for row, identity in unknown]


def chosen_identity() -> Identity:
    """The identity that the form names: typed, or else chosen among those presented; Refused identity-missing."""
    try:
        return Identity.parse(forms.text("typed", 160) or forms.text("identity", 160))
    except ValueError as flaw:
        raise Refused("identity-missing") from flaw
