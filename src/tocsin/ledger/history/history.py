"""The verbs of the history: nearly all of them read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tocsin.core.click import Click
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.core.monitor import Monitor
from tocsin.core.record import AlertRecord, Event
from tocsin.ledger.contract import (
    AlertQuery,
    AlertRow,
    AlertStory,
    EndedRow,
    LinkRow,
    Page,
    Past,
    ReceiptRow,
    RecipientRow,
    WaitingRow,
    WatchQuery,
    WatchRow,
)
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.history import audiences, clicks, last_minute, names, punctuality, records, retention, watch
from tocsin.ledger.queue import signals


class SqlHistory:
    """`History` of the contract, for SQLite and PostgreSQL alike."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def alerts(self, query: AlertQuery) -> Page[AlertRow]:
        return await self._reader.read(records.alerts_page, query)

    async def alert(self, identifier: UUID) -> AlertRecord | None:
        return await self._reader.read(records.alert, identifier)

    async def story(self, identifier: UUID) -> AlertStory | None:
        return await self._reader.read(records.story, identifier)

    async def recipients(
        self,
        identifier: UUID,
        target: Target,
        *,
        state: DeliveryState | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[RecipientRow]:
        return await self._reader.read(audiences.recipients_page, (identifier, target), state, limit, page)

    async def watched(self, query: WatchQuery, monitors: Sequence[Monitor]) -> Page[WatchRow]:
        return await self._reader.read(watch.watched, query, monitors)

    async def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[Delivery]:
        return await self._reader.read(records.deliveries_page, state, channel, limit, page)

    async def delivery(self, identifier: UUID) -> Delivery | None:
        return await self._reader.read(records.delivery, identifier)

    async def by_link(self, key: int) -> LinkRow | None:
        return await self._reader.read(records.by_key, key)

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        return await self._reader.read(records.events_after, after, limit)

    async def span(self) -> tuple[int, int]:
        return await self._reader.read(records.span)

    async def receipt(self, delivery: int) -> ReceiptRow | None:
        return await self._reader.read(signals.receipt, delivery)

    async def ended_since(self, since: datetime, within: timedelta) -> tuple[EndedRow, ...]:
        return await self._reader.read(punctuality.ended, since, within)

    async def waiting(self) -> tuple[WaitingRow, ...]:
        return await self._reader.read(last_minute.waiting)

    async def happened_since(self, since: datetime) -> Past:
        return await self._reader.read(last_minute.happened, since)

    async def prune(self, accepted_before: datetime, limit: int = 1000) -> int:
        return await self._writer.each(Turn(Rank.UPKEEP, limit), retention.prune, accepted_before, limit)

    async def name(self, limit: int = 1000) -> None:
        if await self._reader.read(names.some_have_none):
            await self._writer.each(Turn(Rank.UPKEEP, limit), names.name, limit)

    async def click(self, delivery: int, followed: Click, together: timedelta) -> None:
        await self._writer.each(Turn(Rank.UPKEEP), clicks.click, delivery, followed, together)
