"""The Flask application: blueprints, languages, headers, errors. Everything it needs is handed to `create_app`."""

from __future__ import annotations

import json
import logging
import os
import secrets
from pathlib import Path
from typing import Any, cast

from flask import Flask, g, make_response, render_template, request
from flask_babel import Babel, get_locale, gettext
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from markupsafe import Markup
from sqlalchemy import Engine
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from admin_web import guard, shown, words
from admin_web.api import v1
from admin_web.api.problems import problem
from admin_web.centre import Centre
from admin_web.pages import cardholders, live, log, operators, requests, rooms, sign_in
from admin_web.settings import WebSettings
from admin_web.streams import Seats
from controller.database import open_database
from controller.refusal import Refused

_BODY_LIMIT = 256 * 1024
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(settings: WebSettings, engine: Engine | None = None) -> Flask:
    """The application for `settings`; `engine` replaces the database that they name."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=cookie_key(settings.secret),
        SESSION_COOKIE_NAME="sekisho_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.https,
        MAX_CONTENT_LENGTH=_BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=_BODY_LIMIT,
        TRUSTED_HOSTS=list(settings.hosts) or ["127.0.0.1", "localhost", settings.host],
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.https,
        BABEL_DEFAULT_LOCALE="en",
    )
    centre = Centre(engine or open_database(settings.database), settings.site)
    app.extensions["sekisho"] = centre
    app.extensions["sekisho-seats"] = Seats(settings.viewers)
    csrf = CSRFProtect(app)
    Babel(app, locale_selector=shown.language)
    for page in (sign_in, live, cardholders, rooms, requests, log, operators):
        app.register_blueprint(page.blueprint)
    csrf.exempt(v1.blueprint)
    app.register_blueprint(v1.blueprint)
    app.after_request(_headers)
    app.before_request(_look_who_asks)
    _templates(app)
    _errors(app)
    return app


def cookie_key(path: Path) -> bytes:
    """The key that signs form tokens; made at first use, readable by its owner only."""
    if not path.exists():
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        part.replace(path)
    return path.read_bytes()


def _look_who_asks() -> None:
    if request.endpoint not in (None, "static"):
        guard.asking()


def _headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _templates(app: Flask) -> None:
    manifest = json.loads((Path(__file__).parent / "static" / "integrity.json").read_text(encoding="utf-8"))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(clock=shown.clock, named=shown.named, kind=words.kind, field_moment=shown.field_moment)

    @app.context_processor
    def _given() -> dict[str, Any]:
        return {
            "operator": g.get("operator"),
            "may": guard.permitted,
            "language": str(get_locale()),
            "integrity": manifest,
            "words": words,
            "told": words.told,
            "token": _token,
        }


def _token() -> Markup:
    """The hidden field by which a form proves that it is ours."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def _errors(app: Flask) -> None:
    @app.errorhandler(Refused)
    def _refused(refused: Refused) -> Response:
        if guard.is_api():
            return problem(409, refused.code, str(refused))
        return _page(409, gettext("This cannot be done"), words.refusal(refused))

    @app.errorhandler(CSRFError)
    def _forged(_error: CSRFError) -> Response:
        return _page(400, gettext("This form has expired"), gettext("Go back, load the page again and repeat."))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        code = error.code or 500
        if error.response is not None:
            return cast("Response", error.response)
        if isinstance(error, SecurityError):
            # Called by a name that is not ours: no page can be drawn, because no link of it would be ours.
            return Response("Bad request", 400, mimetype="text/plain")
        if guard.is_api():
            return problem(code, error.name.lower().replace(" ", "-"), error.name)
        return _page(code, *_explained(code))

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        # The type and place only: messages of exceptions may hold what a log must not.
        logging.getLogger("sekisho.web").error(
            "unexpected_error", extra={"sekisho_fields": {"kind": type(error).__name__}}
        )
        if app.testing or app.debug:
            raise error
        return problem(500, "unexpected", "Unexpected error") if guard.is_api() else _page(500, *_explained(500))


def _explained(code: int) -> tuple[str, str]:
    if code == 403:
        return gettext("Not permitted"), gettext("Your role does not permit this.")
    if code == 404:
        return gettext("Not found"), gettext("There is nothing here.")
    if code == 413:
        return gettext("Too large"), gettext("This is more than one page may send.")
    if code == 503:
        return gettext("Busy"), gettext("Too many are watching just now. Try again soon.")
    if code >= 500:
        return gettext("Something went wrong"), gettext("It has been noted. Nothing was changed.")
    return gettext("Not understood"), gettext("The request was not understood.")


def _page(code: int, title: str, sentence: str) -> Response:
    return make_response(render_template("error.html", title=title, sentence=sentence), code)
