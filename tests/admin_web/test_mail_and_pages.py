"""The links of mails lead to pages."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from controller.mail import news
from controller.mail.outbox import Topic
from tests.admin_web.conftest import BASE, signed_in


@pytest.mark.parametrize("topic", list(Topic))
def test_the_link_of_every_topic_leads_to_a_page(client: FlaskClient, topic: Topic) -> None:
    signed_in(client, "kim")
    link = urlsplit(news.page(topic, BASE, 14))
    assert client.get(f"{link.path}?{link.query}", base_url=BASE).status_code == 200
