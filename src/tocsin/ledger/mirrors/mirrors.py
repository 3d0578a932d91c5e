"""The verbs of mirrors."""

from collections.abc import Sequence

from tocsin.core.mirror import Entry, MirrorStanding
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.mirrors import entries as waiting
from tocsin.ledger.mirrors.plan import plan

_UPKEEP = Turn(Rank.UPKEEP)


class SqlMirrors:
    """`Mirrors` of the contract, for SQLite and PostgreSQL alike."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def plan(self, mirror: str, most: int, *, afterwards: bool) -> int:
        return await self._writer.each(Turn(Rank.UPKEEP, most), plan, mirror, most, afterwards=afterwards)

    async def due(self, mirror: str, most: int, *, by_alert: bool) -> Sequence[Entry]:
        return await self._reader.read(waiting.due, mirror, most, by_alert=by_alert)

    async def taken(self, mirror: str, entries: Sequence[Entry], *, by_alert: bool) -> None:
        await self._writer.each(_UPKEEP, waiting.taken, mirror, entries, by_alert=by_alert)

    async def called(self, mirror: str) -> None:
        await self._writer.each(_UPKEEP, waiting.called, mirror)

    async def standing(self, mirror: str) -> MirrorStanding:
        return await self._reader.read(waiting.standing, mirror)
