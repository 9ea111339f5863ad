"""Live streams on the real server: idle viewers starve nobody, seats come back, and nothing is lost or comes twice."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from admin_web import cookies, streams
from contract.fact import Clock, Fact, FactKind
from controller.database import transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import operator
from controller.record.fact import FactRow
from tests.admin_web.conftest import signed_in, submit, token
from tests.admin_web.on_waitress import PATIENCE, served, until
from tests.controller.conftest import NOW, House

STREAM = "/api/v1/events/stream"


@pytest.fixture
def port(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The application on waitress, as `web serve` starts it; hearts beat fast so that tests need not wait."""
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.1)
    with served(app, 4) as port:
        yield port


class Viewer:
    """One who looks at the stream, line by line."""

    def __init__(self, port: int, headers: dict[str, str], path: str = STREAM, method: str = "GET") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.request(method, path, headers=headers)
        self.sock = self.connection.sock
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def line(self) -> str:
        """The next line; empty at the end of the stream."""
        return self.answer.readline().decode()

    def events(self, count: int) -> list[tuple[int, str]]:
        """The next facts: (id, kind)."""
        found, number = list[tuple[int, str]](), 0
        while len(found) < count:
            line = self.line()
            assert line, "the stream ended"
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith('data: {"'):
                found.append((number, json.loads(line[6:])["kind"]))
        return found

    def ended(self) -> bool:
        """Whether the stream ends now, whatever still comes."""
        with contextlib.suppress(http.client.IncompleteRead):
            while self.line():
                continue
        return True

    def die(self) -> None:
        """As a machine whose cable is cut and put back: reset, without a goodbye."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()

    def leave(self) -> None:
        self.answer.close()
        self.connection.close()
        self.sock.close()


def asked(port: int, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, float]:
    """The status, and the seconds it took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    started = time.monotonic()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, time.monotonic() - started


def happened(house: House, count: int = 1) -> list[int]:
    """Facts come in; their places in the ledger."""
    made = list[int]()
    for _ in range(count):
        with transaction(house.engine) as session:
            agent = house.agent(session)
            sequence = append(session, Kind.FACT, "agent:tokyo/cedar", NOW, {"agent": agent.id})
            session.add(fact_row(agent.id, sequence))
        made.append(sequence)
    return made


def fact_row(agent_id: int, sequence: int) -> FactRow:
    fact = Fact("tokyo", "cedar", sequence, bytes(32), bytes(16), FactKind.REX, NOW, 0, Clock.TRUSTED, {})
    return FactRow(
        agent_id=agent_id,
        sequence=sequence,
        kind=fact.kind,
        at=NOW,
        trusted=True,
        received_at=NOW,
        inferred=False,
        ledger_sequence=sequence,
        encoded=fact.encoded(),
        fact_hash=bytes(32),
    )


def test_idle_viewers_on_every_seat_starve_nobody_and_one_more_is_told_when_to_come_again(
    app: Flask, house: House, port: int
) -> None:
    kim, mia = token(house, "kim"), token(house, "mia")
    with transaction(house.engine) as session:
        wish = {"cardholder": house.holder(session, "Ben").id, "area": house.cedar(session).id, "reason": "shift"}
    kind = {"Content-Type": "application/json"}
    assert asked(port, "POST", "/api/v1/grants", {**kim, **kind}, json.dumps(wish))[0] == 201
    viewers = [Viewer(port, kim) for _ in range(4)]
    assert all(viewer.status == 200 for viewer in viewers)
    further = Viewer(port, kim)
    assert (further.status, further.answer.headers["Retry-After"]) == (503, "2")
    assert further.answer.headers["Content-Type"] == "application/problem+json"
    took = [
        asked(port, "GET", "/sign-in", {}),
        asked(port, "GET", "/api/v1/cardholders", kim),
        asked(port, "POST", "/api/v1/grants/1/approve", {**mia, **kind}, "{}"),
        asked(port, "GET", "/healthz", {}),
    ]
    assert [status for status, _ in took] == [200, 200, 200, 200]
    assert max(seconds for _, seconds in took) < PATIENCE / 2
    for viewer in (*viewers, further):
        viewer.leave()


def test_silent_connections_starve_nobody(port: int) -> None:
    with contextlib.ExitStack() as silent:
        for number in range(150):
            sock = silent.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
            if number % 2:
                sock.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999\r\n\r\nname=")
        assert asked(port, "GET", "/healthz", {})[0] == 200


@pytest.mark.parametrize("how", ["leave", "die"])
def test_a_seat_comes_back_when_its_viewer_leaves_or_dies(app: Flask, house: House, port: int, how: str) -> None:
    kim, seats = token(house, "kim"), app.extensions["sekisho-seats"]
    for _ in range(3):
        viewers = [Viewer(port, kim) for _ in range(4)]
        assert [viewer.status for viewer in viewers] == [200] * 4
        for viewer in viewers:
            viewer.line()
            getattr(viewer, how)()
        until(lambda: seats.taken == 0)


def test_looking_at_the_head_only_takes_no_seat(app: Flask, house: House, port: int) -> None:
    viewer = Viewer(port, token(house, "kim"), method="HEAD")
    assert viewer.status == 200
    until(lambda: app.extensions["sekisho-seats"].taken == 0)
    viewer.leave()


def test_a_heart_beats_when_nothing_happens(house: House, port: int) -> None:
    viewer = Viewer(port, token(house, "kim"))
    assert viewer.line() == "retry: 2000\n"
    assert [line for _ in range(6) if (line := viewer.line()) == ": still here\n"]
    viewer.leave()


def test_nothing_is_lost_and_nothing_comes_twice_over_any_breaks(
    app: Flask, house: House, port: int, rng: random.Random
) -> None:
    kim, seen, wanted = token(house, "kim"), list[int](), list[int]()
    seats = app.extensions["sekisho-seats"]
    before = happened(house)[-1]
    writer = threading.Thread(target=lambda: wanted.extend(happened(house, 130)))
    writer.start()
    while len(seen) < 130:
        until(lambda: seats.taken < seats.count)
        last = str(seen[-1] if seen else before)
        viewer = Viewer(port, {**kim, "Last-Event-ID": last})
        assert viewer.status == 200
        seen += [number for number, _ in viewer.events(min(rng.randint(1, 40), 130 - len(seen)))]
        viewer.die() if rng.random() < 0.5 else viewer.leave()
    writer.join(PATIENCE)
    assert seen == wanted


def test_a_place_that_the_ledger_has_not_reached_means_from_now(house: House, port: int) -> None:
    viewer = Viewer(port, {**token(house, "kim"), "Last-Event-ID": "9" * 18})
    viewer.line()
    wanted = happened(house)
    assert [number for number, _ in viewer.events(1)] == wanted
    viewer.leave()


@pytest.mark.parametrize("end", ["token", "operator"])
def test_a_stream_ends_with_what_it_was_let_in_by(house: House, port: int, end: str) -> None:
    viewer = Viewer(port, token(house, "olu"))
    viewer.line()
    with transaction(house.engine) as session:
        olu, kim = house.operator(session, "olu"), house.operator(session, "kim")
        if end == "token":
            operator.revoke_token(session, NOW, olu, operator.tokens_of(session, olu)[0].id)
        else:
            operator.set_active(session, kim, NOW, olu, active=False)
    assert viewer.ended()
    viewer.leave()


def test_the_stream_of_a_page_ends_when_its_operator_signs_out(app: Flask, port: int) -> None:
    client = app.test_client()
    signed_in(client, "olu")
    cookie = client.get_cookie(cookies.SESSION, "127.0.0.1")
    assert cookie is not None
    viewer = Viewer(port, {"Cookie": f"{cookies.SESSION}={cookie.value}"}, "/live/stream")
    assert viewer.status == 200
    assert submit(client, "/sign-out") == 303
    assert viewer.ended()
    viewer.leave()


def test_a_stream_ends_after_its_life_so_that_a_dead_viewer_cannot_keep_a_seat(
    house: House, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LIFE_S", 0.0)
    viewer = Viewer(port, token(house, "kim"))
    assert viewer.ended()
    viewer.leave()


def test_the_news_go_on_when_the_database_was_away(
    app: Flask, house: House, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, broken = app.extensions["sekisho"].news, threading.Event()
    tell = news.tell

    def away() -> None:
        if not broken.is_set():
            broken.set()
            raise OperationalError("SELECT", {}, Exception("gone"))
        tell()

    monkeypatch.setattr(news, "tell", away)
    viewer = Viewer(port, token(house, "kim"))
    assert broken.wait(PATIENCE)
    wanted = happened(house)
    assert [number for number, _ in viewer.events(1)][-1:] == wanted
    viewer.leave()


def test_a_body_that_is_too_large_is_refused_without_being_read_into_memory(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n")
        assert b" 413 " in sock.makefile("rb").readline()
