"""The bench's lines: whatever comes is a request or a refusal, and memory is bounded."""

import contextlib
import json
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.bench.connection import BACKLOG, Connection
from hardware.bench.wire import (
    LINE_LIMIT,
    AgentHello,
    Cut,
    Describe,
    Fault,
    FaultDeed,
    Keys,
    LineBuffer,
    PinChange,
    Present,
    RequestRefusedError,
    SetInput,
    SetLine,
    Watch,
    parse,
)
from hardware.signal import LineState


@pytest.mark.parametrize(
    ("line", "request_meant"),
    [
        ({"do": "present", "reader": "cedar-in", "bits": "0101"}, Present("cedar-in", "0101", None)),
        ({"do": "present", "reader": "cedar-in", "bytes": "02ff"}, Present("cedar-in", None, b"\x02\xff")),
        ({"do": "keys", "reader": "cedar-in", "keys": "1234#"}, Keys("cedar-in", "1234#")),
        ({"do": "set", "input": "cedar.contact", "value": 1}, SetInput("cedar.contact", 1)),
        ({"do": "line", "input": "cedar.fire", "state": "open"}, SetLine("cedar.fire", LineState.OPEN)),
        ({"do": "cut", "reader": "cedar-in", "on": True}, Cut("cedar-in", True)),
        ({"do": "fault", "reader": "elm-in", "kind": "cut"}, Fault("elm-in", FaultDeed.CUT)),
        (
            {"do": "fault", "reader": "elm-in", "kind": "stuck", "line": 1, "on": False},
            Fault("elm-in", FaultDeed.STUCK, on=False, line=1),
        ),
        ({"do": "watch"}, Watch()),
        ({"do": "describe"}, Describe()),
        ({"agent": "cedar"}, AgentHello("cedar")),
        ({"pin": 17, "function": "output", "level": 1}, PinChange(17, "output", 1)),
    ],
)
def test_each_request_is_understood(line: dict[str, Any], request_meant: object) -> None:
    assert parse(json.dumps(line).encode()) == request_meant


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 60_000,
        b"1" * 60_000,
        b'{"do":"dance"}',
        b'{"do":["present"]}',
        b'{"do":"watch","more":1}',
        b'{"do":"set","input":"cedar.contact","value":true}',
        b'{"do":"set","input":"cedar.contact","value":2}',
        b'{"do":"set","input":5,"value":1}',
        b'{"do":"set","value":1}',
        b'{"do":"cut","reader":"cedar-in","on":1}',
        b'{"do":"present","reader":"cedar-in"}',
        b'{"do":"present","reader":"cedar-in","bits":"01","bytes":"02"}',
        b'{"do":"present","reader":"cedar-in","bits":"012"}',
        b'{"do":"present","reader":"cedar-in","bits":""}',
        b'{"do":"present","reader":"cedar-in","bytes":"0g"}',
        b'{"do":"fault","reader":"elm-in"}',
        b'{"do":"fault","reader":"elm-in","kind":["cut"]}',
        b'{"do":"fault","reader":"elm-in","kind":"drip","bits":"012"}',
        b'{"agent":{}}',
        b'{"pin":-1,"function":"output","level":1}',
        b'{"pin":1,"function":"pwm","level":1}',
        None,
    ],
)
def test_what_is_no_request_is_refused_with_a_sentence(line: bytes | None) -> None:
    with pytest.raises(RequestRefusedError, match=r"\w+"):
        parse(line)


def test_a_refusal_never_repeats_the_card() -> None:
    with pytest.raises(RequestRefusedError) as refusal:
        parse(b'{"do":"present","reader":"cedar-in","bits":"01011201"}')
    assert "0101" not in str(refusal.value)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.one_of(
        st.binary(max_size=80),
        st.dictionaries(
            st.sampled_from(["do", "reader", "bits", "bytes", "input", "value", "on", "agent", "pin", "level", "keys"]),
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("present")),
        ).map(lambda message: json.dumps(message).encode()),
    )
)
def test_no_line_raises_anything_but_a_refusal(line: bytes) -> None:
    with contextlib.suppress(RequestRefusedError):
        parse(line)


def test_lines_come_out_whole_however_they_were_cut_and_a_huge_one_as_none() -> None:
    buffer = LineBuffer(limit=8)
    assert buffer.feed(b"ab") == []
    assert buffer.feed(b"c\nde\n\nf") == [b"abc", b"de", b""]
    assert buffer.feed(b"x" * 20) == [None]
    assert buffer.feed(b"y" * 20) == []
    assert buffer.feed(b"z\nnext\n") == [b"next"]
    assert buffer.feed(b"12345678\n123456789\nok\n") == [b"12345678", None, b"ok"]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.binary(max_size=30), max_size=20))
def test_a_line_buffer_never_holds_more_than_its_limit(pieces: list[bytes]) -> None:
    buffer = LineBuffer(limit=16)
    for piece in pieces:
        for line in buffer.feed(piece):
            assert line is None or len(line) <= 16
        assert len(buffer._part) <= 16


def test_who_does_not_listen_is_gone_and_never_blocks_the_bench() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watcher = Connection(ours)
        sent = 0
        while not watcher.gone:
            watcher.send({"mono": 1.0, "output": "cedar.strike", "value": 1})
            sent += 1
            assert sent < 100_000
        assert len(watcher._outgoing) < BACKLOG + 100


def test_a_hung_up_connection_is_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        connection = Connection(ours)
        connection.receive()
        assert connection.gone
        assert list(connection.lines()) == []
        connection.send({"ok": True})


def test_lines_wait_in_order_while_an_answer_is_awaited_and_too_much_of_them_is_the_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = Connection(ours)
        theirs.sendall(b"one\ntwo\nthree\n")
        connection.receive()
        taken = []
        for line in connection.lines():
            taken.append(line)
            connection.held = line == b"two"
        assert taken == [b"one", b"two"]
        connection.held = False
        assert list(connection.lines()) == [b"three"]
        connection.held = True
        theirs.setblocking(False)
        sent = 0
        while not connection.gone:
            sent += theirs.send(b"x" * 100 + b"\n")
            connection.receive()
            assert sent < 2 * BACKLOG


def test_the_limit_is_the_promised_one() -> None:
    assert LINE_LIMIT == 64 * 1024
