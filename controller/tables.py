"""Every table of every wing, in one metadata: what the migrations must lead to."""

from __future__ import annotations

from controller.database import Base
from controller.delivery import issued, posture
from controller.ledger import ledger
from controller.people import cardholder, credential, operator, permission
from controller.premises import agent, area, door, format, schedule, sign_off, site
from controller.record import alarm, fact, occupancy

WINGS = (ledger, site, area, schedule, format, agent, door, sign_off, cardholder, credential, permission, operator)
WINGS_ABOVE = (fact, occupancy, alarm, issued, posture)
METADATA = Base.metadata
