"""Pictures, from a form or a body to the controller and back to a browser.

The law: a picture is served under a policy of its own that lets nothing in it act, and is taken for nothing else.
"""

from __future__ import annotations

from typing import Final

from flask import Response, request

from controller import picture

LONGEST_FORM: Final = picture.LONGEST + 2 * 1024 * 1024
"""A file that is a little too large is refused by its name, not as a form that is."""
LONGEST_BODY: Final = LONGEST_FORM * 4 // 3
_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"


def sent() -> bytes:
    """The file that a form brings in its field `picture`; empty when none was chosen."""
    file = request.files.get("picture")
    if file is None:
        return b""
    with file.stream as stream:
        return stream.read(picture.LONGEST + 1)


def served(data: bytes) -> Response:
    """One of our own pictures; no cache keeps it, since who may see it may change."""
    answer = Response(data, mimetype=picture.MEDIA)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer
