"""What the real server says to a request that it cannot read: one answer, harmless, and nothing of it is another's."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask

from admin_web import headers
from admin_web.serve import LARGEST_BODY, LARGEST_HEAD
from tests.admin_web.on_waitress import PATIENCE, served

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKS = b"3\r\na=b\r\n0\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(CHUNKS + HIDDEN)


@pytest.fixture(params=[True, False])
def port(request: pytest.FixtureRequest, app: Flask) -> Iterator[int]:
    app.config["SESSION_COOKIE_SECURE"] = request.param
    with served(app, 4) as found:
        yield found


def answers(port: int, sent: bytes) -> list[tuple[int, dict[str, str]]]:
    """Every answer on a connection on which this was sent and then nothing more, with its headers."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        told = b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")
    heads = re.findall(r"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n((?:[\w-]+: [^\r\n]*\r\n)*)\r\n", told)
    return [(int(status), dict(re.findall(r"([\w-]+): ([^\r\n]*)", head))) for status, head in heads]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + HIDDEN, 400),
        (POST + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKS + HIDDEN, 400),
        (POST + b"transfer-encoding:\tCHUNKED\r\ncontent-length: 0\r\n\r\n" + CHUNKS + HIDDEN, 400),
        (POST + b"Content-Length: 3\r\n" + LENGTH + b"\r\na=b" + HIDDEN, 400),
        (POST + b"Content-Length: 3, 3\r\n\r\na=b" + HIDDEN, 400),
        (POST + b"Content-Length: +3\r\n\r\na=b" + HIDDEN, 400),
        (POST + b"Content-Length: 0x3\r\n\r\na=b" + HIDDEN, 400),
        (POST + b"Content-Length : 3\r\n\r\na=b" + HIDDEN, 400),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n" + CHUNKS + HIDDEN, 501),
        (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKS + HIDDEN, 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nZ\r\na=b\r\n0\r\n\r\n" + HIDDEN, 400),
        (POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + HIDDEN, 400),
        (b"rubbish\r\n\r\n", 400),
        ((POST + b"X: ").ljust(LARGEST_HEAD, b"x"), 431),
        (POST + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1), 413),
    ],
)
def test_a_request_whose_end_is_in_doubt_has_one_answer_with_the_headers_of_all(
    app: Flask, port: int, sent: bytes, status: int
) -> None:
    ((told, head),) = answers(port, sent)
    assert told == status
    wanted = headers.of_every_answer(https=app.config["SESSION_COOKIE_SECURE"])
    assert {name: head.get(name) for name in wanted} == wanted
    assert head["Cache-Control"] == "no-store"
    assert head["Content-Type"].startswith("text/plain")
    assert "Server" not in head


def test_requests_whose_end_is_plain_are_answered_one_after_the_other(port: int) -> None:
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS
    long = POST + b"Content-Length: 3\r\n\r\na=b"
    assert [status for status, _ in answers(port, chunked + long + HIDDEN)] == [400, 400, 200]
