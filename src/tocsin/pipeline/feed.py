"""Passes the live stream on, in position order and without gaps, to whoever listens: sockets and HTTP streams."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from tocsin.bus.contract import Bus
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit, Trouble
from tocsin.core.record import Cursor, Event
from tocsin.ledger.contract import History

POLL_S = 1.0  # what losing a hint costs at most
READ_LIMIT = 1000

Listener = Callable[[Sequence[Event]], None]


class Feed:
    """The tailer. Hints carry the events themselves; the ledger is read only where one is missing."""

    def __init__(self, history: History, bus: Bus, clock: Clock, emit: Emit, epoch: str) -> None:
        self.epoch = epoch
        self.head = 0
        self._history = history
        self._bus = bus
        self._clock = clock
        self._emit = emit
        self._listeners: list[Listener] = []
        self._behind = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._deaf: Callable[[], None] = lambda: None

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.head)

    async def start(self) -> None:
        _, self.head = await self._history.span()
        self._deaf = self._bus.events.listen(self._hear)
        self._tasks = [asyncio.create_task(self._catch_up()), asyncio.create_task(self._poll())]

    async def stop(self) -> None:
        self._deaf()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def note_newest(self, position: int) -> None:
        """The ledger has events up to that one: what is missing here is read."""
        if position > self.head:
            self._behind.set()

    def attach(self, listener: Listener) -> Callable[[], None]:
        """Every event after `head`, contiguous; call what is returned to leave. A listener must not block."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def read(self, after: int, limit: int) -> tuple[Event, ...]:
        return await self._history.events(after, limit)

    async def span(self) -> tuple[int, int]:
        """The oldest position that is still kept and the newest one."""
        return await self._history.span()

    def _hear(self, events: Sequence[Event]) -> None:
        fresh = [event for event in events if event.position > self.head]
        if fresh and fresh[0].position == self.head + 1:
            self._pass_on(fresh)
        elif fresh:
            self._behind.set()

    def _pass_on(self, events: Sequence[Event]) -> None:
        self.head = events[-1].position
        for listener in tuple(self._listeners):
            listener(events)

    async def _catch_up(self) -> None:
        while True:
            await self._behind.wait()
            self._behind.clear()
            try:
                while missing := await self._history.events(self.head, READ_LIMIT):
                    # A hint may have closed the gap while the ledger was read.
                    self._hear(missing)
            except Exception as problem:  # noqa: BLE001 - the stream outlives any failed read; the next poll repeats it
                self._emit(Trouble("feed_read_failed", str(problem)))

    async def _poll(self) -> None:
        while True:
            await self._clock.sleep(POLL_S)
            self._behind.set()
