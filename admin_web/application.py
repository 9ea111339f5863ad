"""The Flask application: blueprints, languages, headers, errors. Everything it needs is handed to `create_app`."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, abort, current_app, g, make_response, render_template, request
from flask_babel import Babel, get_locale, gettext
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from markupsafe import Markup
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from admin_web import cookies, guard, headers, once, shown, turned_away, words
from admin_web.api import v1
from admin_web.api.problems import RETRY_AFTER_S, Unprocessable, problem
from admin_web.centre import Centre, Clock, NotFoundedError, utc_now
from admin_web.exports.making import Exports
from admin_web.openid.settings import ProviderSettings
from admin_web.pace import Pace
from admin_web.pages import (
    account,
    agents,
    alarms,
    calendars,
    cardholders,
    cards,
    charts,
    components,
    door_moving,
    door_setup,
    enquiry,
    exports,
    feeds,
    findings,
    floor_plans,
    formats,
    forms,
    leaving,
    levels,
    live,
    log,
    muster,
    operators,
    people_files,
    permissions,
    photos,
    posture,
    provider,
    readers,
    reports,
    requests,
    retiring,
    room_setup,
    rooms,
    rules,
    saved_reports,
    schedules,
    sign_in,
    site_settings,
    start,
    timelines,
    widenings,
)
from admin_web.settings import WebSettings
from admin_web.streams import Seats
from admin_web.turned_away import TurnedAway, Why
from contract import leaf
from controller.database import open_database
from controller.refusal import Refused
from process import logs, secret_file

if TYPE_CHECKING:
    from admin_web.openid.provider import Provider

PEOPLE = (cardholders, people_files, photos, cards, permissions, requests, widenings, levels)
DAILY = (start, live, alarms, posture, muster, *PEOPLE, rooms, rules, schedules, calendars, floor_plans, enquiry)
AUDITING = (log, reports, saved_reports, findings, charts, timelines, exports)
EQUIPMENT = (agents, readers, formats, room_setup, door_setup, door_moving, retiring, site_settings)
OUTSIDE = (feeds, leaving)
LOOKING = (components,)
_BODY_LIMIT = 256 * 1024
_log = logs.logger("web")


def create_app(
    settings: WebSettings, engine: Engine | None = None, clock: Clock = utc_now, file: Path | None = None
) -> Flask:
    """The application for `settings`, which were read from `file`; `engine` replaces the database that they name,
    `clock` the machine's."""
    app = Flask(__name__)
    app.session_interface = cookies.FormSessions()
    app.config.update(
        SECRET_KEY=cookie_key(settings.secret),
        SESSION_COOKIE_NAME=cookies.FORM,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.https,
        MAX_CONTENT_LENGTH=_BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=_BODY_LIMIT,
        TRUSTED_HOSTS=list(settings.hosts) or ["127.0.0.1", "localhost", settings.host],
        WTF_CSRF_TIME_LIMIT=None,
        # That check wants a Referer, which our own pages do not send; the browser says Sec-Fetch-Site instead.
        WTF_CSRF_SSL_STRICT=False,
        BABEL_DEFAULT_LOCALE="en",
        SECOND_FACTOR=frozenset(settings.second_factor),
        CONFIRM_MINUTES=settings.confirm_minutes,
        ESCALATE_MINUTES=settings.escalate_minutes,
        SETTINGS=settings,
        SETTINGS_FILE=file,
        PROVIDER=settings.provider,
    )
    app.config["SEALING_KEY"] = sealing_key(app.config["SECRET_KEY"])
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, 0, 0, 0, 0)  # type: ignore[method-assign]
    centre = Centre(engine or open_database(settings.database), settings.site, clock)
    app.extensions["sekisho"] = centre
    app.extensions["sekisho-seats"] = Seats(settings.viewers)
    app.extensions[turned_away.EXTENSION] = TurnedAway(clock)
    app.extensions["sekisho-pace"] = Pace()
    app.extensions["sekisho-exports"] = Exports(settings.secret.absolute().parent, clock)
    if settings.provider is not None:
        app.extensions[provider.EXTENSION] = _provider(settings.provider, clock)
    app.before_request(_let_more_in)  # before the form's proof is looked for, which reads the body
    csrf = CSRFProtect(app)
    app.before_request(_look_for_what_comes_twice)
    Babel(app, locale_selector=shown.language)
    for page in (*DAILY, *AUDITING, *EQUIPMENT, *LOOKING, *OUTSIDE, sign_in, provider, operators, account):
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


def sealing_key(secret: bytes) -> bytes:
    """The key under which secrets of authenticator apps are kept: the database alone cannot make codes."""
    return HKDF(SHA256(), 32, None, b"sekisho authenticator secrets").derive(secret)


def _provider(told: ProviderSettings, clock: Clock) -> Provider:
    """The OpenID provider, whose library is installed only where one is wanted."""
    from admin_web.openid.provider import Provider

    secret = secret_file.first_line(told.client_secret, "provider.client_secret") if told.client_secret else None
    return Provider(told, secret, clock)


def _let_more_in() -> None:
    longest = getattr(current_app.view_functions.get(request.endpoint or ""), "longest", None)
    if longest is not None and guard.asking() is not None:
        request.max_content_length = request.max_form_memory_size = longest


def _look_for_what_comes_twice() -> None:
    if request.endpoint is not None:
        once.look(with_form=not guard.is_api())


