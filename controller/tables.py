"""Every table of every wing, in one metadata: what the migrations must lead to."""

from __future__ import annotations

from controller.database import Base
from controller.delivery import issued, posture, sharing
from controller.ledger import ledger
from controller.mail import outbox
from controller.people import (
    attribute,
    cardholder,
    credential,
    operator,
    operator_session,
    passkey,
    permission,
    photo,
    pin,
    second_factor,
    sign_in_failure,
    training,
)
from controller.premises import agent, area, calendar, door, floor_plan, format, pin_rule, schedule, sign_off, site
from controller.record import alarm, door_state, fact, occupancy, overruled, stay

PREMISES = (site, area, calendar, schedule, format, agent, door, floor_plan, pin_rule, sign_off)
OPERATORS = (operator, operator_session, passkey, second_factor, sign_in_failure)
PEOPLE = (cardholder, attribute, credential, photo, pin, permission, training, *OPERATORS)
WINGS = (ledger, *PREMISES, *PEOPLE)
WINGS_ABOVE = (fact, door_state, occupancy, stay, alarm, overruled, issued, posture, sharing, outbox)
METADATA = Base.metadata
