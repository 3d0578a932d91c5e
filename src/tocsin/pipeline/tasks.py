"""Keeps the tasks that one part has under way."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from tocsin.core.errors import LedgerError
from tocsin.core.facts import Emit, Trouble


class Tasks:
    """Each is kept until it ends. What one dies of is told, and takes no other along; where the ledger could not,
    whoever looks again begins it anew.
    """

    def __init__(self, owner: str, emit: Emit) -> None:
        self._owner = owner
        self._emit = emit
        self._under_way: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._under_way)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    async def join(self) -> None:
        """Return when all have ended, those too that they have begun meanwhile."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def cancel(self) -> bool:
        """End them where they stand; False where none was left."""
        late = tuple(self._under_way)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return bool(late)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if task.cancelled():
            return
        match task.exception():
            case None:
                pass
            case LedgerError() as problem:
                self._emit(Trouble("upkeep_failed", f"{self._owner}: {problem.message}"))
            case bug:
                said = f"{self._owner}: {bug!r}"
                self._emit(Trouble("task_failed", said, "Report this: it ended in an unforeseen way."))
