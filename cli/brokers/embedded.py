"""The embedded broker as a process: `python -m cli.brokers.embedded --config FILE`. For demo, tests and trial only.

Our own TLS gate stands before amqtt: TLS 1.3 with a client certificate, one CONNECT within five seconds and 4 KiB,
client id == common name of the certificate == a client of the table, a will only where the client may publish. Only
then is an older connection of the same name ended and waited for, and the bytes handed on. Prints `ready PORT`; ends
on SIGTERM and on end of stdin. Keeps nothing over its own restart.
"""

import argparse
import asyncio
import logging
import os
import signal
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from amqtt.adapters import ReaderAdapter, StreamWriterAdapter

from cli.brokers import connect_packet
from cli.brokers.connect_packet import MalformedConnectError, ReturnCode
from cli.brokers.hardened import HardenedBroker
from cli.brokers.rules import AgentRules, TopicTable
from process.logs import configure, event, logger
from process.readiness import end_with_parent, on_stdin_eof, say_ready
from process.settings import load

FIRST_PACKET_WITHIN: Final = 5.0
TAKE_OVER_WITHIN: Final = 8.0
"""Seconds for an older connection of the same name to end; amqtt may wait 5 s for acknowledgements of its queue."""

PACKET_LIMIT: Final = 65_536 + 1_024
"""Payload limit of the wire, and room for the topic."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """The settings of one embedded broker. Port 0: any free one."""

    ca: Path
    certificate: Path
    key: Path
    host: str = "127.0.0.1"
    port: int = 0
    sites: tuple[str, ...] = ()
    agents: tuple[AgentRules, ...] = ()


class PacketReader(ReaderAdapter):
    """Hands a stream to amqtt packet by packet, first the CONNECT that the gate has read already.

    A packet above the limit is an end of the stream: amqtt itself would read up to 256 MB into memory.
    """

    def __init__(self, stream: asyncio.StreamReader, first: bytes) -> None:
        self._stream, self._waiting = stream, first

    async def read(self, n: int = -1) -> bytes:
        if n == 0:
            return b""
        if not self._waiting:
            self._waiting = await read_packet(self._stream, PACKET_LIMIT)
        end = len(self._waiting) if n < 0 else n
        taken, self._waiting = self._waiting[:end], self._waiting[end:]
        return taken

    def feed_eof(self) -> None:
        self._stream.feed_eof()


async def read_packet(stream: asyncio.StreamReader, limit: int) -> bytes:
    """One whole MQTT packet (2.2), or b"" at the end of the stream or when it would be above `limit` bytes."""
    try:
        head = await stream.readexactly(1)
        length = 0
        for shift in (0, 7, 14, 21):
            head += await stream.readexactly(1)
            length |= (head[-1] & 0x7F) << shift
            if not head[-1] & 0x80:
                return head + await stream.readexactly(length) if length <= limit else b""
    except (asyncio.IncompleteReadError, OSError):
        return b""
    return b""


class Gate:
    """Lets in who proves to be a client of the table, one connection of a name at a time."""

    def __init__(self, broker: HardenedBroker, table: TopicTable) -> None:
        self._broker, self._table = broker, table
        self._inside: dict[str, tuple[asyncio.Task[None], asyncio.StreamWriter]] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        try:
            async with asyncio.timeout(FIRST_PACKET_WITHIN):
                first = await read_packet(reader, connect_packet.LIMIT)
            client_id = self._judge(first, common_name(writer))
            if isinstance(client_id, ReturnCode):
                writer.write(connect_packet.refusal(client_id))
                await writer.drain()
            else:
                await self._take_turn(client_id, reader, writer, first)
        except (TimeoutError, OSError, MalformedConnectError) as error:
            event(log, "connection_refused", level="warning", error=error)
        finally:
            writer.close()

    def _judge(self, first: bytes, certified: str) -> str | ReturnCode:
        """The client id to let in, or the answer to send. Raises `MalformedConnectError`."""
        if not first or first[0] != connect_packet.CONNECT:
            raise MalformedConnectError("the first packet is no CONNECT within the limit")
        connect = connect_packet.parse(without_fixed_header(first))
        if not connect.is_spoken_here:
            return ReturnCode.WRONG_PROTOCOL
        if connect.client_id != certified:
            event(log, "client_id_is_not_its_certificates", level="warning", certified=certified)
            return ReturnCode.IDENTIFIER_REJECTED
        if not self._table.knows(certified):
            event(log, "client_is_unknown", level="warning", certified=certified)
            return ReturnCode.NOT_AUTHORISED
        if connect.will_topic is not None and not self._table.may_publish(certified, connect.will_topic):
            event(log, "will_is_not_allowed", level="warning", certified=certified)
            return ReturnCode.NOT_AUTHORISED
        return certified

    async def _take_turn(
        self, client_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes
    ) -> None:
        """End an older connection of the same name, wait for its end, then let this one in."""
        async with self._turns.setdefault(client_id, asyncio.Lock()):
            if (older := self._inside.get(client_id)) is not None:
                older[1].close()
                _done, still_there = await asyncio.wait([older[0]], timeout=TAKE_OVER_WITHIN)
                if still_there:
                    event(log, "take_over_failed", level="error", certified=client_id)
                    return
            serving = asyncio.ensure_future(
                self._broker.external_connected(PacketReader(reader, first), StreamWriterAdapter(writer), "default")
            )
            self._inside[client_id] = (serving, writer)
        await asyncio.wait([serving])
        if self._inside.get(client_id, (None,))[0] is serving:
            del self._inside[client_id]
        if not serving.cancelled() and (error := serving.exception()) is not None:
            event(log, "connection_failed", level="error", error=error)


def without_fixed_header(packet: bytes) -> bytes:
    """The packet after its type and its remaining length."""
    at = 1
    while packet[at] & 0x80:
        at += 1
    return packet[at + 1 :]


def common_name(writer: asyncio.StreamWriter) -> str:
    """The common name of the verified client certificate; empty when it has none or more than one."""
    certificate: dict[str, Any] = writer.get_extra_info("peercert") or {}
    names = [value for part in certificate.get("subject", ()) for field, value in part if field == "commonName"]
    return str(names[0]) if len(names) == 1 else ""


def server_context(settings: EmbeddedSettings) -> ssl.SSLContext:
    """TLS 1.3, and nobody without a certificate of our authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cafile=settings.ca)
    context.load_cert_chain(settings.certificate, settings.key)
    return context


