"""Forgets alerts that are older than the configuration wants to keep."""

from tocsin.core.clock import Clock
from tocsin.ledger.contract import History
from tocsin.pipeline.active import Active

STEP = 1000  # alerts in one commit: others come between


class Retention:
    def __init__(self, history: History, active: Active, clock: Clock) -> None:
        self._history = history
        self._active = active
        self._clock = clock

    async def prune(self) -> None:
        retention = self._active.rulebook.retention
        if retention is None:
            return
        while await self._history.prune(self._clock.now() - retention, STEP) == STEP:
            pass
