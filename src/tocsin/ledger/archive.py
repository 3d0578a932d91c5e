"""The reads, on connections that cannot write: a heavy report never delays a commit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from tocsin.core.condition import Condition
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.core.monitor import Monitor
from tocsin.core.record import AlertRecord, Event
from tocsin.ledger.contract import (
    AlertQuery,
    AlertRow,
    AlertStory,
    AttemptRow,
    Claim,
    EndedRow,
    LaneRow,
    LinkRow,
    Page,
    Past,
    ReceiptRow,
    ShutLane,
    StandingMessage,
    TargetRow,
    TokenRow,
    WaitingRow,
)
from tocsin.ledger.engine.connections import READERS
from tocsin.ledger.engine.db_errors import explained
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.history import last_minute, punctuality, records
from tocsin.ledger.operations import conditions, monitors, registry
from tocsin.ledger.queue import depth, message_edits, shut_lanes, signals

T = TypeVar("T")


class SqlArchive:
    """The `Archive` of the contract, in SQL. Each read sees one moment of the ledger, commits included that were told
    of.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="archive")

    async def start(self) -> None:
        """Open every connection now: later its file may have been taken away, or be another one."""
        in_a_thread = asyncio.get_running_loop().run_in_executor
        opened = [await in_a_thread(self._threads, self._opened) for _ in range(READERS)]
        for connection in opened:
            connection.close()

    async def stop(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def alerts(self, query: AlertQuery) -> Page[AlertRow]:
        return await self._read(lambda connection: records.alerts_page(connection, query))

    async def alert(self, identifier: UUID) -> AlertRecord | None:
        return await self._read(lambda connection: records.alert(connection, identifier))

    async def story(self, identifier: UUID) -> AlertStory | None:
        return await self._read(lambda connection: records.story(connection, identifier))

    async def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[Delivery]:
        return await self._read(lambda connection: records.deliveries_page(connection, state, channel, limit, page))

    async def delivery(self, identifier: UUID) -> Delivery | None:
        return await self._read(lambda connection: records.delivery(connection, identifier))

    async def by_link(self, key: int) -> LinkRow | None:
        return await self._read(lambda connection: records.by_key(connection, key))

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        return await self._read(lambda connection: records.events_after(connection, after, limit))

    async def span(self) -> tuple[int, int]:
        return await self._read(records.span)

    async def lanes(self) -> tuple[LaneRow, ...]:
        return await self._read(depth.lanes)

    async def shut_lanes(self) -> tuple[ShutLane, ...]:
        return await self._read(shut_lanes.listed)

    async def unknown(self, lanes: frozenset[str], limit: int = 100) -> tuple[Claim, ...]:
        return await self._read(lambda connection: depth.unknown(connection, lanes, limit))

    async def edits(self, targets: frozenset[Target], limit: int = 50) -> tuple[StandingMessage, ...]:
        return await self._read(lambda connection: message_edits.due(connection, targets, limit))

    async def receipt(self, delivery: int) -> ReceiptRow | None:
        return await self._read(lambda connection: signals.receipt(connection, delivery))

    async def recent_attempts(self, since: datetime) -> tuple[AttemptRow, ...]:
        return await self._read(lambda connection: depth.recent_attempts(connection, since))

    async def ended_since(self, since: datetime, within: timedelta) -> tuple[EndedRow, ...]:
        return await self._read(lambda connection: punctuality.ended(connection, since, within))

    async def waiting(self) -> tuple[WaitingRow, ...]:
        return await self._read(last_minute.waiting)

    async def happened_since(self, since: datetime) -> Past:
        return await self._read(lambda connection: last_minute.happened(connection, since))

    async def disabled(self) -> tuple[TargetRow, ...]:
        return await self._read(registry.disabled)

    async def tokens(self) -> tuple[TokenRow, ...]:
        return await self._read(registry.tokens_listed)

    async def monitors(self) -> tuple[Monitor, ...]:
        return await self._read(monitors.listed)

    async def conditions(self) -> tuple[Condition, ...]:
        return await self._read(conditions.listed)

    async def read(self, look: Callable[[Connection], T]) -> T:
        """Of the reads of people too, which know their key."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, look)

    _read = read

    def _opened(self) -> Connection:
        try:
            connection = self._engine.connect()
            with connection.begin():
                connection.scalar(select(stream.c.epoch))
        except DBAPIError as problem:
            raise explained(problem) from problem
        return connection

    def _look(self, look: Callable[[Connection], T]) -> T:
        try:
            with self._engine.connect() as connection, connection.begin():
                return look(connection)
        except DBAPIError as problem:
            raise explained(problem) from problem
