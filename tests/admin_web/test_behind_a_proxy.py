"""Behind a proxy that ends TLS: who asks is who the proxy says, no further than the settings believe it."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import Engine

from admin_web import serve
from admin_web.application import create_app
from admin_web.settings import WebSettings
from tests.controller.conftest import House

CLIENT, SPOOFED = "203.0.113.7", "198.51.100.9"


@contextmanager
def served(app: Flask, *, proxied: bool) -> Iterator[http.client.HTTPConnection]:
    """The application on the real server, as `web serve` starts it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = serve.listened(app, listening, 1, proxied=proxied)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=10)
        try:
            yield connection
        finally:
            connection.close()
            app.extensions["sekisho"].news.stop()
            app.extensions["sekisho-exports"].stop()
            server.task_dispatcher.shutdown()
            server.close()
            thread.join(5)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "believed"),
    [
        (0, CLIENT, "127.0.0.1"),
        (1, CLIENT, CLIENT),
        (1, f"{SPOOFED}, {CLIENT}", CLIENT),
        (2, f"{SPOOFED}, {CLIENT}, 10.0.0.1", CLIENT),
        (1, "", "127.0.0.1"),
    ],
)
def test_who_asks_is_who_the_last_believed_proxy_says(
    house: House, engine: Engine, tmp_path: Path, proxies: int, forwarded: str, believed: str
) -> None:
    settings = WebSettings("sqlite://", "tokyo", tmp_path / "secret", https=True, proxies=proxies)
    app = create_app(settings, engine)
    app.add_url_rule("/from", view_func=lambda: request.remote_addr or "")
    with served(app, proxied=proxies > 0) as connection:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        connection.request("GET", "/from", headers=headers)
        answer = connection.getresponse()
        assert answer.read().decode() == believed
        assert answer.getheader("Strict-Transport-Security") == "max-age=31536000"


def test_without_tls_nothing_is_said_of_it(app: Flask) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/sign-in", base_url="http://127.0.0.1").headers
