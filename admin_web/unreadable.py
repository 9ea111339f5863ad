"""Requests that waitress answers by itself, without the application: malformed ones, and those that are too large.

The law: such an answer has the headers of every other; and where a request ends is said once, or it is refused. A proxy
that went by the length and a server that went by the chunks would take the rest of one request for another.
"""

from __future__ import annotations

from collections.abc import Mapping

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask


class OneEndParser(HTTPRequestParser):  # type: ignore[misc]  # waitress says nothing of its types
    """Refuses a length beside chunks, as RFC 9112 (6.1) lets a server do, and codings in HTTP/1.0, which has none."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Both a length and chunks")
        if "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("A transfer coding in HTTP/1.0")


def channel(headers: Mapping[str, str]) -> type[HTTPChannel]:
    """How the server is to speak with a client: `OneEndParser`, and `headers` on its own answers."""

    class Answer(ErrorTask):  # type: ignore[misc]
        def execute(self) -> None:
            self.response_headers.extend([*headers.items(), ("Cache-Control", "no-store")])
            super().execute()

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = OneEndParser
        error_task_class = Answer

    return Channel
