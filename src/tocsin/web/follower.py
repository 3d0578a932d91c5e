"""One reader's place in the live stream: from a cursor through what it missed to what happens now, without a gap."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Self

from tocsin.core.record import Event
from tocsin.pipeline.feed import Feed

_READ = 200  # events read from the ledger at once
_WAITING = 1000  # events kept for a reader that is slower than the stream; past them it reads the ledger


class Follower:
    """`position` is the last event it was given; `complete` turns false where retention has passed it by."""

    def __init__(self, feed: Feed, position: int) -> None:
        self.position = min(position, feed.head)
        self.complete = position <= feed.head
        self.ended = False
        self._feed = feed
        self._waiting: deque[Event] = deque()
        self._stirred = asyncio.Event()
        self._leave: Callable[[], None] = lambda: None

    @property
    def live(self) -> bool:
        return self.position >= self._feed.head

    def __enter__(self) -> Self:
        self._leave = self._feed.attach(self._hear)
        return self

    def __exit__(self, *_problem: object) -> None:
        self._leave()

    def end(self) -> None:
        """The stream ends after the batch under way."""
        self.ended = True
        self._stirred.set()

    async def next(self, patience_s: float) -> Sequence[Event]:
        """The next events in position order; none where nothing has happened for so long, or at the end."""
        self._stirred.clear()
        if self.live and not self.ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._stirred.wait()
        return self._take() or await self._read()

    def _hear(self, events: Sequence[Event]) -> None:
        if len(self._waiting) + len(events) > _WAITING:
            self._waiting.clear()
        else:
            self._waiting.extend(events)
        self._stirred.set()

    def _take(self) -> Sequence[Event]:
        """The events that were heard, where they go on exactly from here."""
        while self._waiting and self._waiting[0].position <= self.position:
            self._waiting.popleft()
        if not self._waiting or self._waiting[0].position != self.position + 1:
            return ()
        heard = tuple(self._waiting)
        self._waiting.clear()
        self.position = heard[-1].position
        return heard

    async def _read(self) -> Sequence[Event]:
        """From the ledger. Positions have no gaps, so where one is missing retention has taken it."""
        head = self._feed.head
        if self.position >= head:
            return ()
        events = await self._feed.read(self.position, _READ)
        reached = events[-1].position if events else head
        if reached - self.position != len(events):
            self.complete = False
        self.position = reached
        return events
