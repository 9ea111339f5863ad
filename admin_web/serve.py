"""`web serve`: the pages and the API on waitress, until told to stop."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from pathlib import Path

from flask import Flask
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from admin_web import headers, pictures, unreadable
from admin_web.application import create_app
from admin_web.centre import Centre
from admin_web.exports.making import Exports
from admin_web.settings import WebSettings, is_this_host
from controller import far_database
from controller.database import migrate
from process import logs, settings
from process.readiness import StopSignal, say_ready

CANNOT_START = 3
FREE_THREADS = 8
CONNECTIONS = 1000
IDLE_S = 20
LARGEST_HEAD, UNREAD = 16 * 1024, 256 * 1024
LARGEST_BODY = pictures.LONGEST_BODY
"""What any route takes; each refuses more than its own."""
_log = logs.logger("web")


def serve(path: Path) -> int:
    """Serve by the settings in `path`; 0, or 3 when it cannot start."""
    told = settings.load(path, WebSettings)
    logs.configure("web", told.log_level)
    app = create_app(told, file=path)
    warn(told)
    centre: Centre = app.extensions["sekisho"]
    exports: Exports = app.extensions["sekisho-exports"]
    migrate(centre.engine)
    listening = socket.socket(socket.AF_INET6 if ":" in told.host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((told.host, told.port))
    except OSError as flaw:
        listening.close()
        sys.stderr.write(f"cannot listen on {told.host}:{told.port}: {flaw.strerror}\n")
        return CANNOT_START
    server = listened(app, listening, told.viewers, proxied=told.proxies > 0)
    # What is there by now stays: a full collection would look at all of it, and whoever asks then would wait for that.
    gc.collect()
    gc.freeze()
    stop = StopSignal()
    thread = threading.Thread(target=server.run, name="waitress", daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    say_ready(f"ready http://{told.host}:{port}")
    logs.event(_log, "serving", port=port)
    stop.wait()
    centre.news.stop()
    exports.stop()
    server.close()
    stop.close()
    return 0


def warn(told: WebSettings) -> None:
    """Say in the log what others on the network could hear or alter."""
    far_database.warn(_log, told.database)
    if not is_this_host(told.host):
        mend = "listen on 127.0.0.1, with the TLS proxy on the same machine"
        logs.event(_log, "pages_in_the_clear", level="warning", https=told.https, mend=mend)


def listened(
    app: Flask, listening: socket.socket, viewers: int, *, proxied: bool = False
) -> BaseWSGIServer | MultiSocketServer:
    """The server on a bound socket. Viewers hold a thread each and everybody else has threads of their own; silent
    connections cost no thread, are many, and end soon; what is sent or left unread is bounded. proxied: what a proxy
    says of who asks reaches the application, which knows how many proxies to believe."""
    server = create_server(
        app,
        sockets=[listening],
        threads=viewers + FREE_THREADS,
        ident=None,
        connection_limit=CONNECTIONS + viewers,
        channel_timeout=IDLE_S,
        cleanup_interval=IDLE_S // 4,
        asyncore_use_poll=True,
        max_request_body_size=LARGEST_BODY,
        max_request_header_size=LARGEST_HEAD,
        outbuf_high_watermark=UNREAD,
        clear_untrusted_proxy_headers=not proxied,
    )
    server.channel_class = unreadable.channel(headers.of_every_answer(https=app.config["SESSION_COOKIE_SECURE"]))
    return server
