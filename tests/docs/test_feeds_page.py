"""The page of feeds: its example for receivers does what it says, with requests that are really ours."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.feeds import cef, signing_secret, webhook
from controller.feeds.event import Event, Place
from tests.controller.conftest import NOW

PAGE = (Path(__file__).parents[2] / "docs" / "operator" / "feeds.md").read_text(encoding="utf-8")
KEY = bytes(range(32))
EVENT = Event(
    "alarm-17", "alarm.raised", "Door forced open", NOW, 10, Place(0, 17),
    {"alarm": "FORCED_OPEN", "agent": "cedar", "door": {"key": "cedar", "name": "杉"}},
)  # fmt: skip


@pytest.fixture(scope="module")
def verified() -> Callable[..., bool]:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    told: dict[str, Any] = {}
    exec(found[1], told)  # noqa: S102 - the example as a reader would run it
    made: Callable[..., bool] = told["verified"]
    return made


def test_the_example_believes_what_we_send(verified: Callable[..., bool]) -> None:
    sent = webhook.body("tokyo", EVENT)
    assert verified(signing_secret.written(KEY), webhook.headers(KEY, EVENT, NOW, sent), sent, NOW.timestamp())


@pytest.mark.parametrize(
    "other",
    [{"webhook-id": "alarm-18"}, {"webhook-timestamp": "1"}, {"webhook-timestamp": "x"}, {"webhook-signature": "v1,"},
     {"webhook-signature": ""}, {"webhook-signature": "v1,é"}],
)  # fmt: skip
def test_the_example_believes_nothing_else(verified: Callable[..., bool], other: dict[str, str]) -> None:
    sent = webhook.body("tokyo", EVENT)
    headers = {**webhook.headers(KEY, EVENT, NOW, sent), **other}
    assert not verified(signing_secret.written(KEY), headers, sent, NOW.timestamp())


def test_the_example_asks_for_the_right_secret_body_time_and_headers(verified: Callable[..., bool]) -> None:
    sent = webhook.body("tokyo", EVENT)
    headers, secret = webhook.headers(KEY, EVENT, NOW, sent), signing_secret.written(KEY)
    assert not verified(signing_secret.written(bytes(32)), headers, sent, NOW.timestamp())
    assert not verified(secret, headers, sent + b" ", NOW.timestamp())
    assert not verified(secret, headers, sent, NOW.timestamp() + 301)
    assert not verified(secret, {}, sent, NOW.timestamp())
    assert not verified("whsec_?", headers, sent, NOW.timestamp())


def test_the_line_on_the_page_is_one_of_ours() -> None:
    found = re.search(r"^<82>1 .*$", PAGE, re.MULTILINE)
    assert found is not None
    ours = cef.syslog("tokyo", EVENT)
    assert re.sub(r"T03:00:10|rt=\d+", "", found[0]) == re.sub(r"T03:00:00|rt=\d+", "", ours)


def test_a_secret_is_as_long_as_standard_webhooks_want_it() -> None:
    assert 24 <= len(base64.b64decode(signing_secret.written(KEY).removeprefix("whsec_"))) <= 64
    assert len(KEY) == signing_secret.SECRET_BYTES
