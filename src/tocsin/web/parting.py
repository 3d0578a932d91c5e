"""Ends a connection so that its last answer arrives."""

import asyncio
from typing import Any

from tocsin.web.unread import Unread

DRAIN_S = 10.0
MAX_DRAIN = 64 * 1024 * 1024  # bytes


class Parting(asyncio.Protocol):
    """Takes a connection over from one that has said its last word. What the peer is still sending is thrown away, for
    a while and up to a bound: closing upon it would destroy the answer on its way, and a client that sends first and
    reads then would never learn why it was refused. `connections` are those that a stop waits for.
    """

    def __init__(self, transport: asyncio.Transport, unread: Unread, connections: set[Any], seconds: float) -> None:
        self._transport = transport
        self._unread = unread
        self._connections = connections
        self._seconds = seconds
        self._thrown_away = 0
        self.waits_since = 0.0

    def give_way(self) -> None:
        self._transport.abort()

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._connections.add(self)
        self.waits_since = loop.time()
        self._timer = loop.call_later(self._seconds, self.shutdown)
        self._transport.set_protocol(self)
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def data_received(self, data: bytes) -> None:
        self._thrown_away += len(data)
        if self._thrown_away > MAX_DRAIN:
            self.shutdown()

    def eof_received(self) -> None:
        self.shutdown()

    def pause_writing(self) -> None:
        self._unread.begin()

    def resume_writing(self) -> None:
        self._unread.end()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._timer.cancel()
        self._unread.end()
        self._connections.discard(self)

    def shutdown(self) -> None:
        """Nothing more is waited for but that the answer is read."""
        self._timer.cancel()
        close(self._transport, self._unread)


def close(transport: asyncio.Transport, unread: Unread) -> None:
    """Once what is written has been read, for which there is a bound."""
    transport.close()
    if transport.get_write_buffer_size():
        unread.begin()
