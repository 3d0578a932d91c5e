"""The watching side: everything that notices how the service does, and tells operators."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tocsin.core.clock import Clock
from tocsin.core.facts import Emit, Fact
from tocsin.ledger.contract import Ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.sending import Sending
from tocsin.pipeline.watch.conditions import Conditions
from tocsin.pipeline.watch.detectors import Detectors
from tocsin.pipeline.watch.last_minute import LastMinute
from tocsin.pipeline.watch.monitors import Monitors
from tocsin.pipeline.watch.monthly_costs import MonthlyCosts
from tocsin.pipeline.watch.naming import Naming
from tocsin.pipeline.watch.nodes import Nodes
from tocsin.pipeline.watch.objective import Objectives
from tocsin.pipeline.watch.operators import Operators
from tocsin.pipeline.watch.refusals import Refusals
from tocsin.pipeline.watch.retention import Retention


class Watch:
    """Hears every fact, those of its own parts included."""

    def __init__(self, ledger: Ledger, sending: Sending, active: Active, clock: Clock, emit: Emit) -> None:
        self.monitors = Monitors(ledger.operations, clock, emit)
        self.objectives = Objectives(ledger.history, active, clock, emit)
        self.last_minute = LastMinute(ledger.history, clock, shared=ledger.cluster is not None)
        self.retention = Retention(ledger.history, ledger.people, ledger.analytics, active, clock)
        self.naming = Naming(ledger.history)
        self.monthly_costs = MonthlyCosts(ledger.purchases, active, clock)
        self.conditions = Conditions(
            ledger=ledger,
            lanes=sending.lanes,
            targets=sending.targets,
            monitors=self.monitors,
            active=active,
            ownership=sending.ownership,
            clock=clock,
            emit=emit,
        )
        self.operators = Operators(
            conditions=self.conditions,
            lanes=sending.lanes,
            targets=sending.targets,
            moves=sending.moves,
            active=active,
            clock=clock,
            emit=emit,
        )
        self.nodes = Nodes(sending.ownership, clock, emit)
        self._listeners: tuple[Emit, ...] = (
            self.last_minute.hear,
            self.objectives.hear,
            Detectors(clock, emit).hear,
            Refusals(clock, emit).hear,
            self.conditions.hear,
        )

    def hear(self, fact: Fact) -> None:
        for listener in self._listeners:
            listener(fact)

    async def recall(self) -> None:
        """Read what earlier processes knew, before anything happens that is counted."""
        await self.monitors.refresh()
        await self.objectives.start()
        await self.last_minute.start()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Operators are told from now on. Call `recall` before."""
        async with AsyncExitStack() as stack:
            await self.conditions.start()
            stack.push_async_callback(self.conditions.stop)
            stack.push_async_callback(self.operators.stop)
            yield