async def serve(settings: EmbeddedSettings) -> None:
    """Run until SIGTERM or the end of stdin."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(_log_loop_trouble)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    on_stdin_eof(lambda: loop.call_soon_threadsafe(stop.set))
    table = TopicTable.of(settings.agents, settings.sites)
    broker = HardenedBroker(table)
    await broker.start()
    server = await asyncio.start_server(
        Gate(broker, table).meet,
        settings.host,
        settings.port,
        ssl=server_context(settings),
        ssl_handshake_timeout=FIRST_PACKET_WITHIN,
        ssl_shutdown_timeout=1.0,  # amqtt waits for the peer's goodbye, and a dead peer says none
    )
    say_ready(f"ready {server.sockets[0].getsockname()[1]}")
    await stop.wait()
    server.close()


def _log_loop_trouble(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    event(log, "loop_trouble", level="warning", error=context.get("exception"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cli.brokers.embedded", description="The embedded broker.")
    parser.add_argument("--config", type=Path, required=True)
    settings = load(parser.parse_args().config, EmbeddedSettings)
    configure("broker", level="warning")
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # its texts carry topics and client ids, already formatted
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    end_with_parent()
    runner = asyncio.Runner()
    runner.run(serve(settings))
    # There is nothing to keep: amqtt's own shutdown waits for peers, and the kernel closes everything at once.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
