"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

from flask import jsonify, make_response
from werkzeug.wrappers import Response


def problem(status: int, kind: str, title: str) -> Response:
    """`kind` is stable and documented in docs/api.md; `title` is for people."""
    answer = make_response(jsonify(type=f"urn:sekisho:problem:{kind}", title=title, status=status), status)
    answer.mimetype = "application/problem+json"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
