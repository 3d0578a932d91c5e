"""Says when which lane is to be looked at: a heap. Idle lanes are not in it and cost nothing."""

import asyncio
import contextlib
import heapq
import math
from collections import defaultdict

from tocsin.core.clock import Clock


class Schedule:
    """Each name stands in it at most once, at the earliest time that was asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, str]] = []
        self._when: dict[str, float] = {}
        self._put_off: defaultdict[str, list[float]] = defaultdict(list)  # heaps, too
        self._changed = asyncio.Event()

    def put(self, name: str, when: float) -> None:
        """Look at it at that monotonic time, or earlier where that was already planned."""
        if when < self._when.get(name, float("inf")):
            self._when[name] = when
            heapq.heappush(self._heap, (when, name))
            self._changed.set()

    def put_off(self, name: str, when: float) -> None:
        """A delivery falls due again at that time: it is not forgotten by looking at its lane before."""
        heapq.heappush(self._put_off[name], when)
        self.put(name, when)

    def next_put_off(self, name: str) -> float:
        """When the lane's next delivery that was put off falls due; infinite where none is known."""
        self._forget_past(name)
        return self._put_off[name][0] if name in self._put_off else math.inf

    def take_due(self) -> list[str]:
        """Remove and return the names whose time has come."""
        due = []
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            when, name = heapq.heappop(self._heap)
            if self._when.get(name) == when:
                del self._when[name]
                self._forget_past(name)
                due.append(name)
        return due

    async def wait(self) -> None:
        """Return when something is due or the schedule has changed."""
        self._changed.clear()
        if not self._heap:
            await self._changed.wait()
            return
        delay = self._heap[0][0] - self._clock.monotonic()
        if delay > 0:
            await self._first_of(delay)

    async def _first_of(self, delay: float) -> None:
        waits = {asyncio.ensure_future(self._clock.sleep(delay)), asyncio.ensure_future(self._changed.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await wait

    def _forget_past(self, name: str) -> None:
        times, now = self._put_off.get(name, []), self._clock.monotonic()
        while times and times[0] <= now:
            heapq.heappop(times)
        if not times:
            self._put_off.pop(name, None)
