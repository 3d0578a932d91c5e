"""The verbs of what is counted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tocsin.core.clock import EPOCH
from tocsin.ledger.analytics import brought, listing, rollup, sums, uptime
from tocsin.ledger.analytics.hour import Cells, count
from tocsin.ledger.analytics.rollup import Changes
from tocsin.ledger.contract.analytics import BoughtRow, CountedQuery, CountedRow, FigureQuery, FigureRow, UptimeRow
from tocsin.ledger.contract.history import Page
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer

ROWS = 1000  # that are written in one commit, of hours: others come between


class SqlAnalytics:
    """`Analytics` of the contract, for SQLite and PostgreSQL alike. What is counted is read, then written: nothing that
    takes long holds up a commit.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def follow(self, now: datetime, *, whole: bool = False) -> int:
        changes = await self._reader.read(rollup.changes, now, whole=whole)
        await self._count(changes, now)
        for span, begin in rollup.begins(changes.hours, changes.before.as_of, now):
            rows = await self._reader.read(rollup.added_up, span, begin)
            await self._writer.each(Turn(Rank.UPKEEP, ROWS), rollup.write_sums, span, begin, rows)
        await self._writer.each(Turn(Rank.UPKEEP), rollup.save, changes.after)
        return len(changes.hours)

    async def as_of(self) -> datetime | None:
        found = (await self._reader.read(rollup.state)).as_of
        return None if found == EPOCH else found

    async def figures(self, query: FigureQuery) -> tuple[FigureRow, ...]:
        return await self._reader.read(sums.figures, query)

    async def counted(self, query: CountedQuery, now: datetime) -> Page[CountedRow]:
        return await self._reader.read(listing.counted, query, now)

    async def purchases(self, query: FigureQuery) -> tuple[BoughtRow, ...]:
        return await self._reader.read(brought.brought, query)

    async def monthly_costs(self) -> Mapping[tuple[str, str], tuple[Decimal, str]]:
        return await self._reader.read(brought.months)

    async def note_uptime(self, rows: Sequence[UptimeRow]) -> None:
        await self._writer.each(Turn(Rank.UPKEEP, len(rows)), uptime.note, rows)

    async def uptime(self, since: int, until: int) -> tuple[UptimeRow, ...]:
        return await self._reader.read(uptime.between, since, until)

    async def last_minute(self) -> Mapping[str, datetime]:
        return await self._reader.read(uptime.newest)

    async def _count(self, changes: Changes, now: datetime) -> None:
        waiting: dict[int, Cells] = {}
        for hour in changes.hours:
            waiting[hour] = await self._reader.read(count, hour, now)
            if sum(map(len, waiting.values())) >= ROWS:
                await self._write(waiting)
                waiting = {}
        if waiting:
            await self._write(waiting)

    async def _write(self, counted: Mapping[int, Cells]) -> None:
        await self._writer.each(Turn(Rank.UPKEEP, ROWS), rollup.write_hours, dict(counted))
