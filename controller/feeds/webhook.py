"""Webhooks: an event as a CloudEvent in structured JSON, signed in the manner of Standard Webhooks, by one POST.

The law: an event is taken when the answer is 2xx, and nothing else of an answer is believed: no redirect is followed
and no body is read. A second try has the same id; its time and signature are new.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from contract import leaf
from controller.feeds import reach
from controller.feeds.event import Event
from controller.feeds.reach import Network
from controller.feeds.target import Target

MEDIA_TYPE: Final = "application/cloudevents+json"


class Answered(Exception):
    """The recipient answered, and did not take it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def body(site: str, event: Event) -> bytes:
    """The event as it goes out."""
    told = {
        "specversion": "1.0",
        "id": event.name,
        "source": f"urn:sekisho:{site}",
        "type": f"sekisho.{event.kind}",
        "time": leaf.written(event.at),
        "datacontenttype": "application/json",
        "data": event.data,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def signature(secret: bytes, name: str, moment: int, sent: bytes) -> str:
    """Over id, time stamp (seconds) and body."""
    signed = f"{name}.{moment}.".encode("ascii") + sent
    return f"v1,{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode('ascii')}"


def send(
    target: Target, allowed: Sequence[Network], context: ssl.SSLContext | None, headers: dict[str, str], sent: bytes
) -> None:
    """One POST; Answered when it is not taken, OSError or HTTPException when there is no answer that can be read."""
    with reach.connection(target, allowed, context) as connected:
        client = http.client.HTTPConnection(target.host, target.port)
        client.sock = connected
        client.request("POST", target.path, sent, {"Host": target.authority, **headers})
        status = client.getresponse().status
    if not 200 <= status < 300:
        raise Answered(status)


def headers(secret: bytes, event: Event, now: datetime, sent: bytes) -> dict[str, str]:
    moment = int(now.timestamp())
    return {
        "Content-Type": MEDIA_TYPE,
        "User-Agent": "Sekisho",
        "Connection": "close",
        "webhook-id": event.name,
        "webhook-timestamp": str(moment),
        "webhook-signature": signature(secret, event.name, moment, sent),
    }
