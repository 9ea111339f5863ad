"""What the settings say of the OpenID provider; nothing here needs its library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_THIS_HOST: Final = frozenset({"localhost", "127.0.0.1", "::1"})
LONGEST_ADDRESS: Final = 2000


def is_protected(address: str) -> bool:
    """Whether nobody between here and there can read or change what is said: TLS, or this host itself."""
    if len(address) > LONGEST_ADDRESS or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.fragment or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_HOST)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """issuer: the provider's own name for itself, an https address; client_id: what it calls us; client_secret: file
    of the secret that it gave us (None: it gave none, PKCE alone); name: what operators call it; second_factor_amr,
    second_factor_acr: what it says of a sign-in by two factors that we believe (both empty: nothing)."""

    issuer: str
    client_id: str
    name: str
    client_secret: Path | None = None
    second_factor_amr: tuple[str, ...] = ()
    second_factor_acr: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_protected(self.issuer) or "?" in self.issuer or len(self.issuer) > 500:
            raise ValueError("issuer is an https address without query, as the provider writes it")
        if not self.client_id or len(self.client_id) > 255 or not self.client_id.isascii():
            raise ValueError("client_id is what the provider calls this installation")
        if not self.name.strip() or len(self.name) > 60:
            raise ValueError("name is what operators call the provider, at most 60 characters")

    @property
    def tells_factors(self) -> bool:
        """Whether the provider is believed anything about second factors."""
        return bool(self.second_factor_amr or self.second_factor_acr)
