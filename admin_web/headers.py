"""The headers of every answer, be it a page, the API's, or what the server says to a request that it cannot read."""

from __future__ import annotations

from typing import Final

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    )
)
_ALWAYS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def of_every_answer(*, https: bool) -> dict[str, str]:
    """By name. https: browsers are told to stay with TLS."""
    return {**_ALWAYS, **({"Strict-Transport-Security": "max-age=31536000"} if https else {})}
