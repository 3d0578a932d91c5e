"""Forgets alerts that are older than the configuration wants, and what people's codes and files leave behind."""

from datetime import timedelta

from tocsin.core.analytics import hour_from, hour_of
from tocsin.core.clock import Clock
from tocsin.ledger.contract import Analytics, History, People
from tocsin.pipeline.active import Active

STEP = 1000  # alerts in one commit: others come between
LEFT_BEHIND = timedelta(days=30)


class Retention:
    """Figures outlive what they were counted from: alerts are forgotten by hours that were counted."""

    def __init__(self, history: History, people: People, analytics: Analytics, active: Active, clock: Clock) -> None:
        self._history = history
        self._people = people
        self._analytics = analytics
        self._active = active
        self._clock = clock

    async def prune(self) -> None:
        now = self._clock.now()
        while await self._people.prune(now - LEFT_BEHIND, STEP) >= STEP:
            pass
        retention, counted = self._active.rulebook.retention, await self._analytics.as_of()
        if retention is None or counted is None:
            return
        before = hour_from(hour_of(min(now, counted) - retention))
        while await self._history.prune(before, STEP) == STEP:
            pass
