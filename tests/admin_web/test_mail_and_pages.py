"""What a mail says is what the pages say, and its links lead to them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from admin_web import words
from controller.mail import news
from controller.mail.alarm_words import alarm_words
from controller.mail.outbox import Topic
from controller.record import alarm
from tests.admin_web.conftest import BASE, signed_in


@pytest.mark.parametrize("language", ["en", "ja"])
def test_alarms_are_called_as_on_the_pages(app: Flask, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        on_pages = {kind: words.kind(kind) for kind in alarm.KINDS}
    assert {kind: getattr(alarm_words(kind), language) for kind in alarm.KINDS} == on_pages


@pytest.mark.parametrize("topic", list(Topic))
def test_the_link_of_every_topic_leads_to_a_page(client: FlaskClient, topic: Topic) -> None:
    signed_in(client, "kim")
    link = urlsplit(news.page(topic, BASE, 14))
    assert client.get(f"{link.path}?{link.query}", base_url=BASE).status_code == 200
