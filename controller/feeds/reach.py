"""Reaching out: one connection to a target, to an address that was looked at first, and never for longer than a while.

The law: what is checked is the address that is connected to, not a name that could mean another one a moment later.
This host, its network and what stands in for them are out of reach unless the owner of the host has named them.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

from controller.feeds.target import Target

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

TIMEOUT_S: Final = 10.0
"""For the connection, and for each answer that is waited for."""
LONGEST_S: Final = 20.0
"""For everything on one connection: who answers by one byte at a time is cut off."""
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")


class Forbidden(OSError):
    """Every address of the target lies where feeds may not reach."""


@contextmanager
def connection(target: Target, allowed: Sequence[Network], context: ssl.SSLContext | None) -> Iterator[socket.socket]:
    """A connection to `target`, encrypted and verified by `context` (None: plain, which reaches this host alone).
    allowed: networks that may be reached besides the public ones. OSError when there is none; Forbidden when there
    must be none."""
    with _connected(target, allowed) as raw, _cut_after(raw, LONGEST_S):
        if context is None:
            yield raw
            return
        with context.wrap_socket(raw, server_hostname=target.host) as encrypted:
            yield encrypted


def may_reach(text: str, allowed: Sequence[Network]) -> bool:
    """Whether feeds may go to this address: it is public, or in one of the networks `allowed`."""
    meant = _meant(text)
    if any(meant in each for each in allowed if each.version == meant.version):
        return True
    return all(_is_public(each) for each in (meant, *_tunnelled(meant)))


def is_this_host(text: str) -> bool:
    """Whether this address never leaves the machine."""
    return _meant(text).is_loopback


def _meant(text: str) -> Address:
    """The address; or that of version 4 of which it is only another writing, or to which a translator leads."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _is_public(address: Address) -> bool:
    odd = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not (odd or address.is_private or address.is_loopback)


def _tunnelled(address: Address) -> list[IPv4Address]:
    """Addresses within this one that a tunnel would lead to."""
    if isinstance(address, IPv4Address):
        return []
    return [*(address.teredo or ()), *([address.sixtofour] if address.sixtofour else [])]


def _connected(target: Target, allowed: Sequence[Network]) -> socket.socket:
    offered = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    may = is_this_host if target.plain else partial(may_reach, allowed=allowed)
    usable = [each for each in offered if may(str(each[4][0]))]
    if not usable:
        raise Forbidden("the target lies where feeds may not reach")
    failed = OSError("the target has no address")
    for family, kind, protocol, _, place in usable:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(TIMEOUT_S)
            made.connect(place)
        except OSError as flaw:
            made.close()
            failed = flaw
        else:
            return made
    raise failed


@contextmanager
def _cut_after(connected: socket.socket, seconds: float) -> Iterator[None]:
    """Cut the connection after so long, whatever is done with it. TLS takes the socket over: a twin stays here."""
    with connected.dup() as twin:
        timer = threading.Timer(seconds, _cut, (twin,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(twin: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side, or we, closed it meanwhile
        twin.shutdown(socket.SHUT_RDWR)
