"""What has to be done now and then: the table below says what, and how often."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery
from tocsin.core.errors import LedgerError
from tocsin.core.facts import DeliveryMoved, Emit, Trouble
from tocsin.ledger.contract import Closed, Ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.intake.intake import Intake
from tocsin.pipeline.sending.dispatcher import Dispatcher
from tocsin.pipeline.sending.doubts import Doubts
from tocsin.pipeline.sending.editor import Editor
from tocsin.pipeline.sending.lane_watch import LaneWatch
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.watch.conditions import Conditions
from tocsin.pipeline.watch.monitors import Monitors
from tocsin.pipeline.watch.objective import Objectives
from tocsin.pipeline.watch.operators import Operators

PRUNE_STEP = 1000


class Upkeep:
    def __init__(
        self,
        *,
        ledger: Ledger,
        dispatcher: Dispatcher,
        doubts: Doubts,
        lanes: Lanes,
        editor: Editor,
        intake: Intake,
        lane_watch: LaneWatch,
        monitors: Monitors,
        conditions: Conditions,
        operators: Operators,
        objectives: Objectives,
        active: Active,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._doubts = doubts
        self._lanes = lanes
        self._editor = editor
        self._intake = intake
        self._lane_watch = lane_watch
        self._monitors = monitors
        self._conditions = conditions
        self._operators = operators
        self._objectives = objectives
        self._active = active
        self._clock = clock
        self._emit = emit
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        jobs: tuple[tuple[float, Callable[[], Awaitable[None]]], ...] = (
            (1.0, self._ledger.watch),
            (1.0, self._expire),
            (1.0, self._fail_over),
            (1.0, self._editor.look),
            (1.0, self._lane_watch.look),
            (1.0, self._monitors.watch),
            (1.0, self._conditions.look),
            (1.0, self._objectives.watch),
            (1.0, self._operators.look),
            (5.0, self._dispatcher.look),
            (5.0, partial(self._doubts.look, self._dispatcher.follow)),
            (15.0, self._close_the_silent),
            (60.0, self._prune),
        )
        self._tasks = [asyncio.create_task(self._repeat(seconds, job)) for seconds, job in jobs]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _repeat(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await job()
            except LedgerError as problem:
                self._emit(Trouble("upkeep_failed", problem.message))
            except Exception as bug:  # noqa: BLE001 - one job that is broken must not end, and takes no other along
                self._emit(Trouble("upkeep_broken", repr(bug), "Report this: upkeep goes on without it."))
            await self._clock.sleep(seconds)

    async def _expire(self) -> None:
        self._tell_moves((await self._ledger.expire()).deliveries)

    async def _fail_over(self) -> None:
        moved = await self._ledger.fail_over(self._lanes.broken(), self._active.rulebook.routing.shadow)
        self._tell_moves(moved.deliveries)
        self._dispatcher.wake(moved.lanes)

    async def _close_the_silent(self) -> None:
        silence = self._active.rulebook.dedup.policy.close_after_silence
        if silence is None:
            return
        closed = Closed(more=True)
        while closed.more:
            closed = await self._ledger.silence(self._clock.now() - silence)
            self._intake.announce_closed(closed)

    async def _prune(self) -> None:
        retention = self._active.rulebook.retention
        if retention is None:
            return
        while await self._ledger.prune(self._clock.now() - retention, PRUNE_STEP) == PRUNE_STEP:
            pass

    def _tell_moves(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self._emit(DeliveryMoved(delivery=delivery, to=delivery.state, why=delivery.why))
