"""The postman: writes what is to be told into the outbox and brings what is there to the mail server.

The law: no transaction is open while it speaks with the server. A server that is away costs nothing but time: a mail is
tried again after pauses that grow, and given up after three days, which the log says.
"""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from controller import database
from controller.database import reading, transaction
from controller.mail import news, outbox, server
from controller.mail.news import Asked
from controller.mail.outbox import OutgoingMail, Told
from controller.mail.server import Answer
from controller.patience import Patience
from controller.premises import site as sites
from controller.premises.site import Site
from controller.settings import ControllerSettings, MailSettings
from process import logs, secret_file
from process.readiness import StopSignal

GIVE_UP_AFTER: Final = timedelta(days=3)
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=30)
LONGEST_AWAY: Final = timedelta(minutes=5)
POLL_S: Final = 1.0
_AT_ONCE = 20
_OF_A_MAIL = Patience(FIRST_PAUSE, LONGEST_PAUSE)
"""With a mail that the server does not take."""
_OF_THE_SERVER = Patience(FIRST_PAUSE, LONGEST_AWAY)
"""With a server that is away: then every mail waits, and goes out in its order as soon as it is back."""
_log = logs.logger("mail")


class Postman:
    """Begun once in a process; `turn` belongs to one thread."""

    def __init__(self, engine: Engine, site: str, public_url: str, mail: MailSettings) -> None:
        self._engine, self._site, self._public_url, self._mail = engine, site, public_url, mail
        self._password = secret_file.first_line(mail.password, "mail.password") if mail.password else None
        self._failures = 0
        self._away_since: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Start the topics that have recipients, and forget topics and recipients that are told no longer."""
        with transaction(self._engine) as session:
            outbox.begin(session, news.topics(self._mail), now)

    def run(self, stop: StopSignal) -> None:
        """Turn once a second until told to stop."""
        while not stop.is_set():
            try:
                self.turn(datetime.now(UTC))
            except database.AWAY as flaw:
                # What was sent and not crossed out yet is sent again, as the same mail.
                logs.event(_log, "database_away", level="error", error=flaw)
            stop.wait(POLL_S)

    def turn(self, now: datetime) -> None:
        """Write what is to be told now, and try what is due."""
        self._write(now)
        with reading(self._engine) as session:
            waiting = outbox.due(session, now, _AT_ONCE)
        if waiting and not self._is_away(now):
            self._send(waiting, now)

    def _write(self, now: datetime) -> None:
        """Look without keeping other writers waiting; only when there is news, look again and write."""
        asked = Asked(self._mail, self._public_url, now)
        with reading(self._engine) as session:
            site = sites.by_key(session, self._site)
            if site is None or not news.look(session, site, asked):
                return
        with transaction(self._engine) as session:
            self._tell(session, site, asked)

    def _send(self, waiting: Sequence[OutgoingMail], now: datetime) -> None:
        left = list(waiting)
        try:
            with server.connection(self._mail, self._password) as connected:
                while left:
                    self._hand_over(connected, left.pop(0), now)
            self._failures, self._away_since = 0, None
        except server.AWAY as flaw:
            logs.event(_log, "mail_server_away", level="warning", error=flaw, waiting=len(left))
            self._failures, self._away_since = self._failures + 1, now
            for each in left:
                if _too_old(each, now):
                    self._note(each, Answer.LATER, 0, now)

    def _hand_over(self, connected: smtplib.SMTP, mail: OutgoingMail, now: datetime) -> None:
        try:
            answer, code = server.hand_over(connected, self._mail.sender, mail)
        except server.AWAY:
            # Perhaps it is this mail that the server cannot stand: the others must not wait behind it.
            self._note(mail, Answer.LATER, 0, now)
            raise
        self._note(mail, answer, code, now)

    def _is_away(self, now: datetime) -> bool:
        """Whether the server was away a short while ago. Only this process knows: the next one tries at once."""
        since = self._away_since
        return since is not None and since <= now < since + _OF_THE_SERVER.pause(self._failures - 1)

    def _tell(self, session: Session, site: Site, asked: Asked) -> None:
        outbox.hold(session)
        for each in news.look(session, site, asked):
            told = session.get_one(Told, each.topic)
            told.sequence, told.until, told.mailed_at = each.sequence, each.until, asked.now
            if each.letter is not None:
                recipients = news.topics(self._mail)[each.topic]
                domain = self._mail.sender.rpartition("@")[2]
                kept = outbox.put(session, each.topic, each.letter, recipients, domain, asked.now)
                logs.event(_log, "mail_written", topic=each.topic, recipients=kept, left_out=len(recipients) - kept)

    def _note(self, mail: OutgoingMail, answer: Answer, code: int, now: datetime) -> None:
        """Cross out what was taken or is given up, and put off the rest."""
        given_up = answer is Answer.NEVER or (answer is Answer.LATER and _too_old(mail, now))
        with transaction(self._engine) as session:
            row = session.get(OutgoingMail, mail.id, with_for_update=True)
            if row is not None and (given_up or answer is Answer.TAKEN):
                session.delete(row)
            elif row is not None:
                row.due_at, row.attempts = now + _OF_A_MAIL.pause(row.attempts), row.attempts + 1
        if given_up:
            attempts = mail.attempts + 1
            logs.event(
                _log, "mail_given_up", level="error", topic=mail.topic, mail=mail.id, code=code, attempts=attempts
            )
        elif answer is Answer.LATER and code:
            logs.event(_log, "mail_put_off", level="warning", topic=mail.topic, mail=mail.id, code=code)


def _too_old(mail: OutgoingMail, now: datetime) -> bool:
    return now - mail.made_at >= GIVE_UP_AFTER


@contextmanager
def posted(engine: Engine, told: ControllerSettings, stop: StopSignal) -> Iterator[None]:
    """A postman at work, on a thread of its own, if mail is set up; what an earlier set-up left is forgotten if not."""
    if told.mail is None:
        with transaction(engine) as session:
            outbox.begin(session, {}, datetime.now(UTC))
        yield
        return
    postman = Postman(engine, told.site, told.public_url, told.mail)
    postman.begin(datetime.now(UTC))
    thread = threading.Thread(target=postman.run, args=(stop,), name="mail", daemon=True)
    thread.start()
    try:
        yield
    finally:
        # It may be waiting for a server that does not answer: what it has not crossed out is sent again.
        thread.join(2 * POLL_S)
