"""How the service does now, in the figures that every operator's page shows alike."""

from typing import Any

from tocsin.pipeline.operations import Operations
from tocsin.pipeline.sending.dispatcher import Dispatcher
from tocsin.pipeline.watch.last_minute import LastMinute
from tocsin.pipeline.watch.objective import Objectives


class Vitals:
    def __init__(
        self, *, last_minute: LastMinute, dispatcher: Dispatcher, objectives: Objectives, operations: Operations
    ) -> None:
        self._last_minute = last_minute
        self._dispatcher = dispatcher
        self._objectives = objectives
        self._operations = operations

    async def as_json(self) -> dict[str, Any]:
        await self._last_minute.look()
        queue = self._last_minute.queue()
        return {
            "last_minute": self._last_minute.as_json(),
            "queue": self._dispatcher.depth() if queue is None else queue,
            "objective": self._objectives.as_json(),
            "shadow": self._operations.shadow(),
        }
