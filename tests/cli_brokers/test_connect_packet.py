"""The first packet, read without a broker."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.brokers.connect_packet import Connect, MalformedConnectError, ReturnCode, parse, refusal
from cli.brokers.embedded import PacketReader, read_packet, without_fixed_header


def field(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def connect(flags: int = 0x02, payload: bytes = b"", *, level: int = 4, protocol: bytes = b"MQTT") -> bytes:
    return field(protocol) + bytes((level, flags, 0, 10)) + payload


def test_a_plain_connect_gives_its_client_id() -> None:
    assert parse(connect(payload=field(b"agent.main.cedar"))) == Connect("MQTT", 4, "agent.main.cedar", None)


def test_a_will_gives_its_topic_and_a_password_is_passed_over() -> None:
    payload = field(b"id") + field(b"some/topic") + field(b"\xff\x00") + field(b"name") + field(b"secret")
    assert parse(connect(0xEC, payload)) == Connect("MQTT", 4, "id", "some/topic")


@pytest.mark.parametrize(("protocol", "level"), [(b"MQTT", 5), (b"MQIsdp", 3), (b"HTTP", 4)])
def test_another_protocol_is_named_and_not_read_further(protocol: bytes, level: int) -> None:
    assert not parse(connect(level=level, protocol=protocol, payload=b"\xff")).is_spoken_here


@pytest.mark.parametrize(
    "body",
    [
        b"",
        connect()[:-1],
        connect(payload=b"\x00\x09short"),
        connect(payload=field(b"id") + b"more"),
        connect(payload=field(b"\xff\xfe")),
        connect(payload=field(b"a\0b")),
        connect(0x03, field(b"id")),
        connect(0x18, field(b"id")),
        connect(0x1C, field(b"id") + field(b"t") + field(b"m")),
        connect(0x42, field(b"id") + field(b"password only")),
    ],
)
def test_contradictions_and_stumps_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedConnectError):
        parse(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_connect_or_malformed(body: bytes) -> None:
    with contextlib.suppress(MalformedConnectError):
        assert isinstance(parse(connect()[:10] + body), Connect)


def test_a_refusal_is_a_connack() -> None:
    assert refusal(ReturnCode.IDENTIFIER_REJECTED) == b"\x20\x02\x00\x02"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"\xc0\x00", b"\xc0\x00"),
        (b"\x30\x03abcrest", b"\x30\x03abc"),
        (b"\x30\x80\x01" + b"x" * 128, b"\x30\x80\x01" + b"x" * 128),
        (b"\x30\x81\x01" + b"x" * 129, b""),
        (b"\x30\xff\xff\xff\x7f", b""),
        (b"\x30\xff\xff\xff\xff\x01", b""),
        (b"\x30\x03ab", b""),
        (b"", b""),
    ],
)
def test_one_packet_is_read_or_the_stream_is_at_its_end(sent: bytes, read: bytes) -> None:
    async def reading() -> bytes:
        stream = asyncio.StreamReader()
        stream.feed_data(sent)
        stream.feed_eof()
        return await read_packet(stream, limit=128)

    assert asyncio.run(reading()) == read


def test_the_first_packet_is_replayed_before_the_stream_goes_on() -> None:
    async def reading() -> list[bytes]:
        stream = asyncio.StreamReader()
        stream.feed_data(b"\xc0\x00\x30\x02hi")
        stream.feed_eof()
        reader = PacketReader(stream, b"\x10\x01!")
        return [
            await reader.read(1),
            await reader.read(2),
            await reader.read(0),
            *[await reader.read(2) for _ in "123"],
        ]

    assert asyncio.run(reading()) == [b"\x10", b"\x01!", b"", b"\xc0\x00", b"\x30\x02", b"hi"]


def test_the_fixed_header_is_taken_off_whatever_its_length() -> None:
    assert without_fixed_header(b"\x10\x02ab") == b"ab"
    assert without_fixed_header(b"\x10\x80\x01ab") == b"ab"
