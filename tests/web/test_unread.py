"""Answers that nobody fetches."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar

import pytest
from tests.deadline import DEADLINE_S
from tests.web.house import serving
from tests.web.test_patience import GET

from tocsin.web import unread
from tocsin.web.slow_clients import PatientHttp

SIZE = 8 * 1024 * 1024  # more than the kernel holds for a reader


class Kept(PatientHttp):
    """Keeps the connections that it has had."""

    all: ClassVar[list[asyncio.Transport]] = []

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.all.append(transport)


class Brief(Kept):
    reader_s = 0.3


@pytest.fixture(autouse=True)
def _empty() -> None:
    Kept.all.clear()


class Long:
    """An answer of that size, in one piece, in many, or one that never ends."""

    def __init__(self, pieces: int | None = 1) -> None:
        self._pieces = pieces
        self.over = asyncio.Event()

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        piece = b"x" * (SIZE // (self._pieces or 100))
        number = 0
        leaving = asyncio.create_task(self._leave(receive))
        while not self.over.is_set() and number != self._pieces:
            number += 1
            await send({"type": "http.response.body", "body": piece, "more_body": number != self._pieces})
        await leaving

    async def _leave(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.over.set()


@asynccontextmanager
async def reader(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = url.removeprefix("http://").partition(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)  # noqa: FBT003 - the signature is Python's own
    await asyncio.get_running_loop().sock_connect(line, (host, int(port)))
    streams = await asyncio.open_connection(sock=line, limit=4096)
    try:
        yield streams
    finally:
        streams[1].transport.abort()


@pytest.mark.parametrize("pieces", [1, 100, None])
@pytest.mark.parametrize("head", [GET, GET.replace(b"Host", b"Connection: close\r\nHost")], ids=["kept", "closed"])
async def test_an_answer_that_nobody_reads_is_dropped(pieces: int | None, head: bytes):
    app = Long(pieces)
    async with serving(app, Brief) as url, reader(url) as (_, writer), asyncio.timeout(DEADLINE_S):
        writer.write(head)
        await app.over.wait()
        (line,) = Brief.all
        while line.get_write_buffer_size():  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)


async def test_a_slow_reader_gets_all_of_it():
    app = Long()
    async with serving(app, Brief) as url, reader(url) as (stream, writer), asyncio.timeout(DEADLINE_S):
        writer.write(GET.replace(b"Host", b"Connection: close\r\nHost"))
        size = 0
        while piece := await stream.read(SIZE // 20):
            size += len(piece)
        assert size > SIZE


async def test_all_readers_together_hold_no_more_than_they_may(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unread, "MAX_UNREAD", SIZE)
    monkeypatch.setattr(unread, "_FRESH_S", 0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Long()(scope, receive, send)

    async with serving(app, Kept) as url, asyncio.timeout(DEADLINE_S), AsyncExitStack() as readers:
        for number in range(8):
            _, writer = await readers.enter_async_context(reader(url))
            writer.write(GET)
            while len(Kept.all) <= number or not Kept.all[number].get_write_buffer_size():  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        held = [line.get_write_buffer_size() for line in Kept.all if not line.is_closing()]
        assert sum(held) <= SIZE
        assert Kept.all[0].is_closing(), "who waited longest makes room"
        assert not Kept.all[-1].is_closing()
