"""At how many doors a change is in force and how each of them stands: the part of a page that looks again by itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import overview
from controller.delivery.distribution import InForce
from controller.delivery.reach import AtDoor


def at_doors(session: Session, found: tuple[InForce, list[AtDoor]], where: str) -> dict[str, Any]:
    """What `posture/doors.html` needs. where: the address at which it looks again; a door that is held open lets people
    in whatever it carries, so each says how it stands."""
    at = now()
    return {
        "state": found[0],
        "at_doors": found[1],
        "standing": overview.doors(session, centre().site(session), at),
        "at": at,
        "where": where,
        "tries": forms.tries(),
    }
