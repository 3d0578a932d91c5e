"""Keeps what each channel costs in this month, so that a price that changes later changes nothing of what was."""

from tocsin.core.clock import Clock
from tocsin.core.signal import Cost
from tocsin.ledger.contract.purchases import Purchases
from tocsin.pipeline.active import Active


class MonthlyCosts:
    def __init__(self, purchases: Purchases, active: Active, clock: Clock) -> None:
        self._purchases = purchases
        self._active = active
        self._clock = clock
        self._kept: tuple[str, dict[str, Cost]] = ("", {})

    async def keep(self) -> None:
        """Once for each month, and again where the configuration has changed within it."""
        month, costs = f"{self._clock.now():%Y-%m}", dict(self._active.rulebook.money.monthly)
        if (month, costs) != self._kept and (costs or self._kept[1]):
            await self._purchases.keep_month(month, costs)
            self._kept = (month, costs)
