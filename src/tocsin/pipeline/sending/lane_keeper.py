"""Works the lanes that this node owns: one that is won goes on as after a restart, one that is lost is left alone."""

from collections.abc import Collection, Mapping

from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.ledger.contract import Queue
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.dispatcher import Dispatcher
from tocsin.pipeline.sending.doubts import Doubts
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.sender import Sender


class LaneKeeper:
    """A `Keeper` of the lanes of the rulebook in force."""

    def __init__(
        self,
        *,
        queue: Queue,
        lanes: Lanes,
        sender: Sender,
        dispatcher: Dispatcher,
        doubts: Doubts,
        ownership: Ownership,
        active: Active,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._lanes = lanes
        self._sender = sender
        self._dispatcher = dispatcher
        self._doubts = doubts
        self._ownership = ownership
        self._active = active
        self._clock = clock
        ownership.serve(self)

    def lanes(self) -> Mapping[str, str]:
        return {name: policy.group for name, policy in self._active.rulebook.routing.lanes.items()}

    async def win(self, lanes: Collection[str]) -> None:
        """Pacing, mention budgets, breakers and purses go on where the last owner stopped; and so do its doubts."""
        recent = await self._queue.recent_attempts(self._clock.now() - self._lanes.memory)
        known = [row for row in recent if row.lane in lanes]
        self._sender.restore(known)
        await self._lanes.win(lanes, known, self._queue)
        await self._dispatcher.look()
        if self._ownership.node is not None:  # what its last owner left is looked after at once
            await self._doubts.look()

    def lose(self, lanes: Collection[str]) -> None:
        self._lanes.lose(lanes)

    def busy(self, lane: str) -> bool:
        return self._lanes.under_way(lane)
