"""One Engine.IO session: the transport it is on, what waits for a poll, the upgrade, the pings. No I/O of its own."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from tocsin.gateway.allowance import Allowance
from tocsin.gateway.batch import Batch
from tocsin.gateway.engineio import (
    CLOSE,
    CLOSE_OUT,
    MESSAGE,
    NOOP_OUT,
    PING,
    PING_OUT,
    PONG,
    PROBED_OUT,
    UPGRADE,
    MalformedError,
    Outgoing,
    Packet,
    payload,
)
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.settings import GatewaySettings

# Close codes of RFC 6455, section 7.4.
NORMAL = 1000
PROTOCOL_ERROR = 1002
POLICY = 1008
RESTART = 1012
TRY_AGAIN = 1013

_PUNCTUAL_S = 0.02
_MOST_IN_PAYLOAD = 16  # packets in one answer to a poll: python-engineio takes no more (`Payload.max_decode_packets`)


class Outlet(Protocol):
    """A WebSocket connection. Writing never raises and never waits."""

    def write(self, frames: bytes) -> int:
        """Hand whole frames to the transport; returns how many bytes wait for the reader."""
        ...

    def close(self, code: int, reason: str) -> None: ...


class Receiver(Protocol):
    """Hears the messages of a session."""

    def receive(self, data: str | bytes) -> None:
        """May raise MalformedError: the session is closed then."""
        ...

    def closed(self, reason: str) -> None:
        """Called once; nothing may be sent any more."""
        ...


class Session:
    """Packets leave in the order in which they were sent, over whichever transport is the one at that moment.

    During an upgrade packets stay with polling until the client has sent `upgrade`: none is lost, none goes twice.
    """

    __slots__ = (
        "_forget",
        "_gauges",
        "_outlet",
        "_ping_at",
        "_poll",
        "_ponged",
        "_probe",
        "_queue",
        "_queued",
        "_settings",
        "_verdict_due",
        "address",
        "closed",
        "frames",
        "posting",
        "receiver",
        "sid",
        "waits_since",
    )

    receiver: Receiver

    def __init__(
        self, sid: str, address: str, settings: GatewaySettings, gauges: Gauges, forget: Callable[["Session"], None]
    ) -> None:
        self.sid = sid
        self.address = address
        self.waits_since = 0.0  # monotonic seconds: for somebody to vouch for it
        self.closed = ""  # the reason, once it is
        self.posting = False  # a POST is being read
        self.frames = Allowance(settings.frame_rate, 0.0)  # over a WebSocket; over polling: packets
        self._settings = settings
        self._gauges = gauges
        self._forget = forget
        self._outlet: Outlet | None = None
        self._probe: Outlet | None = None
        self._queue: list[Outgoing] = []
        self._queued = 0
        self._poll: asyncio.Future[bytes] | None = None
        self._ping_at = 0.0
        self._verdict_due = False
        self._ponged = False

    @property
    def polling(self) -> bool:
        return self._outlet is None

    def give_way(self) -> None:
        """Places are short."""
        self.evict("crowded", TRY_AGAIN)

    # --- out

    def send(self, packets: Sequence[Outgoing]) -> None:
        self.deliver(Batch(packets))

    def deliver(self, batch: Batch) -> None:
        """A reader that has fallen too far behind is closed here."""
        if self.closed:
            return
        if self._outlet is None:
            self._enqueue(batch.packets)
            return
        self._count(len(batch.packets), len(batch.frames), self._outlet.write(batch.frames))

    def _enqueue(self, packets: Sequence[Outgoing]) -> None:
        self._queue += packets
        size = sum(len(packet.text) for packet in packets)
        self._queued += size
        self._answer_poll()
        self._count(len(packets), size, self._queued)

    def _count(self, frames: int, size: int, waiting: int) -> None:
        gauges = self._gauges
        gauges.frames_out += frames
        gauges.bytes_out += size
        gauges.high_water = max(gauges.high_water, waiting)
        if waiting > self._settings.max_buffer:
            self.evict("slow_reader", TRY_AGAIN)

    @property
    def backlog(self) -> int:
        """Bytes that wait for the reader."""
        return self._queued if self._outlet is None else self._outlet.write(b"")

    # --- polling

    def poll(self) -> "asyncio.Future[bytes]":
        """The body for one GET, once there is something. Raises MalformedError where one is waiting already."""
        if self._poll is not None:
            self._queue = [CLOSE_OUT]
            self._answer_poll()
            self.close("duplicate poll", PROTOCOL_ERROR)
            raise MalformedError("one GET at a time")
        self._poll = asyncio.get_running_loop().create_future()
        if self._probe is not None and not self._queue:
            self._queue = [NOOP_OUT]
        poll = self._poll
        self._answer_poll()
        return poll

    def _answer_poll(self) -> None:
        if self._poll is None or not self._queue:
            return
        if not self._poll.done():
            now, self._queue = self._queue[:_MOST_IN_PAYLOAD], self._queue[_MOST_IN_PAYLOAD:]
            self._queued = sum(len(packet.text) for packet in self._queue)
            self._poll.set_result(payload(now))
        self._poll = None

    def _end_poll(self, last: Outgoing) -> None:
        if self._poll is not None:
            self._queue.append(last)
            self._answer_poll()

    # --- WebSocket

    def begin(self, outlet: Outlet, opening: Outgoing) -> None:
        """The session starts on a WebSocket."""
        self._outlet = outlet
        self.send((opening,))

    def probed_by(self, outlet: Outlet) -> bool:
        """A WebSocket wants to take over; False where it may not."""
        if self.closed or self._outlet is not None or self._probe is not None:
            return False
        self._probe = outlet
        return True

    def receive_from(self, outlet: Outlet, packet: Packet) -> None:
        """A packet off a WebSocket. Raises MalformedError."""
        if outlet is self._outlet:
            self.receive(packet)
        elif outlet is self._probe and packet == Packet(PING, "probe"):
            self._end_poll(NOOP_OUT)
            outlet.write(PROBED_OUT.frame)
        elif outlet is self._probe and packet.kind == UPGRADE:
            self._take_over(outlet)
        else:
            outlet.close(PROTOCOL_ERROR, "not an upgrade")

    def _take_over(self, outlet: Outlet) -> None:
        self._end_poll(NOOP_OUT)
        waiting, self._queue, self._queued = self._queue, [], 0
        self._outlet, self._probe = outlet, None
        self._gauges.polling -= 1
        self._gauges.websocket += 1
        if waiting:
            outlet.write(Batch(waiting).frames)

    def awaits(self, outlet: Outlet) -> bool:
        """Whether this WebSocket has still to prove itself."""
        return outlet is self._probe

    def lost(self, outlet: Outlet, reason: str) -> None:
        """A WebSocket is gone."""
        if outlet is self._probe:
            self._probe = None
        elif outlet is self._outlet:
            self.close(reason)

    # --- in

    def receive(self, packet: Packet) -> None:
        """A packet off the session's transport. Raises MalformedError."""
        if self.closed:
            return
        if packet.kind == MESSAGE:
            self.receiver.receive(packet.data)
        elif packet.kind == PONG:
            self._ponged = True
        elif packet.kind == CLOSE:
            self._end_poll(NOOP_OUT)
            self.close("client left")

    # --- time and end

    def start(self, now: float) -> float:
        """Returns when the first ping is due."""
        self.waits_since = now
        self._ping_at = now + self._settings.ping_interval
        return self._ping_at

    def alarm(self, now: float) -> float | None:
        """Turn by turn: a ping leaves, its answer is due."""
        if self.closed:
            return None
        if self._verdict_due:
            return self._judge()
        # A ping that leaves late gives its answer the whole time; one that leaves a tick early gives no less.
        sent_at = max(self._ping_at, now - _PUNCTUAL_S)
        self._verdict_due, self._ponged = True, False
        self._ping_at = sent_at + self._settings.ping_interval
        self.send((PING_OUT,))
        return sent_at + self._settings.ping_timeout

    def _judge(self) -> float | None:
        if not self._ponged:
            self.evict("ping_timeout", NORMAL)
            return None
        self._verdict_due = False
        return self._ping_at

    def evict(self, reason: str, code: int = POLICY) -> None:
        """Closed by us, and counted."""
        if not self.closed:
            self._gauges.evictions[reason] += 1
            self.close(reason, code)

    def close(self, reason: str, code: int = NORMAL) -> None:
        """The end; a client on a WebSocket is shown code and reason, a waiting poll gets a close packet."""
        if self.closed:
            return
        self.closed = reason
        self._end_poll(CLOSE_OUT)
        self._queue = []
        self._forget(self)
        self.receiver.closed(reason)
        for outlet in (self._outlet, self._probe):
            if outlet is not None:
                outlet.close(code, reason)
