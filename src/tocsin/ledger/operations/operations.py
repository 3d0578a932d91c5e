"""The verbs of the short lists that operators keep."""

from collections.abc import Mapping
from datetime import datetime

from tocsin.core.condition import Condition, Phase, What
from tocsin.core.delivery import Target
from tocsin.core.monitor import Monitor
from tocsin.core.part import Part
from tocsin.ledger.contract import MoveResult, TargetRow, TokenRow
from tocsin.ledger.engine import versions
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.operations import conditions, monitors, targets, tokens

_SETTLE, _UPKEEP = Turn(Rank.SETTLE), Turn(Rank.UPKEEP)


class SqlOperations:
    """`Operations` of the contract, for SQLite and PostgreSQL alike."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def disable(self, target: Target, why: str, detail: str) -> MoveResult:
        return await self._writer.each(_SETTLE, targets.disable, target, why, detail)

    async def enable(self, target: Target) -> bool:
        return await self._writer.each(_SETTLE, targets.enable, target)

    async def versions(self) -> Mapping[Part, int]:
        return await self._reader.read(versions.versions)

    async def disabled(self) -> tuple[TargetRow, ...]:
        return await self._reader.read(targets.listed)

    async def add_token(self, token: TokenRow) -> None:
        await self._writer.each(Turn(Rank.UPKEEP, lasts=True), tokens.add, token)

    async def keep_token(self, token: TokenRow) -> None:
        await self._writer.each(_UPKEEP, tokens.keep, token)

    async def revoke_token(self, identifier: str) -> bool:
        return await self._writer.each(_UPKEEP, tokens.revoke, identifier)

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        await self._writer.each(Turn(Rank.UPKEEP, max(1, len(used))), tokens.touch, used)

    async def tokens(self) -> tuple[TokenRow, ...]:
        return await self._reader.read(tokens.listed)

    async def keep_monitor(self, monitor: Monitor) -> None:
        await self._writer.each(_UPKEEP, monitors.keep, monitor)

    async def forget_monitor(self, identifier: str) -> bool:
        return await self._writer.each(_UPKEEP, monitors.forget, identifier)

    async def monitors(self) -> tuple[Monitor, ...]:
        return await self._reader.read(monitors.listed)

    async def keep_condition(self, condition: Condition) -> None:
        await self._writer.each(_UPKEEP, conditions.keep, condition)

    async def tell_condition(self, what: What, about: str, told: Mapping[Target, Phase]) -> None:
        await self._writer.each(_UPKEEP, conditions.tell, what, about, told)

    async def forget_condition(self, what: What, about: str) -> None:
        await self._writer.each(_UPKEEP, conditions.forget, what, about)

    async def conditions(self) -> tuple[Condition, ...]:
        return await self._reader.read(conditions.listed)
