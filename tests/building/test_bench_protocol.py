"""The bench's socket in a running demo, spoken to as an outsider does: a plain socket and lines of JSON."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.building.demo_hands import Demo

pytestmark = [pytest.mark.building, pytest.mark.broker]

ANSWER_WITHIN = 10.0
STRIKE, ENTRY = "cedar.strike", "cedar-in"


class Outsider:
    """One connection: what is asked, and everything that comes back in order."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_WITHIN)
        self._socket.connect(path)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.edges: list[dict[str, Any]] = []

    def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads(self._lines.readline())
        if "output" in heard:
            self.edges.append(heard)
        return heard

    def say(self, line: str) -> dict[str, Any]:
        """The answer to a line; edges that come before it are kept."""
        self._socket.sendall(line.encode() + b"\n")
        while "output" in (heard := self.hear()):
            continue
        return heard

    def do(self, deed: str, **rest: object) -> dict[str, Any]:
        return self.say(json.dumps({"do": deed, **rest}))

    def edge(self, output: str, value: int, after: float) -> dict[str, Any]:
        """The first edge of that output to that value which the bench stamped after `after`."""
        while True:
            for each in self.edges:
                if (each["output"], each["value"]) == (output, value) and each["mono"] >= after:
                    return each
            self.hear()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture
def outsider(building: Demo) -> Iterator[Outsider]:
    connected = Outsider(building.description["bench_socket"])
    yield connected
    connected.close()


def wire(bits: str) -> str:
    """A 40-bit card as the reader of the Cedar room writes it, in hex."""
    data = int(bits, 2).to_bytes(5, "big")
    checksum = 0
    for each in data:
        checksum ^= each
    return (b"\x02" + data.hex().upper().encode() + b"%02X\r\n\x03" % checksum).hex()


def is_done(answer: dict[str, Any]) -> bool:
    return set(answer) == {"ok", "mono"} and answer["ok"] is True and abs(answer["mono"] - time.monotonic()) < 60


@pytest.mark.parametrize("form", ["bits", "bytes"])
def test_a_card_given_as_bits_or_as_raw_bytes_moves_the_lock(building: Demo, outsider: Outsider, form: str) -> None:
    assert is_done(outsider.do("watch"))
    bits = building.card("Ada")
    card = {"bits": bits} if form == "bits" else {"bytes": wire(bits)}
    answer = outsider.do("present", reader=ENTRY, **card)
    assert is_done(answer)
    edge = outsider.edge(STRIKE, 1, answer["mono"])
    assert set(edge) == {"mono", "output", "value"}
    outsider.edge(f"{ENTRY}.green", 1, answer["mono"])
    outsider.edge(STRIKE, 0, edge["mono"])


def test_edges_are_told_to_who_watches_and_to_nobody_else(building: Demo, outsider: Outsider) -> None:
    quiet = Outsider(building.description["bench_socket"])
    outsider.do("watch")
    answer = outsider.do("present", reader=ENTRY, bits=building.card("Ada"))
    edge = outsider.edge(STRIKE, 1, answer["mono"])
    outsider.edge(STRIKE, 0, edge["mono"])
    assert is_done(quiet.do("set", input="cedar.tamper", value=0))
    assert quiet.edges == []
    quiet.close()


@pytest.mark.parametrize("name", ["contact", "rex", "break-glass", "fire", "tamper"])
def test_every_promised_input_of_every_door_can_be_set(building: Demo, outsider: Outsider, name: str) -> None:
    for door in building.description["doors"]:
        assert is_done(outsider.do("set", input=f"{door}.{name}", value=0))


def test_readers_are_called_as_the_description_calls_them_and_can_be_cut(building: Demo, outsider: Outsider) -> None:
    for reader in building.description["readers"]:
        assert reader["id"] == reader["access_point"]
        assert is_done(outsider.do("cut", reader=reader["id"], on=True))
        assert "cut" in outsider.do("present", reader=reader["id"], bits="0" * 40)["error"]
        assert is_done(outsider.do("cut", reader=reader["id"], on=False))


def test_keys_at_a_reader_without_a_keypad_are_an_error(outsider: Outsider) -> None:
    assert "no keypad" in outsider.do("keys", reader=ENTRY, keys="1234#")["error"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "rubbish",
        "[]",
        "{}",
        '{"do":"dance"}',
        '{"do":"present","reader":"nowhere","bits":"01"}',
        '{"do":"present","reader":"cedar-in"}',
        '{"do":"present","reader":"cedar-in","bits":"0121"}',
        '{"do":"present","reader":"cedar-in","bytes":"0g"}',
        '{"do":"present","reader":"cedar-in","bits":"01","bytes":"00"}',
        '{"do":"set","input":"cedar.strike","value":1}',
        '{"do":"set","input":"cedar.contact","value":2}',
        '{"do":"set","input":"nowhere.contact","value":1}',
        '{"do":"cut","reader":"cedar-in"}',
        '{"do":"watch","loudly":true}',
    ],
)
def test_a_wrong_line_is_answered_with_an_error_and_the_next_is_served(outsider: Outsider, line: str) -> None:
    answer = outsider.say(line)
    assert set(answer) == {"error"}
    assert answer["error"]
    assert is_done(outsider.do("watch"))
