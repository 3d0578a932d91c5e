"""Writes to many sockets: encoded once, collected for a moment under load, straight to their transports."""

import asyncio
from collections.abc import Sequence

from tocsin.core.clock import Clock
from tocsin.gateway.batch import Batch
from tocsin.gateway.engineio import Outgoing
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.peer import Socket

# After writing for so long, as long again (times this) is left to everything else; a long write counts as this long.
_REST = 0.5
_LONGEST_S = 0.1
_MOST_AT_ONCE = 256 * 1024  # bytes for one socket: a burst of thousands of alerts fills no write buffer


class Broadcast:
    """Sockets that get the same. Packets wait here between two writes; a socket that must not wait is settled.

    `_ahead` holds, for the few sockets that joined or were settled since the last write, how many of the waiting
    packets they have had, or must not have.
    """

    __slots__ = ("_ahead", "_waiting", "_writer", "sockets")

    def __init__(self, writer: "Writer") -> None:
        self.sockets: set[Socket] = set()
        self._writer = writer
        self._waiting: list[Outgoing] = []
        self._ahead: dict[Socket, int] = {}

    def join(self, socket: Socket) -> None:
        """The socket gets what is posted from now on."""
        self.sockets.add(socket)
        socket.room = self
        if self._waiting:
            self._ahead[socket] = len(self._waiting)

    def leave(self, socket: Socket) -> None:
        """The socket has all that was posted before."""
        self.settle(socket)
        self.sockets.discard(socket)
        self._ahead.pop(socket, None)
        socket.room = None

    def settle(self, socket: Socket) -> None:
        had = self._ahead.get(socket, 0)
        if had < len(self._waiting):
            self._ahead[socket] = len(self._waiting)
            socket.deliver(Batch(self._waiting[had:]))

    def post(self, packet: Outgoing) -> None:
        """For every socket in the room; leaves with the writer's next round."""
        self._waiting.append(packet)
        self._writer.remember(self)

    def write(self) -> None:
        """As much as goes at once; the rest waits for the next round, so that a burst makes nobody a slow reader."""
        size = _fitting(self._waiting)
        batch, self._waiting = Batch(self._waiting[:size]), self._waiting[size:]
        ahead, self._ahead = self._ahead, {}
        # A copy: a reader that turns out too slow leaves the room while we write.
        for socket in tuple(self.sockets):
            had = ahead.get(socket, 0) if ahead else 0
            if not had:
                socket.deliver(batch)
            elif had < size:
                socket.deliver(Batch(batch.packets[had:]))
            elif had > size:
                self._ahead[socket] = had - size
        if self._waiting:
            self._writer.remember(self)


def _fitting(packets: Sequence[Outgoing]) -> int:
    """How many of these go at once: at least one."""
    size = 0
    for count, packet in enumerate(packets):
        size += len(packet.frame)
        if size > _MOST_AT_ONCE and count:
            return count
    return len(packets)


class Writer:
    """Decides when the rooms write: at once when idle; else all that came meanwhile goes in one piece a socket.

    The pause grows with what the last round cost, so writing never takes the whole loop, however many sockets there
    are.
    """

    def __init__(self, clock: Clock, gauges: Gauges) -> None:
        self._clock = clock
        self._gauges = gauges
        self._rooms: dict[Broadcast, None] = {}
        self._resting = False

    def remember(self, room: Broadcast) -> None:
        self._rooms[room] = None

    def release(self) -> None:
        """Everything of this moment is posted."""
        if self._rooms and not self._resting:
            self._write()

    def _write(self) -> None:
        self._resting = True
        began = self._clock.monotonic()
        rooms, self._rooms = self._rooms, {}
        for room in rooms:
            room.write()
        # The event loop hands what was written to the kernel after this callback: that is part of what it cost.
        asyncio.get_running_loop().call_soon(self._written, began)

    def _written(self, began: float) -> None:
        took = self._clock.monotonic() - began
        self._gauges.broadcasts += 1
        self._gauges.broadcast_seconds += took
        asyncio.get_running_loop().call_later(min(took, _LONGEST_S) * _REST, self._rested)

    def _rested(self) -> None:
        self._resting = False
        self.release()
