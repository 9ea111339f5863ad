"""What the docs say may be sent comes through the real server."""

from __future__ import annotations

import base64
import http.client
import json

from flask import Flask

from admin_web.serve import LARGEST_BODY
from controller import picture
from tests.admin_web.conftest import token
from tests.admin_web.on_waitress import PATIENCE, served
from tests.controller.conftest import House
from tests.controller.test_picture import drawn

PLAN = "/api/v1/floor-plans"


def post(port: int, headers: dict[str, str], body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", PLAN, body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_no_route_takes_more_than_the_server_does(app: Flask) -> None:
    taken = [getattr(view, "longest", 0) for view in app.view_functions.values()]
    assert max(taken) == LARGEST_BODY


def test_the_largest_picture_comes_through_to_who_may_send_it(app: Flask, house: House) -> None:
    plan = drawn("PNG", (800, 500))
    plan += b"\0" * (picture.LONGEST - len(plan))  # the longest that is looked at; what hangs on it is refused as such
    body = json.dumps({"name": "3F", "picture": base64.b64encode(plan).decode()}).encode()
    with served(app, 2) as port:
        assert post(port, {}, body) == 401
        assert post(port, token(house, "kim"), body) == 409, "judged as a picture, and refused for what hangs on it"
