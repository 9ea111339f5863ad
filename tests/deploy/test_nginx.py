"""The proxy as it is shipped: modern TLS alone, nothing in the clear, and metrics are not for everybody."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import request
from sqlalchemy import Engine

from admin_web.application import create_app
from admin_web.pictures import LONGEST_BODY
from admin_web.settings import WebSettings
from controller.delivery import authority
from tests.admin_web.on_waitress import served, until
from tests.conftest import need
from tests.controller.conftest import House, engine, furnished, house, sqlite_migrated

__all__ = ["engine", "furnished", "house", "sqlite_migrated"]
DEPLOY = Path(__file__).parents[2] / "deploy"
SHIPPED = (DEPLOY / "nginx" / "sekisho.conf").read_text(encoding="utf-8")
NAME = "sekisho.example"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
live = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What the proxy does is the same over either database."""
_MAIN = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/sekisho.conf;
}}
"""


def test_the_proxy_fits_the_settings_of_the_pages() -> None:
    told = tomllib.loads((DEPLOY / "settings" / "web.toml").read_text(encoding="utf-8"))
    assert f"server {told['host']}:{told['port']};" in SHIPPED
    assert re.findall(r"server_name ([a-z.]+);", SHIPPED) == told["hosts"] * 2
    assert (told["https"], told["proxies"]) == (True, SHIPPED.count("$proxy_add_x_forwarded_for"))
    largest = re.search(r"client_max_body_size (\d+)m;", SHIPPED)
    assert largest is not None
    assert int(largest[1]) * 2**20 >= LONGEST_BODY


def test_only_the_newest_tls_is_spoken() -> None:
    assert re.findall(r"ssl_protocols (.*);", SHIPPED) == ["TLSv1.3"] * 2, (
        "nginx takes it from the first server of a port"
    )
    assert "Strict-Transport-Security" not in re.sub(r"#.*", "", SHIPPED), "the application says it, once"


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it listens, and the authority of its certificate."""

    plain: int
    tls: int
    ca: Path

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)

    def asked(
        self, path: str, *, plain: bool = False, source: str = "127.0.0.1", said: str = ""
    ) -> http.client.HTTPResponse:
        """The answer to a GET under our name; said: from where it claims to come."""
        port = self.plain if plain else self.tls
        connected = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        if not plain:
            connected = self.context().wrap_socket(connected, server_hostname=NAME)
        connection = http.client.HTTPConnection(NAME, timeout=10)
        connection.sock = connected
        connection.request("GET", path, headers={"Host": NAME, **({"X-Forwarded-For": said} if said else {})})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@pytest.fixture
def proxy(house: House, engine: Engine, tmp_path: Path) -> Iterator[Proxy]:
    """The pages on their real server behind the shipped configuration, on free ports of loopback."""
    need("nginx", PROGRAM)
    settings = WebSettings("sqlite://", "tokyo", tmp_path / "secret", hosts=(NAME,), https=True, proxies=1)
    app = create_app(settings, engine)
    app.add_url_rule("/from", view_func=lambda: ("", {"X-Seen": str(request.remote_addr)}))
    authority.found(tmp_path / "keys", "tokyo", datetime.now(UTC), (NAME,))
    with served(app, 2, proxied=True) as port, _started(tmp_path, port) as started:
        yield started


@contextmanager
def _started(folder: Path, behind: int) -> Iterator[Proxy]:
    proxy = Proxy(_free(), _free(), folder / "keys" / "ca.pem")
    text = re.sub(r".*listen \[::\].*\n", "", SHIPPED)
    for shipped, here in (
        ("listen 80", f"listen 127.0.0.1:{proxy.plain}"),
        ("listen 443", f"listen 127.0.0.1:{proxy.tls}"),
        ("127.0.0.1:8080", f"127.0.0.1:{behind}"),
        (f"/etc/ssl/sekisho/{NAME}", f"{folder}/keys/broker"),
    ):
        text = text.replace(shipped, here)
    (folder / "sekisho.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder), encoding="utf-8")
    command = [str(PROGRAM), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command)
    try:
        until(lambda: _listens(proxy.tls))
        yield proxy
    finally:
        process.terminate()
        process.wait(10)


def _free() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@live
def test_pages_come_by_tls_1_3_alone_and_say_so_once(proxy: Proxy) -> None:
    answer = proxy.asked("/sign-in")
    assert answer.status == 200
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    assert len(answer.headers.get_all("Content-Security-Policy") or []) == 1
    old = proxy.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", proxy.tls), 10) as connected, pytest.raises(ssl.SSLError):
        old.wrap_socket(connected, server_hostname=NAME)


@live
def test_a_name_that_is_not_ours_gets_no_handshake(proxy: Proxy) -> None:
    other = ssl.create_default_context(cafile=proxy.ca)
    with socket.create_connection(("127.0.0.1", proxy.tls), 10) as connected, pytest.raises(ssl.SSLError):
        other.wrap_socket(connected, server_hostname="other.example")


@live
def test_in_the_clear_people_are_led_on_and_programs_refused(proxy: Proxy) -> None:
    led = proxy.asked("/live?after=1", plain=True)
    assert (led.status, led.headers["Location"]) == (308, f"https://{NAME}/live?after=1")
    for path in ("/api/v1/tokens", "/api/openapi.json", "/metrics", "/healthz", "/readyz"):
        assert proxy.asked(path, plain=True).status == 403, path


@live
def test_metrics_are_for_this_machine_alone(proxy: Proxy) -> None:
    for path in ("/metrics", "/readyz"):
        assert proxy.asked(path).status == 200
        assert proxy.asked(path, source="127.0.0.2").status == 403
    assert proxy.asked("/api/v1/tokens", source="127.0.0.2").status == 401


@live
def test_who_asks_is_who_the_proxy_saw_and_not_who_they_say(proxy: Proxy) -> None:
    for said in ("", "203.0.113.7", "203.0.113.7, 198.51.100.9"):
        assert proxy.asked("/from", source="127.0.0.3", said=said).headers["X-Seen"] == "127.0.0.3"


@live
def test_a_flood_of_sign_ins_is_kept_from_the_pages(proxy: Proxy) -> None:
    answers = [proxy.asked("/sign-in", source="127.0.0.4").status for _ in range(40)]
    assert set(answers) == {200, 503}
    assert proxy.asked("/sign-in", source="127.0.0.5").status == 200
