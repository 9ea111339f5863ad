"""`web serve`: the pages and the API on waitress, until told to stop."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

from waitress.server import create_server

from admin_web.application import create_app
from admin_web.centre import Centre
from admin_web.settings import WebSettings
from controller.database import migrate
from process import logs, settings
from process.readiness import StopSignal, say_ready

CANNOT_START = 3
FREE_THREADS = 8
_log = logs.logger("web")


def serve(path: Path) -> int:
    """Serve by the settings in `path`; 0, or 3 when it cannot start."""
    told = settings.load(path, WebSettings)
    logs.configure("web", told.log_level)
    app = create_app(told)
    centre: Centre = app.extensions["sekisho"]
    migrate(centre.engine)
    listening = socket.socket(socket.AF_INET6 if ":" in told.host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((told.host, told.port))
    except OSError as flaw:
        listening.close()
        sys.stderr.write(f"cannot listen on {told.host}:{told.port}: {flaw.strerror}\n")
        return CANNOT_START
    # Viewers hold a thread each; everybody else has threads of their own.
    server = create_server(app, sockets=[listening], threads=told.viewers + FREE_THREADS, ident=None)
    stop = StopSignal()
    thread = threading.Thread(target=server.run, name="waitress", daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    say_ready(f"ready http://{told.host}:{port}")
    logs.event(_log, "serving", port=port)
    stop.wait()
    centre.news.stop()
    server.close()
    stop.close()
    return 0
