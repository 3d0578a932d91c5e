"""Learns what other nodes have written, and has what this one keeps of it in memory read again."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from tocsin.bus.contract import Bus
from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError
from tocsin.core.facts import Emit, Trouble
from tocsin.core.part import Part
from tocsin.ledger.contract import Cluster

POLL_S = 0.1  # what losing every hint costs at most
NET_S = 1.0  # the same, while hints come in
# What changes all the time is read less often.
REST_S: Mapping[Part, float] = {Part.MONITORS: 1.0, Part.CONDITIONS: 1.0}

Refresh = Callable[[], Awaitable[None]]


class Elsewhere:
    """A hint says when to look, and the ledger what has changed: so a hint that is lost, or too much, does no harm.

    `follow` is told the position of the newest event, `wake` the lanes that have something new; `refresh` reads a part
    again.
    """

    def __init__(
        self,
        cluster: Cluster,
        bus: Bus,
        clock: Clock,
        emit: Emit,
        *,
        follow: Callable[[int], None],
        wake: Callable[[Collection[str]], None],
        refresh: Mapping[Part, Refresh],
    ) -> None:
        self._cluster = cluster
        self._bus = bus
        self._clock = clock
        self._emit = emit
        self._follow = follow
        self._wake = wake
        self._refresh = refresh
        self._versions: dict[Part, int] = {}
        self._read_at: dict[Part, float] = {}
        self._newest: int | None = None
        self._hinted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._deaf: list[Callable[[], None]] = []

    async def start(self) -> None:
        """What is committed from here on is seen. Raises LedgerError."""
        await self._look()
        self._deaf = [self._bus.lanes.listen(self._wake), self._bus.changes.listen(lambda _: self._hinted.set())]
        self._tasks = [asyncio.create_task(self._look_when_hinted()), asyncio.create_task(self._poll())]

    async def stop(self) -> None:
        for deaf in self._deaf:
            deaf()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _look_when_hinted(self) -> None:
        while True:
            await self._hinted.wait()
            self._hinted.clear()
            try:
                await self._look()
            except LedgerError:  # whoever needs the ledger says that it does not answer; the next poll looks again
                pass
            except Exception as bug:  # noqa: BLE001 - what others do is followed whatever goes wrong with it once
                self._emit(Trouble("task_failed", f"elsewhere: {bug!r}", "Report this: it is tried again."))

    async def _poll(self) -> None:
        waited = 0.0
        while True:
            await self._clock.sleep(POLL_S)
            waited += POLL_S
            if waited >= NET_S or not self._bus.hears_others:
                self._hinted.set()
                waited = 0.0

    async def _look(self) -> None:
        seen = await self._cluster.glance(self._newest)
        self._newest = seen.newest
        self._follow(seen.versions[Part.STREAM])
        if seen.lanes:
            self._wake(seen.lanes)
        for part, refresh in self._refresh.items():
            if self._versions.get(part) != seen.versions[part] and self._is_due(part):
                await refresh()
                self._versions[part] = seen.versions[part]

    def _is_due(self, part: Part) -> bool:
        now = self._clock.monotonic()
        if now - self._read_at.get(part, float("-inf")) < REST_S.get(part, 0.0):
            return False
        self._read_at[part] = now
        return True
