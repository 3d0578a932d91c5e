"""Does what has to be done now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Emit, Trouble


@dataclass(frozen=True, slots=True)
class Job:
    """An action that is done again so many seconds after it was done, whether or not it raised."""

    name: str
    period_s: float
    action: Callable[[], Awaitable[None]]


class Upkeep:
    """Each job has a task of its own: one that takes long keeps no other waiting."""

    def __init__(self, jobs: Sequence[Job], clock: Clock, emit: Emit) -> None:
        self._jobs = jobs
        self._clock = clock
        self._emit = emit
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._repeat(job), name=job.name) for job in self._jobs]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _repeat(self, job: Job) -> None:
        while True:
            try:
                await job.action()
            except LedgerError as problem:
                self._emit(Trouble("upkeep_failed", problem.message))
            except Exception as bug:  # noqa: BLE001 - one job that is broken must not end, and takes no other along
                said = f"{job.name}: {bug!r}"
                self._emit(Trouble("upkeep_broken", said, "Report this: upkeep goes on without it."))
            await self._clock.sleep(job.period_s)
