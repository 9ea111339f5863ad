"""Who counts as a second person: somebody whose account the first one cannot have made up.

Whoever makes the link by which another account gets its password may have used it themselves. So every account is
vouched for: by the operator who made its link, or by the host. Two operators are two people when the chains of those
who vouched for them end at different people. The owner of the host may vouch for an account: recorded, by command only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.operator import HOST, Operator, by_name
from controller.premises.site import Site
from controller.refusal import Refused

ONE_PERSON: Final = ("same-person", "not-independent")
"""The codes by which `require_second_person` refuses."""


def require_second_person(session: Session, first_id: int, second: Operator) -> None:
    """Refused same-person, or not-independent when one person may stand behind both accounts."""
    if first_id == second.id:
        raise Refused("same-person")
    if origin(session, session.get_one(Operator, first_id)) == origin(session, second):
        raise Refused("not-independent")


def origin(session: Session, operator: Operator) -> int:
    """The id of the one account, vouched for by the host, that this one goes back to; its own when it is that one."""
    seen = {operator.id}
    while operator.vouched_by is not None and operator.vouched_by not in seen:
        operator = session.get_one(Operator, operator.vouched_by)
        seen.add(operator.id)
    return operator.id


def vouch(session: Session, now: datetime, site: Site, name: str) -> Operator:
    """The host says that a person of their own holds this account; recorded. Refused operator-unknown."""
    operator = by_name(session, site, name)
    if operator is None:
        raise Refused("operator-unknown")
    operator.vouched_by = None
    append(session, Kind.OPERATOR_VOUCHED, HOST, now, {"operator": operator.id})
    return operator


def record_refusal(session: Session, by: Operator, now: datetime, subjects: Mapping[str, int], code: str) -> None:
    """An approval that would have made one person two is a row of its own: the refused change left none. subjects:
    what was to be approved, such as `{"grant": 7}`."""
    append(session, Kind.APPROVAL_REFUSED, by.actor, now, {**subjects, "operator": by.id}, {"reason": code})
