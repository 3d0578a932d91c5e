"""Moves on deliveries that have waited too long where they stand: past their life, or past their fallback's time."""

from tocsin.ledger.contract import Queue
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.directory import Directories
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.moves import Moves


class Overdue:
    """Looked for now and then: a lane that is shut claims nothing, and so would never find them."""

    def __init__(self, queue: Queue, lanes: Lanes, moves: Moves, active: Active, directories: Directories) -> None:
        self._queue = queue
        self._directories = directories
        self._lanes = lanes
        self._moves = moves
        self._active = active

    async def expire(self) -> None:
        moved = await self._queue.expire()
        self._moves.follow(moved.deliveries, moved.lanes)

    async def fail_over(self) -> None:
        """At once where the lane is broken; nothing is handed to a target in shadow, be it a list that calls keep."""
        routing = self._active.rulebook.routing
        kept = {target for target, how in routing.kept(self._directories.current).items() if how.shadow}
        moved = await self._queue.fail_over(self._lanes.broken(), routing.shadow | kept)
        self._moves.follow(moved.deliveries, moved.lanes)
