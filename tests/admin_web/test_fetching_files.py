"""Fetching files from the real server: whoever reads slowly holds no thread, and gets every byte all the same."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
from collections.abc import Iterator
from typing import IO

import pytest
from flask import Flask

from admin_web import serve
from admin_web.centre import utc_now as now
from admin_web.exports.making import Exports, Making, Order
from admin_web.exports.sheet import Sheet, Written
from controller.database import reading
from tests.admin_web.conftest import signed_in
from tests.admin_web.on_waitress import PATIENCE, served
from tests.controller.conftest import House

VIEWERS = 1
LARGE = 8 * 1024 * 1024
NOTHING = Sheet("a", ["a"], [])
BLOCK = hashlib.sha256(b"a file").digest() * 2048


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    with served(app, VIEWERS) as port:
        yield port


def large(_: Sheet, file: IO[bytes]) -> Written:
    for _block in range(LARGE // len(BLOCK)):
        file.write(BLOCK)
    return Written(1)


def made(app: Flask, owner: int) -> Making:
    exports: Exports = app.extensions["sekisho-exports"]
    order = Order(owner, "Access log", "a.csv", "text/csv", 1, now(), large, lambda: contextlib.nullcontext(NOTHING))
    making = exports.ask(order)
    assert making.finished.wait(PATIENCE)
    return making


def asked(port: int, path: str, cookie: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Cookie": cookie, "Host": "127.0.0.1"})
    return connection


def test_slow_readers_of_files_leave_the_pages_to_everybody_else(app: Flask, house: House, port: int) -> None:
    client = app.test_client()
    signed_in(client, "olu")
    cookie = client.get_cookie("sekisho_session", domain="127.0.0.1")
    assert cookie is not None
    proof = f"sekisho_session={cookie.value}"
    with reading(house.engine) as session:
        owner = house.operator(session, "olu").id
    path = f"/exports/{made(app, owner).key}/file"
    slow = [asked(port, path, proof) for _ in range(VIEWERS + serve.FREE_THREADS + 2)]
    answers = [each.getresponse() for each in slow]
    assert {answer.status for answer in answers} == {200}
    other = asked(port, "/exports", proof)
    assert other.getresponse().status == 200
    assert hashlib.sha256(answers[-1].read()).digest() == hashlib.sha256(BLOCK * (LARGE // len(BLOCK))).digest()
    for answer, connection in zip(answers, slow, strict=True):
        answer.close()
        connection.close()
    other.close()
