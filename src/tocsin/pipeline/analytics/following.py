"""Follows the ledger, so that what happened is counted soon after."""

import asyncio

from tocsin.core.clock import Clock
from tocsin.core.turns import short_turns
from tocsin.ledger.contract import Analytics

REST = 9  # times as long as it took: counting is never more than a tenth of what the machine does


class Following:
    def __init__(self, analytics: Analytics, clock: Clock) -> None:
        self._analytics = analytics
        self._clock = clock
        self._counting = asyncio.Lock()
        self._rests_until = 0.0

    async def look(self) -> None:
        """Count what has changed, unless the last time took so long that it is too soon."""
        if self._clock.monotonic() >= self._rests_until:
            await self.follow()

    async def follow(self) -> None:
        """Count what has changed."""
        async with self._counting:
            began = self._clock.monotonic()
            with short_turns():
                await self._analytics.follow(self._clock.now())
            ended = self._clock.monotonic()
            self._rests_until = ended + REST * (ended - began)
