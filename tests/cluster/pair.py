"""Two nodes on one PostgreSQL and one Valkey, and words for what monitors do and providers see there."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from benchmarks.crash.settings import every_channel
from benchmarks.crash_nodes import books
from benchmarks.crash_nodes.cluster import Cluster
from benchmarks.crash_nodes.node import Node
from benchmarks.detections import detection
from benchmarks.program import TOKEN
from tests.deadline import DEADLINE_S

from tocsin.sandbox import Sandbox

NODES = 2
CREW = "sms:crew"
PARTNER = "webhook:partner"
_SERIAL = itertools.count()


class Pair:
    """What is in stock at `TEXTED` is told by text, what is at Best Buy by webhook."""

    TEXTED = "newegg"

    def __init__(self, folder: Path) -> None:
        self.sandbox = Sandbox(limits=False)
        self.cluster = Cluster(folder)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.sandbox)
        await self._stack.enter_async_context(self.cluster)
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"})
        )
        async with AsyncExitStack() as stack:
            await self.cluster.ledger(stack)
        await books.watch(self.cluster.database)
        await self.cluster.start(NODES, self._settings())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.faults.clear()
        await self._stack.aclose()

    @property
    def nodes(self) -> Sequence[Node]:
        return self.cluster.nodes

    async def owner(self, target: str) -> tuple[Node, Node]:
        """Who works the lane of a target, and the other one; once both are there and it stays so."""

        async def found() -> tuple[Node, Node] | None:
            rows = await self.ask(
                "SELECT nodes.name FROM lane_owners JOIN nodes ON nodes.id = lane_owners.node"
                " WHERE lane_owners.lane = %s AND lane_owners.wanted_by IS NULL"
                " AND (SELECT count(*) FROM nodes) = %s",
                await self.lane(target),
                NODES,
            )
            own = [node for node in self.nodes if rows and rows[0][0].endswith(f":{node.port}")]
            rest = [node for node in self.nodes if node not in own]
            return (own[0], rest[0]) if own else None

        return await self.until(found)

    async def lane(self, target: str) -> str:
        """The lane of a target, as something that was sent there has it."""

        async def found() -> str | None:
            rows = await self.ask("SELECT lane FROM deliveries WHERE target = %s LIMIT 1", target)
            return rows[0][0] if rows else None

        return await self.until(found)

    async def report(self, node: Node, **fields: Any) -> str:
        """A monitor reports something new at this node; the alert's id."""
        status, answer, _ = await self.post(node, **fields)
        assert status == 202, answer
        return str(answer["id"])

    async def post(self, node: Node, **fields: Any) -> tuple[int, Any, Mapping[str, str]]:
        body = detection(fields.get("sku") or f"R{next(_SERIAL):06d}") | fields
        async with self._http.post(f"{node.url}/api/v1/alerts", json=body) as answer:
            return answer.status, await answer.json(), answer.headers

    async def told(self, *alerts: str) -> list[tuple[str, bool]]:
        """The state of each of their deliveries, and whether it may have been repeated, once all are over."""

        async def over() -> list[tuple[str, bool]] | None:
            rows = await self.states(*alerts)
            return rows if rows and not {state for state, _ in rows} & set(books.UNSETTLED) else None

        return await self.until(over)

    async def states(self, *alerts: str) -> list[tuple[str, bool]]:
        return await self.ask(
            "SELECT deliveries.state, possibly_repeated FROM deliveries JOIN alerts ON alerts.key = deliveries.alert"
            " WHERE alerts.id = ANY(%s::uuid[])",
            list(alerts),
        )

    async def moves(self, alert: str) -> list[str]:
        """The states that its deliveries came to, one after another."""
        rows = await self.ask(
            "SELECT watched.state FROM watched JOIN deliveries ON deliveries.key = watched.delivery"
            " JOIN alerts ON alerts.key = deliveries.alert WHERE alerts.id = %s ORDER BY watched.number",
            alert,
        )
        return [state for (state,) in rows]

    async def ask(self, question: str, *values: Any) -> list[Any]:
        return await self.cluster.database.ask(question, *values)

    async def until(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """Ask again and again until there is an answer."""
        async with asyncio.timeout(DEADLINE_S):
            while not (answer := await question()):  # noqa: ASYNC110 - other processes have no event for us
                await asyncio.sleep(0.05)
            return answer

    async def work(self, node: Node) -> None:
        """Return once the node counts as alive, with all its ways open."""

        async def alive() -> bool:
            rows = await self.ask(
                "SELECT 1 FROM nodes WHERE name LIKE %s AND lease_until > extract(epoch FROM clock_timestamp()) * 1e6",
                f"%:{node.port}",
            )
            return bool(rows)

        await node.ready()
        await self.until(alive)

    def _settings(self) -> Mapping[str, Any]:
        channels = every_channel(self.sandbox, self.cluster.folder, asked=True, mails=False)
        texts = {"name": "texts", "match": {"retailers": [self.TEXTED]}, "to": [CREW]}
        return {**channels, "routes": [texts, {"name": "rest", "match": {"retailers": ["bestbuy"]}, "to": [PARTNER]}]}
