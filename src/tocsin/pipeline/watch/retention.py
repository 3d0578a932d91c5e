"""Forgets alerts that are older than the configuration wants, and what people's codes and files leave behind."""

from datetime import timedelta

from tocsin.core.analytics import hour_from, hour_of
from tocsin.core.clock import Clock
from tocsin.ledger.contract import History, People
from tocsin.pipeline.active import Active
from tocsin.pipeline.analytics.following import Following

STEP = 1000  # alerts in one commit: others come between
LEFT_BEHIND = timedelta(days=30)


class Retention:
    def __init__(self, history: History, people: People, following: Following, active: Active, clock: Clock) -> None:
        self._history = history
        self._people = people
        self._following = following
        self._active = active
        self._clock = clock

    async def prune(self) -> None:
        now = self._clock.now()
        while await self._people.prune(now - LEFT_BEHIND, STEP) >= STEP:
            pass
        retention = self._active.rulebook.retention
        if retention is None:
            return
        await self._following.follow()  # figures outlive what they were counted from, by whole hours
        before = hour_from(hour_of(now - retention))
        while await self._history.prune(before, STEP) == STEP:
            pass
