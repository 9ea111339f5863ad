"""Handing over: one event, or one batch, to a recipient; what went wrong is one word, which the page explains."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Final

from controller.feeds import cef, reach, syslog, webhook
from controller.feeds.event import Event
from controller.feeds.target import Target
from controller.feeds.webhook import Answered
from controller.settings import FeedSettings
from process import outgoing_tls

_GONE: Final = 410


class Why(StrEnum):
    """NAME: the name of the target has no address; FORBIDDEN: the address lies where feeds may not reach; CERTIFICATE:
    it does not prove whose it is; REFUSED: an answer that is no 2xx; GONE: a recipient that wants no more; SECRET:
    sealed for a key that the controller does not have; DEFECT: of our own, the log names it."""

    NAME = "name"
    FORBIDDEN = "forbidden"
    AWAY = "away"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    NONSENSE = "nonsense"
    REFUSED = "refused"
    GONE = "gone"
    SECRET = "secret"  # noqa: S105 - a word for the page
    DEFECT = "defect"


class NotTaken(Exception):
    """The recipient did not take it. status: of its answer, 0 without one."""

    def __init__(self, why: Why, status: int = 0) -> None:
        super().__init__(why)
        self.why, self.status = why, status

    @property
    def code(self) -> str:
        """For the page: why, and the number of an answer."""
        return f"{self.why}:{self.status}" if self.status else str(self.why)


class Hands:
    """What the owner of the host lets feeds reach, and whom they believe."""

    def __init__(self, site: str, told: FeedSettings) -> None:
        self._site, self._plain = site, told.plain_on_loopback
        self._hosts = frozenset(told.hosts)
        self._allowed = tuple(ipaddress.ip_network(each) for each in told.reach)
        self._context = outgoing_tls.verifying()
        if told.ca is not None:
            self._context.load_verify_locations(cafile=told.ca)

    def post(self, target: Target, secret: bytes, event: Event, now: datetime) -> None:
        """One event to a webhook; NotTaken."""
        sent = webhook.body(self._site, event)
        named = webhook.headers(secret, event, now, sent)
        with _judged():
            self._must_be_named(target)
            if not target.plain:
                webhook.send(target, self._allowed, self._context, named, sent)
                return
            if not self._plain:
                raise reach.Forbidden("plain HTTP is switched off")
            webhook.send(target, (), None, named, sent)

    def send(self, target: Target, events: Sequence[Event]) -> None:
        """A batch to a syslog receiver; NotTaken."""
        with _judged():
            self._must_be_named(target)
            frames = [cef.frame(self._site, each) for each in events]
            syslog.send(target, self._allowed, self._context, frames)

    def _must_be_named(self, target: Target) -> None:
        """Where the owner of the host has named the hosts that feeds may go to, the target is one of them."""
        if self._hosts and not self._hosts.intersection(target.called):
            raise reach.Forbidden("the host is none of those that the settings name")


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except Answered as answered:
        raise NotTaken(Why.GONE if answered.status == _GONE else Why.REFUSED, answered.status) from answered
    except http.client.HTTPException as flaw:
        raise NotTaken(Why.NONSENSE) from flaw
    except OSError as flaw:
        raise NotTaken(_why(flaw)) from flaw


def _why(flaw: OSError) -> Why:
    if isinstance(flaw, reach.Forbidden):
        return Why.FORBIDDEN
    if isinstance(flaw, ssl.SSLCertVerificationError):
        return Why.CERTIFICATE
    if isinstance(flaw, TimeoutError):
        return Why.TIMEOUT
    return Why.NAME if isinstance(flaw, socket.gaierror) else Why.AWAY
