"""A connection carries requests to one provider over HTTP/1.1, one at a time, each of them written once."""

import asyncio
import select
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict

from tocsin.core.killpoint import Point, kill_point

MAX_HEAD = 64 * 1024  # bytes of a status line and headers; whoever sends more is not a provider
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_FINAL = 200  # statuses below it announce another answer


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer is what the provider said: its status, its `headers`, whose names ignore case, and the first bytes of
    its raw body.

    With `broken` the status came, but the rest of the answer was cut off by the network.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes = b""
    broken: bool = False


class Connection(asyncio.Protocol):
    """A connection makes one request after the other, never two at once. While it is `reusable` it may `rest` in
    between.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.born_at = loop.time()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.reusable = True
        self._loop = loop
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._answered: asyncio.Future[None] | None = None
        self._read = _Read(0)

    async def exchange(self, request: bytes, *, longest: int, quiet_s: float, until: float) -> Answer:
        """Write the request and read its answer, up to `longest` bytes of body.

        `quiet_s` seconds may pass between two reads, and nothing goes on after `until`, by the loop's clock. Raises
        OSError, TimeoutError or ValueError where not even a status came.
        """
        self._read = read = _Read(longest)
        self._answered = self._loop.create_future()
        self._watch(quiet_s, until)
        self._transport.write(request)
        try:
            await self._answered
        except (OSError, TimeoutError, ValueError):
            if not read.head_is_whole:
                raise
            return read.answer(broken=True)
        finally:
            self._end()
        return read.answer()

    def rest(self, longest_s: float) -> None:
        """Idle from now on, and close after so many seconds unless somebody wakes it before."""
        self._timer = self._loop.call_later(longest_s, self.close)

    def wake(self) -> None:
        """End its rest: it is about to be used."""
        if self._timer is not None:
            self._timer.cancel()

    def has_word(self) -> bool:
        """Tell whether something waits unread in the socket of an idle connection: then its server has said goodbye,
        and it is of no use.
        """
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self.reusable = False
        self.wake()
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        read = self._read
        if self._answered is None or self._answered.done():
            self.close()
            return
        read.heard_at = self._loop.time()
        if not read.head_is_whole:
            read.head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as problem:
            self._fail(ValueError(type(problem).__name__))
        if read.head_size > MAX_HEAD and not read.head_is_whole:
            self._fail(ValueError("headers without end"))

    def connection_lost(self, problem: Exception | None) -> None:
        if self._read.ends_with_connection and problem is None:
            self._succeed()
        else:
            self._fail(problem or ConnectionResetError("the connection was closed"))
        self.reusable = False
        self.wake()
        self.lost.set_result(None)

    def on_message_begin(self) -> None:
        if self._answered is not None and self._answered.done():
            self.reusable = False  # more than was asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        self._read.headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._read.status = self._parser.get_status_code()
        if self._read.head_is_whole:
            kill_point(Point.REQUEST_WRITTEN)

    def on_body(self, data: bytes) -> None:
        self._read.body += data
        if len(self._read.body) > self._read.longest:
            self.reusable = False
            self._succeed()

    def on_message_complete(self) -> None:
        if self._read.head_is_whole:
            self.reusable = self.reusable and self._parser.should_keep_alive()
            self._succeed()
        else:
            self._read.headers.clear()

    def _watch(self, quiet_s: float, until: float) -> None:
        """Keep both bounds with one timer: what is heard meanwhile only moves a number."""
        now = self._loop.time()
        self._read.heard_at = now

        def look_at_clock() -> None:
            now = self._loop.time()
            if now >= until or now >= self._read.heard_at + quiet_s:
                self._fail(TimeoutError("no answer in time"))
            else:
                self._timer = self._loop.call_at(min(self._read.heard_at + quiet_s, until), look_at_clock)

        self._timer = self._loop.call_at(min(now + quiet_s, until), look_at_clock)

    def _succeed(self) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    def _fail(self, problem: Exception) -> None:
        self.reusable = False
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(problem)

    def _end(self) -> None:
        """Whoever was waiting may have been cancelled: then the answer is still on its way."""
        self.wake()
        if self._answered is None or self._answered.cancelled() or not self.reusable:
            self.close()
        self._answered = None


@dataclass(slots=True)
class _Read:
    """What has been read of one answer so far. `heard_at` is by the loop's clock; sizes are in bytes."""

    longest: int
    status: int = 0
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytearray = field(default_factory=bytearray)
    head_size: int = 0
    heard_at: float = 0.0

    @property
    def head_is_whole(self) -> bool:
        return self.status >= _FINAL

    @property
    def ends_with_connection(self) -> bool:
        bounded = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        return self.head_is_whole and not bounded

    def answer(self, *, broken: bool = False) -> Answer:
        return Answer(self.status, self.headers, bytes(self.body[: self.longest]), broken)
