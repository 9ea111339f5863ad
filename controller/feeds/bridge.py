"""The bridge to Home Assistant's broker: says what has changed, once a second, and everything after each connection.

The law: it publishes and never subscribes. Everything is retained, so whoever connects later sees the house as it is,
and the broker says *offline* for us when we vanish.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine

from controller import database
from controller.database import reading, transaction
from controller.feeds import home_assistant
from controller.feeds import host_feed as host_feeds
from controller.feeds.home_assistant import OFFLINE, ONLINE
from controller.premises import site as sites
from controller.settings import ControllerSettings, HomeAssistantSettings
from process import logs, secret_file
from process.mqtt_session import MqttSession, TlsFiles, Trust
from process.readiness import StopSignal

POLL_S: Final = 1.0
_log = logs.logger("home-assistant")


class Bridge:
    """Begun once in a process; `turn` belongs to one thread."""

    def __init__(self, engine: Engine, site: str, told: HomeAssistantSettings) -> None:
        self._engine, self._site, self._told = engine, site, told
        self._said: dict[str, str] = {}
        self._anew = threading.Event()
        self._there = home_assistant.availability(site, told)
        password = secret_file.first_line(told.password, "home_assistant.password") if told.password else None
        account = (told.user, password) if told.user is not None and password is not None else None
        self._session = MqttSession(
            f"sekisho-feed.{site}",
            told.host,
            told.port,
            _trust(told),
            lambda _topic, _payload: None,
            self._anew.set,
            will=(self._there, OFFLINE.encode()),
            will_retained=True,
            account=account,
        )
        self._was_connected: bool | None = None

    def run(self, stop: StopSignal) -> None:
        """Say what changes until told to stop; then say that nothing more is said."""
        self._session.start()
        while not stop.is_set():
            try:
                self.turn(datetime.now(UTC))
            except database.AWAY as flaw:
                logs.event(_log, "database_away", level="error", error=flaw)
            stop.wait(POLL_S)
        self._session.publish(self._there, OFFLINE.encode(), retain=True)
        self._session.stop()

    def turn(self, now: datetime) -> None:
        """Say everything that is not as it was said last."""
        connected = self._session.connected
        if connected is not self._was_connected:
            self._note(now, connected=connected)
        if not connected:
            return
        if self._anew.is_set():
            self._anew.clear()
            self._said.clear()
        with reading(self._engine) as session:
            site = sites.by_key(session, self._site)
            if site is None:
                return
            wanted = home_assistant.states(session, site, now, self._told)
        for topic, payload in {**wanted, self._there: ONLINE}.items():
            if self._said.get(topic) != payload and self._session.publish(topic, payload.encode("utf-8"), retain=True):
                self._said[topic] = payload

    def _note(self, now: datetime, *, connected: bool) -> None:
        """For the page: whether the broker is reached."""
        with transaction(self._engine) as session:
            host_feeds.reached(session, self._site, now, connected=connected)
        self._was_connected = connected


def _trust(told: HomeAssistantSettings) -> TlsFiles | Trust:
    if told.certificate is None or told.key is None:
        return Trust(told.ca)
    return TlsFiles(told.ca, told.certificate, told.key)


@contextmanager
def bridging(engine: Engine, told: ControllerSettings, stop: StopSignal) -> Iterator[None]:
    """A bridge at work on a thread of its own, if one is set up; the list of feeds says so either way."""
    with transaction(engine) as session:
        host_feeds.keep(session, told.site, datetime.now(UTC), told.home_assistant)
    if told.home_assistant is None:
        yield
        return
    bridge = Bridge(engine, told.site, told.home_assistant)
    thread = threading.Thread(target=bridge.run, args=(stop,), name="home-assistant", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(2 * POLL_S)
