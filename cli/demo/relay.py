"""A TCP relay between one process of the demo and its broker: the network cable that `/sim` can cut.

The law: bytes pass unchanged (TLS is spoken through it, end to end); a cut cable drops what is on it and lets nobody
through; the broker behind it may come back on another port. One thread for all cables.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

HOST: Final = "127.0.0.1"
CHUNK: Final = 65_536


@dataclass(slots=True)
class _Cable:
    port: int = 0
    cut: bool = False
    open: set[asyncio.StreamWriter] = field(default_factory=set)


class Relays:
    """Named cables to one broker. `start` before use; `port`, `cut` and `lead_to` may be called from any thread."""

    def __init__(self, names: Iterable[str]) -> None:
        self._cables = {name: _Cable() for name in names}
        self._target = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="relays", daemon=True)
        self._servers: list[asyncio.Server] = []

    def start(self) -> None:
        """Listen on a free loopback port for each cable."""
        self._thread.start()
        self._do(self._listen())

    def lead_to(self, port: int) -> None:
        """From now on new connections go to this port of the loopback."""
        self._target = port

    def port(self, name: str) -> int:
        """Where the process at that end of the cable finds its broker."""
        return self._cables[name].port

    def is_cut(self, name: str) -> bool:
        return self._cables[name].cut

    def cut(self, name: str, on: bool) -> None:
        """Cut a cable (`on`), or mend it. KeyError for an unknown name."""
        cable = self._cables[name]
        cable.cut = on
        if on:
            self._do(self._drop(cable))

    def stop(self) -> None:
        """Cut everything and end the thread."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2.0)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5.0)

    async def _listen(self) -> None:
        for cable in self._cables.values():
            server = await asyncio.start_server(partial(self._serve, cable), HOST, 0)
            cable.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)

    async def _serve(self, cable: _Cable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far: asyncio.StreamWriter | None = None
        cable.open.add(writer)
        try:
            if not cable.cut and self._target:
                answers, far = await asyncio.open_connection(HOST, self._target)
                cable.open.add(far)
                await _until_one_ends(_pass_on(reader, far), _pass_on(answers, writer))
        except OSError:
            writer.transport.abort()  # no broker at the far end: to the near end that is a dead line
        finally:
            for each in (writer, far):
                if each is not None:
                    cable.open.discard(each)
                    each.close()

    async def _drop(self, cable: _Cable) -> None:
        for writer in tuple(cable.open):
            writer.transport.abort()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for cable in self._cables.values():
            cable.cut = True
            await self._drop(cable)
        ours = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not ours]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _until_one_ends(*ways: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
