"""`controller serve`: the one process of the centre that speaks to the agents.

It brings the tables up to date, makes the site's keys at its first start, prints the one-time link for the first
operator as long as there is none, and then follows the ledger: woken by a poke, and once a second in any case.
"""

from __future__ import annotations

import contextlib
import fcntl
import queue
import sys
import threading
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from contract.topic import every_up
from controller import database, poke
from controller.database import transaction
from controller.delivery import authority as keys
from controller.delivery.authority import Authority
from controller.delivery.link import Link
from controller.people import operator
from controller.premises import building, site
from controller.settings import ControllerSettings
from process import logs, settings
from process.mqtt_session import MqttSession, TlsFiles
from process.readiness import StopSignal, Watchdog, say_ready

POLL_S = 1.0
CANNOT_START = 3
_ONE_CONTROLLER = 0x5E415341
_log = logs.logger("controller")


class SecondControllerError(RuntimeError):
    """Another controller serves this database."""

    safe_to_log = True


def serve(path: Path) -> int:
    """Serve by the settings in `path` until told to stop; the exit code (0, or 3 when it cannot start)."""
    told = settings.load(path, ControllerSettings)
    logs.configure("controller", told.log_level)
    engine = database.open_database(told.database)
    stop = StopSignal()
    try:
        with only_one(engine):
            database.migrate(engine)
            authority = prepare(engine, told, datetime.now(UTC))
            _run(engine, told, authority, stop)
    except SecondControllerError as flaw:
        sys.stderr.write(f"{flaw}\n")
        return CANNOT_START
    finally:
        stop.close()
        engine.dispose()
    return 0


def prepare(engine: Engine, told: ControllerSettings, now: datetime) -> Authority:
    """Make what a first start lacks: keys, building; and print the first operator's link while there is none."""
    if not (told.keys / "signing.key").exists():
        keys.found(told.keys, told.site, now)
    authority = keys.open_authority(told.keys)
    with transaction(engine) as session:
        if told.building is not None:
            plan = tomllib.loads(told.building.read_text(encoding="utf-8"))
            building.load(session, operator.HOST, now, plan)
        own = site.by_key(session, told.site)
        link = operator.first_link(session, now, own) if own is not None else None
    if link is not None:
        sys.stderr.write(f"first operator: {told.public_url}/set-up/{link}\n")
        sys.stderr.flush()
    return authority


@contextlib.contextmanager
def only_one(engine: Engine) -> Iterator[None]:
    """Hold this database for one controller; SecondControllerError when another has it."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _ONE_CONTROLLER}):
                raise SecondControllerError("another controller serves this database")
            connection.commit()
            yield
        return
    with Path(f"{engine.url.database}.controller").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as flaw:
            raise SecondControllerError("another controller serves this database") from flaw
        yield


def _run(engine: Engine, told: ControllerSettings, authority: Authority, stop: StopSignal) -> None:
    broker = told.broker
    link = Link(engine, told.site, authority, lambda topic, data: session.publish(topic, data))  # noqa: PLW0108 - made next
    tls = TlsFiles(broker.ca, broker.certificate, broker.key)
    name = keys.controller_name(told.site)
    session = MqttSession(name, broker.host, broker.port, tls, link.arrive, link.wake)
    session.subscribe([every_up(told.site)])
    session.start()
    listener = poke.listen(engine)
    woken = threading.Thread(target=_hear, args=(listener, link, stop), name="poke", daemon=True)
    woken.start()
    try:
        link.follow(datetime.now(UTC))
        say_ready()
        logs.event(_log, "serving", site=told.site)
        _work(engine, link, stop)
    finally:
        session.stop()
        woken.join(2 * POLL_S)
        listener.close()


def _work(engine: Engine, link: Link, stop: StopSignal) -> None:
    watchdog, told = Watchdog(), 0
    while not stop.is_set():
        stored = False
        with contextlib.suppress(queue.Empty):
            arrived = link.inbox.get(timeout=POLL_S)
            if arrived is not None:
                stored = link.take(arrived, datetime.now(UTC))
        if stored:
            poke.ring(engine)
        if not stored or link.inbox.empty():
            sent = link.follow(datetime.now(UTC))
            if sent:
                logs.event(_log, "lists_issued", count=sent)
        told = _tell_refused(link, told)
        watchdog.ping(datetime.now(UTC).timestamp())


def _tell_refused(link: Link, told: int) -> int:
    """Log refused messages by their number only, and not one by one."""
    total = link.refused.total()
    if total >= max(1, 2 * told):
        logs.event(_log, "messages_refused", level="warning", total=total)
        return total
    return told


def _hear(listener: poke.Listener, link: Link, stop: StopSignal) -> None:
    while not stop.is_set():
        if listener.wait(POLL_S):
            link.wake()
