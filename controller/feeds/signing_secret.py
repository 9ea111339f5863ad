"""The secrets by which webhooks are signed: drawn here, shown once, and sealed for the controller alone.

The law: neither the database nor the process of the pages can read a secret afterwards. A sealed one names its feed:
put under another, it cannot be read.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.envelope import seal, unseal
from controller.database import Base
from controller.refusal import Refused

SECRET_BYTES: Final = 32


class SecretReader(Base):
    """The public key of the one process that may read the secrets of a site's feeds: the controller's intake key."""

    __tablename__ = "feed_reader"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    public: Mapped[bytes] = mapped_column(LargeBinary)


def let_read(session: Session, site_id: int, public: bytes) -> None:
    """Name the key for which secrets are sealed from now on."""
    kept = session.get(SecretReader, site_id)
    if kept is None:
        session.add(SecretReader(site_id=site_id, public=public))
    elif kept.public != public:
        kept.public = public


def drawn(session: Session, site_id: int, feed_id: int) -> tuple[bytes, str]:
    """A new secret, sealed and as people copy it; Refused feed-not-ready while there is nobody to seal it for."""
    reader = session.get(SecretReader, site_id)
    if reader is None:
        raise Refused("feed-not-ready")
    secret = secrets.token_bytes(SECRET_BYTES)
    public = X25519PublicKey.from_public_bytes(reader.public)
    return seal(public, secret, _purpose(feed_id), X25519PrivateKey.generate()), written(secret)


def opened(sealed: bytes | None, feed_id: int, private: X25519PrivateKey) -> bytes:
    """The bytes of a feed's secret; CannotUnseal when it is another feed's, or was sealed for another key."""
    return unseal(private, sealed or b"", _purpose(feed_id))


def written(secret: bytes) -> str:
    """A secret as people copy it, in the manner of Standard Webhooks."""
    return f"whsec_{base64.b64encode(secret).decode('ascii')}"


def _purpose(feed_id: int) -> bytes:
    return f"feed-secret/{feed_id}".encode("ascii")
