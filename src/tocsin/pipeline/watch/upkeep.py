"""Does what has to be done now and then."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Emit, Trouble
from tocsin.pipeline.rounds import Round, Rounds


@dataclass(frozen=True, slots=True)
class Job:
    """An action that is done again so many seconds after it was done, whether or not it raised. One with a `lane` is
    done by one node at a time, any other by each.
    """

    name: str
    period_s: float
    action: Callable[[], Awaitable[None]]
    lane: str = ""


class Upkeep:
    def __init__(self, jobs: Sequence[Job], ownership: Ownership, clock: Clock, emit: Emit) -> None:
        self._emit = emit
        self._rounds = Rounds([Round(job.name, partial(self._do, job), job.lane) for job in jobs], ownership, clock)

    async def start(self) -> None:
        await self._rounds.start()

    async def stop(self) -> None:
        await self._rounds.stop()

    async def _do(self, job: Job) -> float:
        try:
            await job.action()
        except LedgerError as problem:
            self._emit(Trouble("upkeep_failed", problem.message))
        except Exception as bug:  # noqa: BLE001 - one job that is broken must not end, and takes no other along
            said = f"{job.name}: {bug!r}"
            self._emit(Trouble("upkeep_broken", said, "Report this: upkeep goes on without it."))
        return job.period_s
