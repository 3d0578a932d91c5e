"""Where webhooks end: a process of its own that notes when each body was complete, and answers 200.

It costs as little as possible, since it shares the machine with what is measured: bodies are only read afterwards.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import orjson
import uvloop

from benchmarks.wire import Wire

START_S = 60.0
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_SKU = re.compile(rb'"sku":"([^"]+)"')


class Sink:
    """The other side of a running one, for the bench. `url` is where webhooks go."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url + "/hook"
        self.pid = pid
        self._root = url

    async def count(self) -> int:
        """How many requests came since the last `take`."""
        return int(await self._ask("/count"))

    async def take(self) -> Mapping[str, list[float]]:
        """When each SKU came, every time that it did, by the clock of `perf_counter`; it is forgotten there."""
        told: Mapping[str, list[float]] = orjson.loads(await self._ask("/take"))
        return told

    async def _ask(self, path: str) -> bytes:
        async with Wire(self._root + path, {}) as wire:
            _, answer = await wire.post(b"")
            return answer


@asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.pipeline.sink", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            port = int(await process.stdout.readline())
        yield Sink(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.kill()
        await process.wait()


class _Connection(asyncio.Protocol):
    """Kept alive, one request at a time: no client pipelines."""

    def __init__(self, arrived: list[tuple[float, bytes]]) -> None:
        self._arrived = arrived
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data = data = self._data + data if self._data else data
        head = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, head + 2) if head > 0 else None
        if head < 0 or len(data) < head + 4 + (int(length[1]) if length else 0):
            return
        self._data = b""
        self._transport.write(self._answer(data))

    def _answer(self, request: bytes) -> bytes:
        if request.startswith(b"POST /hook"):
            self._arrived.append((perf_counter(), request))
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        body = orjson.dumps(len(self._arrived) if request.startswith(b"POST /count") else _told(self._arrived))
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _told(arrived: list[tuple[float, bytes]]) -> Mapping[str, list[float]]:
    told: dict[str, list[float]] = {}
    for at, request in arrived:
        for sku in set(_SKU.findall(request)):
            told.setdefault(sku.decode(), []).append(at)
    arrived.clear()
    return told


async def _serve() -> None:
    """Says its port once it listens."""
    arrived: list[tuple[float, bytes]] = []
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(arrived), "127.0.0.1")
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
