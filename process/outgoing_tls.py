"""TLS to servers of others: mail, recipients of feeds, the OpenID provider. The broker of the doors has a stricter one.

The law: chain and name are verified, TLS is 1.2 or newer, and every suite has forward secrecy and authenticates what it
encrypts; the distribution's own OpenSSL settings cannot widen that.
"""

from __future__ import annotations

import ssl
from pathlib import Path

_SUITES_OF_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM"
"""Those of TLS 1.3 are all of this kind and need not be chosen."""


def verifying(ca: Path | None = None) -> ssl.SSLContext:
    """A context that believes the authorities in the file `ca`, or those that the system trusts."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES_OF_1_2)
    return context
