"""Behind a proxy that ends TLS: who asks is who the proxy says, no further than the settings believe it."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import Engine

from admin_web.application import create_app
from admin_web.settings import WebSettings
from tests.admin_web.on_waitress import served
from tests.controller.conftest import House

CLIENT, SPOOFED = "203.0.113.7", "198.51.100.9"


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
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    with (
        served(app, 1, proxied=proxies > 0) as port,
        closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection,
    ):
        connection.request("GET", "/from", headers=headers)
        answer = connection.getresponse()
        assert answer.read().decode() == believed
        assert answer.getheader("Strict-Transport-Security") == "max-age=31536000"


def test_without_tls_nothing_is_said_of_it(app: Flask) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/sign-in", base_url="http://127.0.0.1").headers
