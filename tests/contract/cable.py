"""The cable between a ledger and its PostgreSQL: it can be cut in the middle of a commit, and pulled out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import make_url

_COMMIT = b"COMMIT\x00"  # the end of such a message (postgresql.org, "Message Formats": Query)
_ASKED = b"FROM last_commits"


class Cut(Enum):
    """Where the next commit is cut."""

    ON_THE_WAY = auto()  # it never arrives
    ON_THE_WAY_BACK = auto()  # it is done, and nobody hears of it
    HELD_UP = auto()  # its sender is cut off; it arrives once somebody asks after it
    TOO_LATE = auto()  # it arrives once somebody has asked after it, and was told that it has not


class Cable:
    """`url` is where the ledger is, through this cable."""

    def __init__(self, url: str, socket: str) -> None:
        self.url = url
        self._socket = socket
        self._next: Cut | None = None
        self._out = self._out_next = False
        self._held: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._late = b""
        self._held_until: Cut | None = None
        self.cuts = 0
        self._refused = asyncio.Semaphore(0)
        self._lines: set[asyncio.Task[object]] = set()

    def cut(self, where: Cut, *, out: bool = False) -> None:
        """Cut the next commit. With `out` nobody gets through afterwards."""
        self._next, self._out_next = where, out

    def pull_out(self) -> None:
        """Break every connection; nobody gets through."""
        self._out = True
        for line in tuple(self._lines):
            line.cancel()

    def put_in(self) -> None:
        self._out = False

    async def until_refused(self, times: int) -> None:
        """So many have tried in vain to get through."""
        for _ in range(times):
            await self._refused.acquire()

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            if self._out:
                self._refused.release()
            else:
                await self._joined(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._lines.discard(task)
            await _shut(writer)

    async def end(self) -> None:
        lines = tuple(self._lines)
        self.pull_out()
        await asyncio.gather(*lines)
        if self._held is not None:
            await _shut(self._held[1])

    def _deliver(self) -> None:
        """What was held up comes to the server after all."""
        assert self._held is not None, "something is held up"
        self._held[1].write(self._late)
        self._held_until = None

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(self._socket)
        if self._held_until is Cut.HELD_UP:
            self._deliver()
        back = asyncio.create_task(_pour(there[0], writer))
        cut, asking, asked = None, False, False
        try:
            while said := await reader.read(65536):
                if self._next is not None and _COMMIT in said:
                    cut, self._next, self._out = self._next, None, self._out_next
                    self.cuts += 1
                    break
                if asked:
                    self._deliver()
                    asking = False
                there[1].write(said)
                asking |= self._held_until is Cut.TOO_LATE and _ASKED in said
                asked = asking and _COMMIT in said
            back.cancel()
            if cut is Cut.ON_THE_WAY_BACK:
                await asyncio.wait({back})
                there[1].write(said)
                await there[0].read(1)
        finally:
            back.cancel()
            if cut in (Cut.HELD_UP, Cut.TOO_LATE):
                self._held, self._late, self._held_until = there, said, cut
            else:
                await _shut(there[1])


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Whoever is at its end hears of its end, unless it is the cable that was cut."""
    with contextlib.suppress(OSError):
        while said := await source.read(65536):
            sink.write(said)
    sink.close()


async def _shut(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def cable(url: str, folder: Path) -> AsyncIterator[Cable]:
    """Lay one from this folder (whose path is short: a socket's name has 107 bytes) to the server of that address."""
    real = make_url(url)
    name = ".s.PGSQL.5432"
    through = Cable(
        real.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False),
        str(Path(str(real.query["host"])) / name),
    )
    server = await asyncio.start_unix_server(through.run, folder / name)
    try:
        yield through
    finally:
        server.close()
        await through.end()
        await server.wait_closed()
