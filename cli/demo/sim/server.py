"""The `/sim` page over HTTP: loopback only, on a port of its own. It opens doors, so nobody else's page may use it.

The law: the Host must be ours (no DNS rebinding), a deed needs our Origin and the page's own token (no foreign page),
nothing inline runs (CSP), and the page never learns the bits of a card.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, Response, abort, jsonify, render_template, request
from waitress import create_server
from waitress.server import BaseWSGIServer

from cli.demo.building import AGENTS, DOORS, lines_of
from cli.demo.sim.stage import TELL_OF_THEIR_HOUSING, NotPossibleError, Stage, now
from cli.demo.sim.words import WORDS

HOST: Final = "127.0.0.1"
THREADS: Final = 24
VIEWERS: Final = 14
"""Live pictures at one time: each holds a thread, and deeds must find one."""

VIEW_SECONDS: Final = 120.0
LARGEST_DEED: Final = 4096
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as the page shows it."""

    id: str
    cardholder: str
    lost: bool = False


def make_app(stage: Stage, cards: Sequence[ShownCard], web: str, port: Callable[[], int]) -> Flask:
    """The application; `web` is the address of the administrators' pages, `port` our own once it is known."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_DEED
    token = secrets.token_urlsafe(32)
    seats = threading.BoundedSemaphore(VIEWERS)

    @app.before_request
    def only_us() -> None:
        names = {f"{HOST}:{port()}", f"localhost:{port()}"}
        if request.host not in names:
            abort(403)
        if request.method not in ("GET", "HEAD"):
            given = request.headers.get("X-Sim-Token", "")
            ours = request.headers.get("Origin", "") in {f"http://{name}" for name in names}
            if not ours or not hmac.compare_digest(given.encode(), token.encode()):
                abort(403)

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/")
    @app.get("/sim")
    def page() -> str:
        chosen = _language()
        words = WORDS[chosen]
        return render_template(
            "sim.html",
            words=words,
            doors=DOORS,
            agents=AGENTS,
            cards=cards,
            token=token,
            web=web,
            lang=chosen,
            housings=TELL_OF_THEIR_HOUSING,
            lines_of=lines_of,
        )

    @app.get("/sim/events")
    def events() -> Response:
        if not seats.acquire(blocking=False):
            return Response("too many viewers\n", 503, {"Retry-After": "2"})
        response = Response(_pictures(stage), mimetype="text/event-stream")
        response.call_on_close(seats.release)
        return response

    @app.post("/sim/do")
    def do() -> tuple[Response, int] | Response:
        asked = request.get_json(silent=True)
        if not isinstance(asked, dict):
            abort(400)
        try:
            _do(stage, asked)
        except NotPossibleError as refusal:
            return jsonify(error=refusal.code), 409
        return jsonify(ok=True)

    return app


class SimServer:
    """The page, served on a free port of the loopback by threads of this process."""

    def __init__(self, stage: Stage, cards: Sequence[ShownCard], web: str) -> None:
        self._stage = stage
        app = make_app(stage, cards, web, lambda: self.port)
        self._server: BaseWSGIServer = create_server(app, host=HOST, port=0, threads=THREADS, ident=None)
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, name="sim", daemon=True)

    def start(self) -> None:
        self._stage.start()
        self._thread.start()

    def stop(self) -> None:
        """End every viewer. The socket and its daemon threads go with the process: waitress cannot be closed from
        another thread than its own without a race."""
        self._stage.stop()


def _language() -> str:
    asked = request.args.get("lang", "")
    if asked in WORDS:
        return asked
    return request.accept_languages.best_match(list(WORDS)) or "en"


def _pictures(stage: Stage) -> Iterator[str]:
    """The picture now, and every newer one. A comment each second finds out who has left."""
    version, until = -1, now() + VIEW_SECONDS
    stage.refresh()  # boxes may have been switched since the last edge
    yield "retry: 500\n\n"
    while now() < until and not stage.ended:
        newest, picture = stage.picture_after(version, 1.0)
        if newest > version and picture:
            version = newest
            yield f"event: picture\ndata: {json.dumps(picture)}\n\n"
        else:
            stage.refresh()  # inputs that another hand moved make no edge
            yield ": still here\n\n"


def _do(stage: Stage, asked: Mapping[str, Any]) -> None:
    """One deed. What has not the promised shape is `refused`."""
    what, target, on = asked.get("do"), asked.get("at"), asked.get("on")
    if not isinstance(what, str) or not isinstance(target, str):
        raise NotPossibleError("refused")
    simple: dict[str, Callable[[str], None]] = {
        "push": stage.push,
        "hold": stage.hold,
        "close": stage.close,
        "force": stage.force,
        "reset": stage.reset,
        "rex": lambda door: stage.press(door, "rex"),
    }
    switched: dict[str, Callable[[str, bool], None]] = {
        "power": stage.power,
        "network": stage.network,
        "cut": stage.cut_reader,
        "reader-tamper": stage.tamper_reader,
        **{state: _spoil(stage, state) for state in ("short", "open")},
        **{part: _switch(stage, part) for part in ("break-glass", "fire", "tamper")},
    }
    if what in simple:
        simple[what](target)
    elif what in switched and isinstance(on, bool):
        switched[what](target, on)
    elif what == "present" and isinstance(asked.get("card"), str):
        stage.present(target, asked["card"])
    else:
        raise NotPossibleError("refused")


def _spoil(stage: Stage, state: str) -> Callable[[str, bool], None]:
    return lambda line, on: stage.spoil(line, state if on else "normal")


def _switch(stage: Stage, part: str) -> Callable[[str, bool], None]:
    return lambda door, on: stage.switch(door, part, on)
