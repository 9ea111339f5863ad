"""TLS to servers of others: verified, 1.2 or newer, forward secrecy and authenticated encryption, or none."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.delivery import authority
from process import outgoing_tls

GOOD, OLD_MODE = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA384"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    authority.found(tmp_path / "keys", "tokyo", datetime.now(UTC), ("localhost",))
    return tmp_path / "keys"


def spoken(keys: Path, version: ssl.TLSVersion, suite: str | None, name: str = "localhost") -> str:
    """The version that we come to with a server that speaks only this one, and of 1.2 only this suite."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(keys / "broker.pem", keys / "broker.key")
    theirs.minimum_version = theirs.maximum_version = version
    if suite is not None:
        theirs.set_ciphers(suite)
    ours, server = socket.socketpair()
    with ours, server:
        thread = threading.Thread(target=_shaken, args=(theirs, server))
        thread.start()
        try:
            with outgoing_tls.verifying(keys / "ca.pem").wrap_socket(ours, server_hostname=name) as encrypted:
                return str(encrypted.version())
        finally:
            ours.close()
            thread.join(10)


def _shaken(theirs: ssl.SSLContext, server: socket.socket) -> None:
    try:
        with theirs.wrap_socket(server, server_side=True) as encrypted:
            encrypted.recv(1)
    except OSError:
        return


def test_1_3_and_the_good_suites_of_1_2_are_spoken(keys: Path) -> None:
    assert spoken(keys, ssl.TLSVersion.TLSv1_3, None) == "TLSv1.3"
    assert spoken(keys, ssl.TLSVersion.TLSv1_2, GOOD) == "TLSv1.2"


def test_a_suite_that_authenticates_afterwards_is_not_spoken(keys: Path) -> None:
    with pytest.raises(ssl.SSLError):
        spoken(keys, ssl.TLSVersion.TLSv1_2, OLD_MODE)


def test_another_name_and_another_authority_are_not_believed(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        spoken(keys, ssl.TLSVersion.TLSv1_3, None, "other.example")
    authority.found(tmp_path / "others", "osaka", datetime.now(UTC), ("localhost",))
    (keys / "ca.pem").write_bytes((tmp_path / "others" / "ca.pem").read_bytes())
    with pytest.raises(ssl.SSLCertVerificationError):
        spoken(keys, ssl.TLSVersion.TLSv1_3, None)


def test_nothing_older_or_weaker_is_offered() -> None:
    offered = outgoing_tls.verifying()
    assert offered.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (offered.verify_mode, offered.check_hostname) == (ssl.CERT_REQUIRED, True)
    for suite in offered.get_ciphers():
        assert suite["kea"] in ("kx-any", "kx-ecdhe", "kx-dhe"), suite["name"]
        assert suite["aead"], suite["name"]
