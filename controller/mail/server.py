"""The mail server: one connection that is encrypted and verified, or none; and one mail as bytes.

The law: nothing is said to a server that is not verified, and no password is sent before. What a server answers is a
number here: its text may name people.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import Final

from controller.mail.outbox import OutgoingMail
from controller.settings import MailSettings
from process import outgoing_tls

TIMEOUT_S: Final = 20.0
AWAY = OSError
"""What comes of a server that is out of reach, not what it should be, or busy: SMTPException and SSLError are kinds of
it."""

_CLOSING = 421


class Answer(StrEnum):
    """What became of a mail; LATER: the server did not take it now."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"


@contextmanager
def connection(mail: MailSettings, password: str | None) -> Iterator[smtplib.SMTP]:
    """A connection on which mail may be sent; AWAY when there is none, or none as the settings ask for."""
    with _opened(mail) as server:
        if mail.security == "starttls":
            server.starttls(context=outgoing_tls.verifying(mail.ca))
        if mail.user is not None and password is not None:
            server.login(mail.user, password)
        yield server


def _opened(mail: MailSettings) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=outgoing_tls.verifying(mail.ca))
    return smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)


def hand_over(server: smtplib.SMTP, sender: str, mail: OutgoingMail) -> tuple[Answer, int]:
    """Send one mail: what became of it, and the server's number. AWAY when the connection is of no more use."""
    try:
        server.send_message(as_message(sender, mail), sender, [mail.recipient])
    except smtplib.SMTPRecipientsRefused as flaw:
        return _refused(flaw.recipients[mail.recipient][0], for_good=True)
    except smtplib.SMTPDataError as flaw:
        return _refused(flaw.smtp_code, for_good=True)
    except smtplib.SMTPSenderRefused as flaw:
        # That is about us, not about this mail: whoever looks after the server can mend it.
        return _refused(flaw.smtp_code, for_good=False)
    return Answer.TAKEN, 250


def _refused(code: int, *, for_good: bool) -> tuple[Answer, int]:
    if code == _CLOSING:
        raise smtplib.SMTPServerDisconnected
    return Answer.NEVER if for_good and 500 <= code < 600 else Answer.LATER, code


def as_message(sender: str, mail: OutgoingMail) -> EmailMessage:
    """The same message at every try. Answering machines must not answer it."""
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = mail.recipient
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(mail.made_at)
    made["Message-ID"] = mail.message_id
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.body, charset="utf-8", cte="base64")
    return made
