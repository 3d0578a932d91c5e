"""The namespace `/`: sockets subscribe to alerts, come back where they left off, and send alerts in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tocsin.core.clock import Clock
from tocsin.core.errors import ForbiddenError, TocsinError
from tocsin.core.facts import Emit, Trouble, Turned
from tocsin.gateway.admission import Admission
from tocsin.gateway.peer import Socket
from tocsin.gateway.refusal import refusal, unknown_event
from tocsin.gateway.settings import GatewaySettings
from tocsin.gateway.stream import Stream
from tocsin.gateway.subscriber import Subscriber, Wish
from tocsin.gateway.timer_wheel import TimerWheel

SubmitAlert = Callable[[object, str], Awaitable[Mapping[str, Any]]]
"""One alert from this owner; the answer as JSON. Raises TocsinError."""

_SCOPES = frozenset(("read", "ingest"))
_EVENTS = ("subscribe", "unsubscribe", "send_alert")
_GOLDEN = 0.618034  # its multiples, without their whole part, are spread evenly however many there are


class Live:
    def __init__(
        self,
        *,
        stream: Stream,
        admission: Admission,
        offer: SubmitAlert,
        wheel: TimerWheel,
        clock: Clock,
        settings: GatewaySettings,
        emit: Emit,
    ) -> None:
        self._stream = stream
        self._admission = admission
        self._offer = offer
        self._wheel = wheel
        self._clock = clock
        self._settings = settings
        self._emit = emit
        self._subscribers: dict[Socket, Subscriber] = {}
        self._asked: dict[Socket, Wish] = {}  # in a CONNECT that is being answered
        self._spread = 0.0
        self._offering: set[asyncio.Task[None]] = set()

    # --- coming and going

    def connect(self, socket: Socket, auth: Mapping[str, Any]) -> None:
        try:
            grant = self._admission.judge(socket, auth, _SCOPES)
            subscriber = Subscriber(socket, grant, self._stream, self._admission, self._settings.bookmark_every)
            if auth.get("subscribe") is not None:
                self._asked[socket] = self._wish(subscriber, auth["subscribe"])
        except TocsinError as error:
            raise self._admission.refuse(socket, error) from error
        self._subscribers[socket] = subscriber
        self._admission.enter(socket, grant)

    def connected(self, socket: Socket) -> None:
        subscriber = self._subscribers[socket]
        if subscriber.grant.allows("ingest"):
            socket.peer.widen()
        # Many connect in one moment after a restart; their bookmarks are spread over the whole interval.
        self._spread = (self._spread + _GOLDEN) % 1
        first = self._settings.bookmark_every * self._spread
        self._wheel.set(subscriber, subscriber.next_alarm(self._clock.monotonic(), first))
        wish = self._asked.pop(socket, None)
        if wish is not None:
            subscriber.follow(wish, subscriber.prepare(wish))

    def disconnected(self, socket: Socket, reason: str) -> None:
        del reason
        self._asked.pop(socket, None)
        subscriber = self._subscribers.pop(socket)
        subscriber.unfollow()
        self._admission.leave(socket, subscriber.grant)

    def farewell(self) -> None:
        """The server stops: everyone is told when to come back, spread over a while."""
        for number, socket in enumerate(tuple(self._subscribers)):
            after = round(self._settings.reconnect_spread * (number * _GOLDEN % 1), 3)
            socket.emit("goodbye", {"code": "restart", "message": "the server restarts", "retry_after_s": after})

    async def drain(self) -> None:
        """Wait for the answers to alerts that sockets have sent in."""
        await asyncio.gather(*self._offering)

    # --- what they ask

    def event(self, socket: Socket, name: str, args: list[Any], ack: int | None) -> None:
        subscriber = self._subscribers[socket]
        value = args[0] if args else None
        try:
            if name == "subscribe":
                self._subscribe(subscriber, value, ack)
            elif name == "unsubscribe":
                subscriber.unfollow()
                socket.ack(ack, {"ok": True})
            elif name == "send_alert":
                self._take(subscriber, value, ack)
            else:
                self._stream.gauges.unknown_events += 1
                raise unknown_event(name, _EVENTS)
        except TocsinError as error:
            self.refuse(socket, name, error, ack)

    def refuse(self, socket: Socket, name: str, error: TocsinError, ack: int | None) -> None:
        """An event is not taken. What was, perhaps under a wrong name, to bring an alert is told as such."""
        grant = self._subscribers[socket].grant
        ingest = name == "send_alert" or (name not in _EVENTS and grant.allows("ingest"))
        self._emit(Turned(error.code, error.message, grant.owner, socket.peer.session.address, ingest=ingest))
        socket.ack(ack, refusal(error))

    def _subscribe(self, subscriber: Subscriber, value: Any, ack: int | None) -> None:
        wish = self._wish(subscriber, value)
        begin = subscriber.prepare(wish)
        subscriber.socket.ack(ack, {"ok": True, "after": str(begin)})
        if not subscriber.socket.closed:
            subscriber.follow(wish, begin)

    def _wish(self, subscriber: Subscriber, value: Any) -> Wish:
        """`value` may be the error that it already is. Raises ForbiddenError or InvalidRequestError."""
        if not subscriber.grant.allows("read"):
            raise ForbiddenError("this token needs the scope read to subscribe")
        if isinstance(value, TocsinError):
            raise value
        return Wish.parse(value, self._stream.head)

    def _take(self, subscriber: Subscriber, value: Any, ack: int | None) -> None:
        if not subscriber.grant.allows("ingest"):
            raise ForbiddenError("this token needs the scope ingest to send alerts")
        task = asyncio.create_task(self._send_in(subscriber, value, ack))
        self._offering.add(task)
        task.add_done_callback(self._offering.discard)

    async def _send_in(self, subscriber: Subscriber, value: Any, ack: int | None) -> None:
        try:
            answer = _told(await self._offer(value, subscriber.grant.owner))
        except TocsinError as error:
            answer = refusal(error)
        except Exception as problem:  # noqa: BLE001 - whoever waits for an answer gets one, and the loop lives on
            self._emit(Trouble("send_alert_failed", repr(problem)))
            answer = refusal(TocsinError("the alert could not be taken: this is our fault, send it again"))
        if not subscriber.socket.closed:
            subscriber.socket.ack(ack, answer)


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What is no alert is answered like everything else that is wrong."""
    return {"ok": False, **answer} if "error" in answer else dict(answer)
