"""Every table of every wing, in one metadata: what the migrations must lead to."""

from __future__ import annotations

from controller.database import Base
from controller.delivery import issued, posture, receipts, sharing
from controller.feeds import feed, signing_secret
from controller.ledger import ledger
from controller.mail import outbox
from controller.people import (
    access_level,
    attribute,
    card_end,
    cardholder,
    credential,
    level_change,
    operator,
    operator_session,
    passkey,
    permission,
    photo,
    pin,
    provider_identity,
    second_factor,
    sign_in_failure,
    training,
    widening,
)
from controller.premises import (
    agent,
    area,
    calendar,
    door,
    door_move,
    floor_plan,
    format,
    pin_rule,
    schedule,
    sign_off,
    site,
)
from controller.record import alarm, door_state, fact, hearing, judgement, occupancy, overruled, saved_report, stay

PREMISES = (site, area, calendar, schedule, format, agent, door, door_move, floor_plan, pin_rule, sign_off)
OPERATORS = (operator, operator_session, passkey, provider_identity, second_factor, sign_in_failure)
HOLDERS = (cardholder, attribute, card_end, credential, photo, pin, training)
PEOPLE = (*HOLDERS, access_level, permission, level_change, widening, *OPERATORS)
WINGS = (ledger, *PREMISES, *PEOPLE)
RECORD = (fact, door_state, occupancy, stay, alarm, overruled, judgement, hearing, saved_report)
WINGS_ABOVE = (*RECORD, issued, posture, receipts, sharing, outbox, feed, signing_secret)
METADATA = Base.metadata
