"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import jsonify, make_response
from werkzeug.wrappers import Response

RETRY_AFTER_S = "2"
DETAILS: Mapping[int, str] = {
    400: "The body is not JSON, or says something twice; a parameter that may come once came twice.",
    401: "Send `Authorization: Bearer` with a living token; operators make theirs on the page Operators.",
    403: "The role of this token does not permit it.",
    404: "There is no such resource, or it has no such entry.",
    405: "See the header Allow.",
    409: "A rule forbids it as things stand; `type` names the rule.",
    413: "A request may hold 256 KiB.",
    415: "Send `Content-Type: application/json`.",
    422: "`errors` names each field and what is wrong with it.",
    429: "Wait and ask again.",
    500: "It has been noted. Nothing was changed.",
    503: "Ask again after the seconds in Retry-After.",
}


class Unprocessable(ValueError):
    """A body or query that is well-formed and means nothing. `flaws`: field → what is wrong with it."""

    def __init__(self, flaws: Mapping[str, str]) -> None:
        super().__init__(", ".join(sorted(flaws)))
        self.flaws = dict(flaws)


def problem(
    status: int, kind: str, title: str, detail: str | None = None, flaws: Mapping[str, str] | None = None
) -> Response:
    """`kind` is stable and documented in docs/api.md; `title` and `detail` are for people, `flaws` name fields."""
    told: dict[str, object] = {"type": f"urn:sekisho:problem:{kind}", "title": title, "status": status}
    if sentence := detail or DETAILS.get(status):
        told["detail"] = sentence
    if flaws:
        told["errors"] = [{"field": field, "detail": flaw} for field, flaw in flaws.items()]
    answer = make_response(jsonify(told), status)
    answer.mimetype = "application/problem+json"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        answer.headers["Retry-After"] = RETRY_AFTER_S
    return answer
