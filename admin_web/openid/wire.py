"""JSON from the provider over HTTPS: its certificate is verified, its answer bounded in size and time, and nobody is
led elsewhere by it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from admin_web.openid.refusals import ProviderAway
from admin_web.openid.settings import is_protected
from process import outgoing_tls

LARGEST: Final = 256 * 1024
PATIENCE_S: Final = 5.0
_OK: Final = 200


def got(address: str) -> dict[str, Any]:
    """The JSON object at `address`; ProviderAway for anything else."""
    status, found = _asked(Request(address, headers={"Accept": "application/json"}))  # noqa: S310 - judged in _asked
    if status != _OK or found is None:
        raise ProviderAway(f"answered with status {status}")
    return found


def posted(address: str, body: str, headers: Mapping[str, str]) -> tuple[int, dict[str, Any] | None]:
    """What a form is answered with: the status, and the JSON object if it is one; ProviderAway when nobody answers."""
    return _asked(Request(address, body.encode("ascii"), dict(headers), method="POST"))  # noqa: S310 - as above


def _asked(request: Request) -> tuple[int, dict[str, Any] | None]:
    if not is_protected(request.full_url):
        raise ProviderAway("names an address without TLS")
    until = time.monotonic() + PATIENCE_S
    try:
        with _opener().open(request, timeout=PATIENCE_S) as answer:
            return answer.status, _object(_body(answer, until))
    except (OSError, HTTPException, ValueError) as flaw:
        raise ProviderAway(type(flaw).__name__) from flaw


def _body(answer: HTTPResponse, until: float) -> bytes:
    """All of it, unless it is too large or comes too slowly."""
    read = b""
    while chunk := answer.read1(LARGEST):
        read += chunk
        if len(read) > LARGEST or time.monotonic() > until:
            raise ProviderAway("answers too much or too slowly")
    return read


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _opener() -> OpenerDirector:
    """What knows HTTP and the proxies of this host, and follows no redirect: that is an answer like any other."""
    opener = OpenerDirector()
    for each in (ProxyHandler(), HTTPHandler(), HTTPSHandler(context=outgoing_tls.verifying())):
        opener.add_handler(each)
    return opener
