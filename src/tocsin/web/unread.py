"""Cuts connections whose answer nobody fetches: the memory it holds is given back."""

import asyncio
from typing import ClassVar

READER_DEADLINE_S = 60.0  # in which a reader takes at least half of what waits for it
MAX_UNREAD = 64 * 1024 * 1024  # bytes that wait for all readers of this process together
_LARGE = 256 * 1024  # less than that fills no memory
_FRESH_S = 0.5  # who has begun so lately is not called slow


class Unread:
    """The bytes that wait in the write buffer of one connection. Past its time the connection is cut; where all of them
    hold too much, those that have waited longest are.
    """

    _waiting: ClassVar[dict["Unread", None]] = {}  # in the order in which they began

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, deadline_s: float) -> None:
        self._transport = transport
        self._loop = loop
        self._deadline_s = deadline_s
        self._before = 0  # bytes, when last looked at
        self._timer: asyncio.TimerHandle | None = None
        self.since: float | None = None  # of the loop's time; None where nothing waits

    def begin(self) -> None:
        """Something waits, or goes on waiting."""
        if self.since is None:
            self.since = self._loop.time()
            self._waiting[self] = None
            self._look_later()

    def weigh(self) -> None:
        """A long answer was written: it may be too much for all of them together."""
        if self.since is not None:
            self._before = self._transport.get_write_buffer_size()
            if self._before > _LARGE:
                self._make_room()

    def end(self) -> None:
        """The answer was read, or the connection is gone."""
        if self.since is not None:
            self.since = None
            del self._waiting[self]
        if self._timer is not None:
            self._timer.cancel()

    def _look_later(self) -> None:
        self._before = self._transport.get_write_buffer_size()
        self._timer = self._loop.call_later(self._deadline_s, self._look)

    def _look(self) -> None:
        left = self._transport.get_write_buffer_size()
        if left > self._before // 2:
            self._cut()
        else:
            self._look_later()

    def _cut(self) -> None:
        self.end()
        self._transport.abort()

    def _make_room(self) -> None:
        held = sum(each._transport.get_write_buffer_size() for each in self._waiting)  # noqa: SLF001 - of its own class
        for oldest in tuple(self._waiting):
            if held <= MAX_UNREAD or self._loop.time() - (oldest.since or 0) < _FRESH_S:
                return
            held -= oldest._transport.get_write_buffer_size()  # noqa: SLF001 - of its own class
            oldest._cut()  # noqa: SLF001 - of its own class
