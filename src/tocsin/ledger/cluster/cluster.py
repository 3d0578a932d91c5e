"""The verbs of nodes."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial

from tocsin.ledger.cluster import glance, leases, owners
from tocsin.ledger.cluster.pulse import Pulse
from tocsin.ledger.contract import Glance, MoveResult, Node, View
from tocsin.ledger.engine import stream
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer

_FIRST = Turn(Rank.SETTLE)


class SqlCluster:
    """`Cluster` of the contract, for PostgreSQL."""

    def __init__(self, writer: Writer, reader: Reader, pulse: Pulse) -> None:
        self._writer = writer
        self._reader = reader
        self._pulse = pulse

    async def enter(self, node: Node, lease: timedelta) -> MoveResult:
        return await self._writer.each(_FIRST, leases.enter, node, lease)

    async def extend(self, node: str, lease: timedelta) -> View | None:
        return await self._pulse.do(partial(leases.extend, node=node, lease=lease))

    async def view(self) -> View:
        return await self._reader.read(leases.view)

    async def glance(self, newest: int | None) -> Glance:
        return await self._pulse.do(partial(glance.glance, newest=newest))

    async def take(self, node: str, lanes: Collection[str]) -> Mapping[str, int]:
        return await self._writer.each(_FIRST, owners.take, node, lanes)

    async def agree_on_browser_key(self, public: str) -> bool:
        return await self._writer.each(_FIRST, stream.keep_browser_key, public)

    async def want(self, node: str, lanes: Collection[str]) -> None:
        await self._writer.each(_FIRST, owners.want, node, lanes)

    async def give(self, node: str, lanes: Mapping[str, str | None]) -> None:
        await self._writer.each(_FIRST, owners.give, node, lanes)

    async def describe(self, node: str, config_digest: str) -> None:
        await self._writer.each(_FIRST, leases.describe, node, config_digest)

    async def retire(self, node: str) -> None:
        await self._writer.each(_FIRST, leases.retire, node)

    async def bury(self, node: str) -> MoveResult | None:
        return await self._writer.each(_FIRST, leases.bury, node)

    async def leave(self, node: str) -> MoveResult:
        return await self._writer.each(_FIRST, leases.leave, node)
