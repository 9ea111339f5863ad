"""Every report by the key of its address, in the order in which an auditor would ask; and how one is asked."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy.orm import Session

from admin_web.centre import centre
from admin_web.reports import asking
from admin_web.reports.acts import ACTS
from admin_web.reports.alarms import ALARMS
from admin_web.reports.asking import Address, Asked
from admin_web.reports.covered import COVERED
from admin_web.reports.exempt import EXEMPT
from admin_web.reports.held import EXPIRING, UNUSED
from admin_web.reports.log import LOG
from admin_web.reports.lost import LOSSES
from admin_web.reports.mustered import MUSTER
from admin_web.reports.refused import REFUSED
from admin_web.reports.report import Question, Report
from controller.ledger import ledger

REPORTS = {each.key: each for each in (REFUSED, ALARMS, LOSSES, UNUSED, EXPIRING, EXEMPT, ACTS, COVERED)}
"""What has a page among the reports."""
EXPORTED = {LOG.key: LOG, **REPORTS, MUSTER.key: MUSTER}
"""What can be taken out as a file."""


def titled(key: str) -> str:
    """What the list is called of which a file was made: a report, or everybody."""
    return str(EXPORTED[key].title if key in EXPORTED else {"cardholders": gettext("Cardholders")}.get(key, key))


def asked_of(report: Report) -> Asked:
    """What the address of this request asks of `report`; of the last days when it says nothing of a time."""
    return usual(report, asking.asked())


def usual(report: Report, asked: Asked) -> Asked:
    """The same, of the last days when it says nothing of a time and the report is of one."""
    return asked.usual() if report.period else asked


def given(report: Report, asked: Asked) -> Address:
    """The filters as links carry them on, with what the address left open."""
    days = {"days": str(asked.days or report.days)} if report.days else {}
    return {**asking.address(asked, report.fields), **days}


def page_of(key: str) -> str:
    """The endpoint of the page that shows what a file of this report holds."""
    return {LOG.key: "log.listed", MUSTER.key: "muster.page"}.get(key, "reports.page")


def question(session: Session, asked: Asked, head: int | None = None) -> Question:
    """The question as it is put now, or as it was when the ledger reached to `head`."""
    return Question(session, centre().site(session), asked, ledger.head(session) if head is None else head)
