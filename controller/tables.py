"""Every table of every wing, in one metadata: what the migrations must lead to."""

from __future__ import annotations

from controller.database import Base
from controller.delivery import issued
from controller.ledger import ledger
from controller.people import cardholder, credential, operator, permission, pin
from controller.premises import agent, area, calendar, door, format, pin_rule, schedule, site
from controller.record import alarm, fact, occupancy, overruled, stay

PREMISES = (site, area, calendar, schedule, format, agent, door, pin_rule)
PEOPLE = (cardholder, credential, pin, permission, operator)
WINGS = (ledger, *PREMISES, *PEOPLE)
WINGS_ABOVE = (fact, occupancy, stay, alarm, overruled, issued)
METADATA = Base.metadata
