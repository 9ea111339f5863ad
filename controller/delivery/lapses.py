"""Controlled exits whose sign-off ran out: they run as recorded, and that is told as an alarm, once for each lapse."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from contract.policy import ExitMode
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import door as doors
from controller.premises import sign_off
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import alarm


def tell(session: Session, site: Site, now: datetime) -> None:
    """Raise the alarms that are due."""
    controlled = [each for each in doors.points_of_site(session, site) if each.exit_mode == ExitMode.CONTROLLED]
    for point, last in sign_off.lapsed(session, controlled, now):
        door = session.get_one(Door, point.door_id)
        if last is None and alarm.is_waiting(session, alarm.SIGN_OFF_LAPSED, door.agent_id):
            continue
        subjects = {"access_point": point.id, "door": door.id, "areas": [point.guarded_area_id]}
        place = append(session, Kind.SIGN_OFF_LAPSED, "controller", now, subjects, {"runs_as": ExitMode.RECORDED})
        alarm.raise_alarm(session, alarm.SIGN_OFF_LAPSED, now, place, door.agent_id, door.id)
        if last is not None:
            last.lapse_told_at = now
