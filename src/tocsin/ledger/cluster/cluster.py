"""The verbs of nodes."""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from tocsin.core.clock import Clock
from tocsin.ledger.cluster import glance, leases, owners
from tocsin.ledger.cluster.pulse import Pulse
from tocsin.ledger.contract import Glance, MoveResult, Node, View
from tocsin.ledger.engine import stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.engine.writer import Rank, Turn, Writer

P = ParamSpec("P")
T = TypeVar("T")

_FIRST = Turn(Rank.SETTLE)


class SqlCluster:
    """`Cluster` of the contract, for PostgreSQL. What nodes agree by is written beside all other work: a commit that
    takes long, or waits for one of a node that was stopped, holds up no lease and no lane.
    """

    def __init__(self, writer: Writer, pulse: Pulse, clock: Clock) -> None:
        self._writer = writer
        self._pulse = pulse
        self._clock = clock

    async def enter(self, node: Node, lease: timedelta) -> MoveResult:
        return await self._changed(leases.enter, node, lease)

    async def extend(self, node: str, lease: timedelta) -> View | None:
        return await self._pulse.do(partial(leases.extend, node=node, lease=lease))

    async def glance(self, newest: int | None) -> Glance:
        return await self._pulse.do(partial(glance.glance, newest=newest))

    async def take(self, node: str, lanes: Collection[str]) -> Mapping[str, int]:
        return await self._changed(owners.take, node, lanes)

    async def agree_on_browser_key(self, public: str) -> bool:
        return await self._writer.each(_FIRST, stream.keep_browser_key, public)

    async def want(self, node: str, lanes: Collection[str]) -> None:
        await self._changed(owners.want, node, lanes)

    async def give(self, node: str, lanes: Mapping[str, str | None]) -> None:
        await self._changed(owners.give, node, lanes)

    async def describe(self, node: str, config_digest: str) -> None:
        await self._changed(leases.describe, node, config_digest)

    async def retire(self, node: str) -> None:
        await self._changed(leases.retire, node)

    async def bury(self, node: str) -> MoveResult | None:
        return await self._changed(leases.bury, node)

    async def leave(self, node: str) -> MoveResult:
        return await self._changed(leases.leave, node)

    async def _changed(
        self, verb: Callable[Concatenate[Transaction, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        now = self._clock.now()

        def change(connection: Connection) -> T:
            with connection.begin():
                return verb(Transaction(connection, now), *arguments, **named)

        return await self._pulse.do(change)