def _look_who_asks() -> None:
    if _is_foreign():
        turned_away.note(Why.SITE_FOREIGN)
        abort(403)
    if request.endpoint in (None, "static", "api.healthz", "api.readyz", "api.metrics"):
        return
    # Whoever leaves asks for nothing more.
    if guard.asking() is not None and request.endpoint != "sign_in.leave":
        g.wait_s = current_app.extensions["sekisho-pace"].wait_s(guard.token())
        if g.wait_s:
            abort(429)


def _is_foreign() -> bool:
    """Whether the browser says that another site's page sends this form; the form token is asked for besides."""
    changes = request.method not in ("GET", "HEAD", "OPTIONS") and not guard.is_api()
    return changes and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _headers(response: Response) -> Response:
    for name, value in headers.of_every_answer(https=current_app.config["SESSION_COOKIE_SECURE"]).items():
        response.headers.setdefault(name, value)
    if response.status_code == 429 and g.get("wait_s"):
        response.headers["Retry-After"] = str(g.wait_s)
    if response.status_code == 503:
        response.headers.setdefault("Retry-After", RETRY_AFTER_S)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _templates(app: Flask) -> None:
    manifest = json.loads((Path(__file__).parent / "static" / "integrity.json").read_text(encoding="utf-8"))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        clock=shown.clock,
        hour=shown.hour,
        leaving=shown.leaving,
        briefly=shown.briefly,
        named=shown.named,
        labelled=shown.labelled,
        isolated=shown.isolated,
        said=shown.said,
        kind=words.kind,
        field_moment=shown.field_moment,
        machine=leaf.written,
    )

    app.jinja_env.tests["turned"] = shown.turned
    app.jinja_env.globals["patience"] = forms.PATIENCE

    @app.context_processor
    def _given() -> dict[str, Any]:
        return {
            "operator": g.get("operator"),
            "may": guard.permitted,
            "language": str(get_locale()),
            "integrity": manifest,
            "words": words,
            "shown": shown,
            "told": words.told,
            "urged": guard.is_urged,
            "token": _token,
        }


def _token() -> Markup:
    """The hidden field by which a form proves that it is ours."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def _errors(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)

    @app.errorhandler(Refused)
    def _refused(refused: Refused) -> Response:
        if guard.is_api():
            return problem(409, refused.code, str(refused))
        return _page(409, gettext("This cannot be done"), words.refusal(refused))

    @app.errorhandler(Unprocessable)
    def _unprocessable(refused: Unprocessable) -> Response:
        turned_away.note(Why.FIELDS_WRONG)
        return problem(422, "unprocessable", "Fields are wrong, missing or unknown", flaws=refused.flaws)

    @app.errorhandler(IntegrityError)
    def _raced(_error: IntegrityError) -> Response:
        """Two did the same at once, and the other was first."""
        if guard.is_api():
            return problem(409, "changed-meanwhile", "Somebody else changed it meanwhile", "Read it again.")
        return _page(409, gettext("This cannot be done"), gettext("Somebody else changed it meanwhile. Look again."))

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(NotFoundedError)
    def _away(error: DBAPIError | NotFoundedError) -> Response:
        logs.event(_log, "database_away", level="error", kind=type(error).__name__)
        if guard.is_api():
            return problem(503, "not-ready", "The database does not answer, or the controller has never run on it")
        g.operator = None
        return _page(503, gettext("Not ready"), gettext("The database does not answer: is the controller running?"))

    @app.errorhandler(CSRFError)
    def _forged(_error: CSRFError) -> Response:
        turned_away.note(Why.FORM_FORGED)
        return _page(400, gettext("This form has expired"), gettext("Go back, load the page again and repeat."))

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        # The type and place only: messages of exceptions may hold what a log must not.
        logs.event(_log, "unexpected_error", level="error", error=error)
        if app.testing or app.debug:
            raise error
        g.operator = None
        return problem(500, "unexpected", "Unexpected error") if guard.is_api() else _page(500, *_explained(500))


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None:
        return cast("Response", error.response)
    if isinstance(error, guard.NotPermitted):
        guard.record_refused(error)
    if isinstance(error, SecurityError):
        # Called by a name that is not ours: no page can be drawn, because no link of it would be ours.
        turned_away.note(Why.HOST_UNKNOWN)
        return Response("Bad request", 400, mimetype="text/plain")
    if guard.is_api():
        answer = problem(code, error.name.lower().replace(" ", "-"), error.name)
    else:
        guard.asking()  # no view has, when there is no such page: with it the page has its menu
        answer = _page(code, *_explained(code))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(error.valid_methods)
    return answer


def _explained(code: int) -> tuple[str, str]:
    """What happened, and how to mend it."""
    if code == 403:
        return gettext("Not permitted"), gettext("Your role does not permit this. Ask a security admin.")
    if code == 404:
        return gettext("Not found"), gettext("There is nothing at this address. It may have been mistyped or ended.")
    if code == 405:
        return gettext("Not understood"), gettext("This address is reached by a button. Go back and use it.")
    if code == 413:
        return gettext("Too large"), gettext("This is more than one page may send. Send less.")
    if code == 429:
        return gettext("Too fast"), gettext("This session asks faster than anybody reads. Wait a little and try again.")
    if code == 503:
        return gettext("Busy"), gettext("Too many ask just now. Wait a few seconds and try again.")
    if code >= 500:
        return gettext("Something went wrong"), gettext("It has been noted. Nothing was changed. Try again.")
    return gettext("Not understood"), gettext("A field holds what it cannot hold. Go back and correct it.")


def _page(code: int, title: str, sentence: str) -> Response:
    return make_response(render_template("error.html", title=title, sentence=sentence), code)
