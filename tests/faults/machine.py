"""The real program in a process of its own, on a machine that is short of something."""

import asyncio
import json
import resource
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import aiohttp
import socketio
from tests.cli.program import Serving
from tests.deadline import DEADLINE_S
from tests.faults.fault_rig import FaultRig
from tests.story.service_rig import TOKEN

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Machine:
    """`through` is what stands before the command line. The village's folder holds the configuration."""

    def __init__(self, village: FaultRig, *through: str, ledger: str = "tocsin.db") -> None:
        self._village = village
        self._through = through
        self._ledger = ledger

    async def __aenter__(self) -> Self:
        folder = self._village.folder
        self.serving = await asyncio.to_thread(
            Serving, folder, "--config", "tocsin.json", "--log-level", "debug", through=self._through
        )
        self._http = aiohttp.ClientSession(headers=HEADERS, timeout=aiohttp.ClientTimeout(total=DEADLINE_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()
        await asyncio.to_thread(self.serving.kill)
        self._village.logged.append(self.serving.log)

    @property
    def pid(self) -> int:
        """Of the service itself, whatever stands before it."""
        return int((self._village.folder / f"{self._ledger}.lock").read_text())

    @property
    def address_space(self) -> int:
        """Bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[0]) * resource.getpagesize()

    async def post(self, body: Any) -> tuple[int, Any]:
        """The status and the answer. A connection that breaks is an answer of status 0."""
        try:
            return (await self.ask("POST", "/api/v1/alerts", body))[:2]
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0, None

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any, Mapping[str, str]]:
        """The status, the answer (None where it is no JSON) and its headers."""
        async with self._http.request(method, self.serving.url + path, json=body) as answer:
            said = await answer.read()
            return answer.status, json.loads(said) if said.startswith(b"{") else None, answer.headers

    async def status(self, path: str) -> int:
        return (await self.ask("GET", path))[0]

    async def until_status(self, path: str, status: int) -> None:
        """Ask until it is answered so."""
        async with asyncio.timeout(DEADLINE_S):
            while await self.status(path) != status:
                pass

    @asynccontextmanager
    async def saying(self, what: bytes) -> AsyncIterator[asyncio.StreamReader]:
        """Somebody says this, and waits for the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self.serving.url.rpartition(":")[2]))
        writer.write(what)
        try:
            yield reader
        finally:
            writer.close()

    @asynccontextmanager
    async def crowd(self, size: int, says: bytes = b"") -> AsyncIterator[Sequence[asyncio.StreamReader]]:
        """So many come to the door, say this and stay."""
        port = int(self.serving.url.rpartition(":")[2])
        streams = []
        try:
            for _ in range(size):
                streams.append(await asyncio.open_connection("127.0.0.1", port))
                streams[-1][1].write(says)
            yield [reader for reader, _ in streams]
        finally:
            for _, writer in streams:
                writer.close()

    @asynccontextmanager
    async def live(self, count: int) -> AsyncIterator[Sequence["asyncio.Future[Any]"]]:
        """So many live sockets; what each is told when the service says goodbye."""
        goodbyes = [asyncio.get_running_loop().create_future() for _ in range(count)]
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(aiohttp.ClientSession())
            for goodbye in goodbyes:
                client = socketio.AsyncClient(reconnection=False, http_session=http)
                client.on("goodbye", goodbye.set_result)
                await client.connect(
                    self.serving.url, auth={"token": TOKEN}, transports=["websocket"], wait_timeout=DEADLINE_S
                )
                stack.push_async_callback(client.disconnect)
            yield goodbyes

    async def post_until(self, status: int, batches: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
        """Post these until one is answered so; the ids of all that were taken."""
        taken: list[str] = []
        for batch in batches:
            told, answer = await self.post(batch)
            if told == 202:
                taken += [item["id"] for item in answer["results"] if "id" in item]
            if told == status:
                return taken
            assert told in (202, 503, 0), answer
        raise AssertionError(f"{status} never came")

    async def stop(self) -> int:
        return await asyncio.to_thread(self.serving.stop)


def kept(ledger: Path) -> set[str]:
    """The ids of all alerts in it, once nobody writes to it."""
    with closing(sqlite3.connect(ledger)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {str(UUID(row[0])) for row in reader.execute("SELECT id FROM alerts")}


def states(ledger: Path) -> set[str]:
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as reader:
        return {state for (state,) in reader.execute("SELECT DISTINCT state FROM deliveries")}
