"""However much a house holds, a page asks its database as often as in a small one: of everything that is listed there
are three, and then thirty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, func, select

from admin_web import cookies
from admin_web.application import create_app
from admin_web.reports.known import EXPORTED, REPORTS
from admin_web.settings import WebSettings
from controller.database import reading, transaction
from controller.ledger.ledger import LedgerRow
from controller.people import hours_use, operator_session
from controller.people.access_level import AccessLevel
from controller.people.custody import Due
from controller.people.operator_session import Proof
from controller.premises import schedule
from controller.record.fact import FactRow
from controller.record.finding import What
from tests.admin_web.conftest import BASE, token
from tests.admin_web.growing import LATER, begin, grow
from tests.controller.conftest import House
from tests.controller.statements import counted

AT = LATER + timedelta(days=3)
GOES_ON = 2
"""A list that has become longer than its page asks, once, how long it is, and what leads on."""
JUDGED_BY_LISTS = frozenset({"/access-levels/changes/1"})
"""What a change would do is judged by the list of every agent, which is compiled as for the agent itself."""
FEW, MANY = range(3), range(3, 30)
_LISTENING = frozenset({"live.stream", "api.stream_events"})
"""They answer for as long as somebody listens."""
NARROWED = (
    *(f"/api/v1/custody?due={each}" for each in Due),
    *(f"/cards?due={each}" for each in Due),
    *(f"/findings?what={each}" for each in What),
    "/api/v1/holidays?calendar=2",
    "/log?outcome=REFUSE",
)
"""What wants to be told more, and pages that show something else when they are."""


def addresses(app: Flask, house: House) -> list[str]:
    """Every address that can be opened; the ids are of what everything else in the house hangs on."""
    known = _known(house)
    found = list[str]()
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint in _LISTENING:
                continue
            values = {name: known.get(f"{rule.endpoint} {name}") or known.get(name, [1]) for name in rule.arguments}
            given = [dict(zip(values, each, strict=True)) for each in product(*values.values())]
            found += [url_for(rule.endpoint, **each) for each in given]
    return sorted([*found, *NARROWED])


def _known(house: House) -> dict[str, Sequence[Any]]:
    with reading(house.engine) as session:
        decision = session.scalar(select(func.min(FactRow.ledger_sequence)).where(FactRow.outcome == "GRANT"))
        level = session.scalars(select(AccessLevel).where(AccessLevel.name == "hub level")).one()
        changed = session.scalar(select(func.min(LedgerRow.sequence)).where(LedgerRow.kind == "posture-changed"))
        ada, cedar = house.holder(session, "Ada").id, house.cedar(session)
        return {
            **{name: [decision] for name in ("event_id", "log.page sequence", "cards.of_swipe sequence")},
            **{name: [ada] for name in ("holder_id", "cardholder_id")},
            "sequence": [changed],
            "area_id": [cedar.id],
            "level_id": [level.id],
            "key": [cedar.key],
            "report": list(EXPORTED),
            "reports.page key": list(REPORTS),
            "exports.form key": list(EXPORTED),
        }


@pytest.fixture
def app(house: House, engine: Engine, tmp_path: Path, compiled: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The pages at a moment that does not move: a session that is written down anew would count too."""
    made = create_app(WebSettings("sqlite://", "tokyo", tmp_path / "secret"), engine, lambda: AT)
    made.testing = True
    made.jinja_env.bytecode_cache = compiled
    yield made
    made.extensions["sekisho"].news.stop()
    made.extensions["sekisho-exports"].stop()


@pytest.fixture
def kim(client: FlaskClient, house: House) -> FlaskClient:
    """A browser of Kim's, who also carries a token for the API."""
    with transaction(house.engine) as session:
        cookie = operator_session.open_session(session, AT, house.operator(session, "kim").id, Proof.PASSKEY)
    client.set_cookie(cookies.SESSION, cookie, domain="127.0.0.1")
    client.environ_base["HTTP_AUTHORIZATION"] = token(house, "kim")["Authorization"]
    return client


def questions(kim: FlaskClient, house: House, paths: Sequence[str]) -> dict[str, int]:
    """How many statements each of these sends to the database; without those that lead elsewhere or are not there."""
    found = dict[str, int]()
    for path in paths:
        with counted(house.engine) as statements:
            answer = kim.get(path, base_url=BASE)
            answer.get_data()
        assert answer.status_code < 500, path
        if answer.status_code == 200:
            found[path] = len(statements)
    return found


def test_no_page_asks_more_of_a_house_that_holds_more(app: Flask, kim: FlaskClient, house: House) -> None:
    begin(house)
    grow(house, FEW)
    paths = addresses(app, house)
    few = questions(kim, house, paths)
    grow(house, MANY)
    many = questions(kim, house, paths)
    assert many.keys() == few.keys()
    assert len(many) > 140
    more = {path: many[path] - few[path] for path in few if path.partition("?")[0] not in JUDGED_BY_LISTS}
    grown = {path: count for path, count in more.items() if count > GOES_ON}
    assert not grown


def test_hours_count_what_rests_on_them_as_their_own_pages_do(house: House) -> None:
    begin(house)
    grow(house, FEW)
    with reading(house.engine) as session:
        counted_together = hours_use.counts(session, AT)
        every = schedule.of_site(session, house.site(session))
        alone = {each.id: hours_use.uses(session, each, AT).counted() for each in every}
        together = {key: {name: counted_together[key][name] for name in counts} for key, counts in alone.items()}
    assert together == alone
    assert any(counts["permissions"] for counts in alone.values())
