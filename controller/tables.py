"""Every table of every wing, in one metadata: what the migrations must lead to."""

from __future__ import annotations

from controller.database import Base
from controller.delivery import issued, sharing
from controller.ledger import ledger
from controller.people import cardholder, credential, operator, permission
from controller.premises import agent, area, calendar, door, format, schedule, site
from controller.record import alarm, fact, occupancy, overruled, stay

WINGS = (ledger, site, area, calendar, schedule, format, agent, door, cardholder, credential, permission, operator)
WINGS_ABOVE = (fact, occupancy, stay, alarm, overruled, issued, sharing)
METADATA = Base.metadata
