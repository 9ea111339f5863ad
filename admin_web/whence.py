"""From where a request comes: exactly enough to count failures apart, coarsely enough to be kept and shown."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from admin_web import cookies, signing
from controller.people.operator_session import Whence
from controller.people.passkey import Party
from controller.people.sign_in_failure import Origin

_YEAR_S = 365 * 24 * 3600
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def whence() -> Whence:
    """The families of browser and system, and the network: what an owner recognises and nobody is tracked by."""
    agent = request.headers.get("User-Agent", "")
    found = [next((name for sign, name in table if sign in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return Whence(", ".join(each for each in found if each), _network(24, 48))


def origin(name: str) -> Origin:
    """Where failures of this account are counted: the browser if its owner has signed in with it before, else the
    address (an IPv6 customer has a whole /64 of them)."""
    return Origin(_network(32, 64), known_as(name), whence())


def known_as(name: str) -> str:
    """What this browser was called when `name` last signed in with it; empty when never."""
    try:
        found = _browsers().loads(cookies.read(cookies.BROWSER))
    except BadData:
        return ""
    ours = isinstance(found, list) and len(found) == 2 and found[0] == name.strip().lower()
    return str(found[1]) if ours else ""


def make_known(answer: Response, name: str, called: str) -> None:
    """Let this browser be known as `called` when `name` signs in with it again."""
    known = _browsers().dumps([name.strip().lower(), called])
    cookies.give(answer, cookies.BROWSER, str(known), _YEAR_S)


def party() -> Party | None:
    """For whom a passkey made here would be; None where browsers make none: an address, or no TLS."""
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    if _is_address(host) or not (secure or host == "localhost"):
        return None
    return Party(host, base())


def base() -> str:
    """The address under which this browser reaches the pages, without a path."""
    return f"{'https' if current_app.config['SESSION_COOKIE_SECURE'] else 'http'}://{request.host}"


def _network(v4: int, v6: int) -> str:
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, v4 if address.version == 4 else v6), strict=False))


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _browsers() -> URLSafeSerializer:
    return signing.lasting("browser")
