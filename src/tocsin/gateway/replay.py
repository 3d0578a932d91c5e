"""Sends again what was missed: in order, a bounded step at a time, so that a storm of returning clients never
holds up the live stream.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from tocsin.core.clock import Clock
from tocsin.core.facts import Emit, Trouble
from tocsin.core.record import Event

STEP = 256  # events that are read and weighed for one socket before it is the next one's turn
MOST_BACKLOG = 256 * 1024  # bytes that may wait for a reader while more is replayed to it
_SHELF = 2048
_RETRY_S = 0.05

# After working for so long, as long again is left to everything else: the ledger's thread cannot commit what is new
# while the event loop never pauses.
_WORK_S = 0.004
_LONGEST_REST_S = 0.1


class Source(Protocol):
    """The live stream, as `pipeline.feed.Feed` offers it."""

    head: int

    async def read(self, after: int, limit: int) -> tuple[Event, ...]: ...


class Returning(Protocol):
    """A socket that was sent everything up to `position` (of its interest) and wants the rest."""

    position: int
    complete: bool

    @property
    def gone(self) -> bool:
        """The subscriber has left, or asked for something else."""
        ...

    @property
    def backlog(self) -> int: ...

    def replay(self, events: Sequence[Event]) -> None:
        """Send those of its interest, or as many as go at once; `position` follows."""
        ...

    def arrive(self) -> None:
        """The subscriber has everything up to the head: from here on it is live."""
        ...


class Shelf:
    """The most recent events, so that a thousand clients that return at once do not ask the ledger a thousand times."""

    def __init__(self, size: int = _SHELF) -> None:
        self._size = size
        self._events: dict[int, Event] = {}

    def keep(self, events: Sequence[Event]) -> None:
        for event in events:
            self._events[event.position] = event
        while len(self._events) > self._size:
            del self._events[next(iter(self._events))]

    def after(self, position: int, limit: int) -> tuple[Event, ...]:
        """Contiguous events right after this position; empty where the first of them is not here."""
        found: list[Event] = []
        while len(found) < limit and (event := self._events.get(position + 1)) is not None:
            found.append(event)
            position += 1
        return tuple(found)


class Replay:
    """Clients that return stand in one line; after each step of one of them everything else in the loop has a turn."""

    def __init__(self, source: Source, clock: Clock, emit: Emit) -> None:
        self.shelf = Shelf()
        self._source = source
        self._clock = clock
        self._emit = emit
        self._line: deque[Returning] = deque()
        self._called = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._worked = 0.0  # seconds since the last rest

    async def start(self) -> None:
        self._task = asyncio.create_task(self._serve())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def add(self, returning: Returning) -> None:
        self._line.append(returning)
        self._called.set()

    async def _serve(self) -> None:
        while True:
            await self._called.wait()
            self._called.clear()
            try:
                await self._walk()
            except Exception as problem:  # noqa: BLE001 - replay outlives any failed read; whoever waits is served later
                self._emit(Trouble("replay_failed", str(problem)))
                self._called.set()
                await self._clock.sleep(1.0)

    async def _walk(self) -> None:
        while self._line:
            moved = [await self._turn(self._line.popleft()) for _ in range(len(self._line))]
            if self._line and not any(moved):
                await self._clock.sleep(_RETRY_S)

    async def _turn(self, returning: Returning) -> bool:
        """One step for one client, then to the end of the line unless it is done; False where it reads too slowly."""
        if returning.gone:
            return True
        if returning.backlog > MOST_BACKLOG:
            self._line.append(returning)
            return False
        arrived = False
        began = self._clock.monotonic()
        try:
            arrived = await self._step(returning)
        finally:
            if not arrived:
                self._line.append(returning)
        self._worked += self._clock.monotonic() - began
        await self._rest()
        return True

    async def _rest(self) -> None:
        due = self._worked >= _WORK_S
        await asyncio.sleep(min(self._worked, _LONGEST_REST_S) if due else 0)
        if due:
            self._worked = 0.0

    async def _step(self, returning: Returning) -> bool:
        """True once the socket is live, or gone."""
        events = self.shelf.after(returning.position, STEP)
        if not events and returning.position < self._source.head:
            events = await self._read(returning)
        if returning.gone:
            return True
        returning.replay(events)
        if returning.position < self._source.head:
            return False
        returning.arrive()
        return True

    async def _read(self, returning: Returning) -> tuple[Event, ...]:
        """From the ledger. Positions have no gaps, so where one is missing retention has taken it."""
        head = self._source.head
        events = await self._source.read(returning.position, STEP)
        reached = events[-1].position if events else head
        if reached - returning.position != len(events):
            returning.complete = False
        if not events:
            returning.position = head
        self.shelf.keep(events)
        return events
