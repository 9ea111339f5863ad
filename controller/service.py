"""`controller serve`: the one process of the centre that speaks to the agents.

It brings older tables up to date (and refuses newer ones), makes the site's keys at its first start, hands over the
one-time link for the first operator as long as there is none, and then follows the ledger: woken by a poke, and once a
second in any case. A database that goes away is waited for.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from contract.topic import every_up
from controller import claims, database, far_database, first_link, poke
from controller.claims import Claim, SecondControllerError
from controller.database import AWAY, NewerDatabaseError, transaction
from controller.delivery import authority as keys
from controller.delivery.authority import Authority
from controller.delivery.link import Link
from controller.feeds import bridge, courier
from controller.mail import postman
from controller.people import leaver, operator
from controller.premises import building, site
from controller.settings import ControllerSettings
from process import logs, settings
from process.mqtt_session import MqttSession, TlsFiles
from process.readiness import StopSignal, Watchdog, say_ready

POLL_S = 1.0
CANNOT_START = 3
_log = logs.logger("controller")


class UnknownSiteError(LookupError):
    """The settings name a site that the database does not know."""

    safe_to_log = True


def serve(path: Path) -> int:
    """Serve by the settings in `path` until told to stop; the exit code (0, or 3 when it cannot start)."""
    told = settings.load(path, ControllerSettings)
    logs.configure("controller", told.log_level)
    engine = database.open_database(told.database)
    far_database.warn(_log, told.database)
    stop = StopSignal()
    try:
        with claims.only_one(engine) as claim:
            database.migrate(engine)
            authority = prepare(engine, told, datetime.now(UTC))
            with (
                postman.posted(engine, told, stop),
                courier.carrying(engine, told, authority.intake, stop),
                bridge.bridging(engine, told, stop),
            ):
                _run(engine, told, authority, stop, claim)
    except (SecondControllerError, NewerDatabaseError, UnknownSiteError) as flaw:
        sys.stderr.write(f"{flaw}\n")
        return CANNOT_START
    finally:
        stop.close()
        engine.dispose()
    return 0


def prepare(engine: Engine, told: ControllerSettings, now: datetime) -> Authority:
    """Make what a first start lacks: keys, building; and hand over the first operator's link while there is none."""
    if not (told.keys / "signing.key").exists():
        keys.found(told.keys, told.site, now)
    authority = keys.open_authority(told.keys)
    with transaction(engine) as session:
        if told.building is not None:
            plan = tomllib.loads(told.building.read_text(encoding="utf-8"))
            building.load(session, operator.HOST, now, plan)
        own = site.by_key(session, told.site)
        if own is None:
            raise UnknownSiteError(f"the database knows no site {told.site}: name its description under `building`")
        leaver.forget_photos(session, own, now)
        link = operator.first_link(session, now, own)
    first_link.hand_over(told, link)
    return authority


def _run(engine: Engine, told: ControllerSettings, authority: Authority, stop: StopSignal, claim: Claim) -> None:
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
        _work(engine, link, stop, claim)
    finally:
        session.stop()
        woken.join(2 * POLL_S)
        listener.close()


def _work(engine: Engine, link: Link, stop: StopSignal, claim: Claim) -> None:
    watchdog, told = Watchdog(), 0
    while not stop.is_set():
        try:
            claim.hold(datetime.now(UTC))
            _turn(engine, link)
        except AWAY as flaw:
            # Nothing was changed and nothing acknowledged: the agents send it again.
            logs.event(_log, "database_away", level="error", error=flaw)
            stop.wait(POLL_S)
        told = _tell_refused(link, told)
        watchdog.ping(datetime.now(UTC).timestamp())


def _turn(engine: Engine, link: Link) -> None:
    """Take one message if there is one, and look at the ledger unless there are more; a change of posture waits for
    neither."""
    stored = False
    overtaking = link.overtake(datetime.now(UTC))
    if overtaking:
        logs.event(_log, "posture_issued", count=overtaking)
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
