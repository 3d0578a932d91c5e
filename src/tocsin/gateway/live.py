"""The namespace `/`: sockets subscribe to alerts, come back where they left off, and send alerts in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tocsin.core.clock import Clock
from tocsin.core.errors import ForbiddenError, TocsinError
from tocsin.core.facts import Tell, Trouble, Turned
from tocsin.gateway.guests import Guests
from tocsin.gateway.peer import Socket
from tocsin.gateway.refusal import refusal, unknown_event
from tocsin.gateway.seat import Seat, Wish
from tocsin.gateway.settings import GatewaySettings
from tocsin.gateway.stream import Stream
from tocsin.gateway.wheel import Wheel

Offer = Callable[[object, str], Awaitable[Mapping[str, Any]]]
"""One alert from this owner; the answer as JSON. Raises TocsinError."""

_SCOPES = frozenset(("read", "ingest"))
_EVENTS = ("subscribe", "unsubscribe", "send_alert")
_GOLDEN = 0.618034  # its multiples, without their whole part, are spread evenly however many there are


class Live:
    def __init__(
        self,
        *,
        stream: Stream,
        guests: Guests,
        offer: Offer,
        wheel: Wheel,
        clock: Clock,
        settings: GatewaySettings,
        tell: Tell,
    ) -> None:
        self._stream = stream
        self._guests = guests
        self._offer = offer
        self._wheel = wheel
        self._clock = clock
        self._settings = settings
        self._tell = tell
        self._seats: dict[Socket, Seat] = {}
        self._asked: dict[Socket, Wish] = {}  # in a CONNECT that is being answered
        self._spread = 0.0
        self._offering: set[asyncio.Task[None]] = set()

    # --- coming and going

    def connect(self, socket: Socket, auth: Mapping[str, Any]) -> None:
        try:
            grant = self._guests.judge(socket, auth, _SCOPES)
            seat = Seat(socket, grant, self._stream, self._guests, self._settings.bookmark_every)
            if auth.get("subscribe") is not None:
                self._asked[socket] = self._wish(seat, auth["subscribe"])
        except TocsinError as error:
            raise self._guests.refuse(socket, error) from error
        self._seats[socket] = seat
        self._guests.enter(socket, grant)

    def connected(self, socket: Socket) -> None:
        seat = self._seats[socket]
        if seat.grant.allows("ingest"):
            socket.peer.widen()
        # Many connect in one moment after a restart; their bookmarks are spread over the whole interval.
        self._spread = (self._spread + _GOLDEN) % 1
        first = self._settings.bookmark_every * self._spread
        self._wheel.set(seat, seat.next_alarm(self._clock.monotonic(), first))
        wish = self._asked.pop(socket, None)
        if wish is not None:
            seat.follow(wish, seat.prepare(wish))

    def disconnected(self, socket: Socket, reason: str) -> None:
        del reason
        self._asked.pop(socket, None)
        seat = self._seats.pop(socket)
        seat.unfollow()
        self._guests.leave(socket, seat.grant)

    def farewell(self) -> None:
        """The server stops: everyone is told when to come back, spread over a while."""
        for number, socket in enumerate(tuple(self._seats)):
            after = round(self._settings.reconnect_spread * (number * _GOLDEN % 1), 3)
            socket.emit("goodbye", {"code": "restart", "message": "the server restarts", "retry_after_s": after})

    async def drain(self) -> None:
        """Wait for the answers to alerts that sockets have sent in."""
        await asyncio.gather(*self._offering)

    # --- what they ask

    def event(self, socket: Socket, name: str, args: list[Any], ack: int | None) -> None:
        seat = self._seats[socket]
        value = args[0] if args else None
        try:
            if name == "subscribe":
                self._subscribe(seat, value, ack)
            elif name == "unsubscribe":
                seat.unfollow()
                socket.ack(ack, {"ok": True})
            elif name == "send_alert":
                self._take(seat, value, ack)
            else:
                self._stream.gauges.unknown_events += 1
                raise unknown_event(name, _EVENTS)
        except TocsinError as error:
            self.refuse(socket, name, error, ack)

    def refuse(self, socket: Socket, name: str, error: TocsinError, ack: int | None) -> None:
        """An event is not taken. What was, perhaps under a wrong name, to bring an alert is told as such."""
        grant = self._seats[socket].grant
        ingest = name == "send_alert" or (name not in _EVENTS and grant.allows("ingest"))
        self._tell(Turned(error.code, error.message, grant.owner, socket.peer.session.address, ingest=ingest))
        socket.ack(ack, refusal(error))

    def _subscribe(self, seat: Seat, value: Any, ack: int | None) -> None:
        wish = self._wish(seat, value)
        begin = seat.prepare(wish)
        seat.socket.ack(ack, {"ok": True, "after": str(begin)})
        if not seat.socket.closed:
            seat.follow(wish, begin)

    def _wish(self, seat: Seat, value: Any) -> Wish:
        """`value` may be the error that it already is. Raises ForbiddenError or InvalidRequestError."""
        if not seat.grant.allows("read"):
            raise ForbiddenError("this token needs the scope read to subscribe")
        if isinstance(value, TocsinError):
            raise value
        return Wish.parse(value, self._stream.head)

    def _take(self, seat: Seat, value: Any, ack: int | None) -> None:
        if not seat.grant.allows("ingest"):
            raise ForbiddenError("this token needs the scope ingest to send alerts")
        task = asyncio.create_task(self._send_in(seat, value, ack))
        self._offering.add(task)
        task.add_done_callback(self._offering.discard)

    async def _send_in(self, seat: Seat, value: Any, ack: int | None) -> None:
        try:
            answer = _told(await self._offer(value, seat.grant.owner))
        except TocsinError as error:
            answer = refusal(error)
        except Exception as problem:  # noqa: BLE001 - whoever waits for an answer gets one, and the loop lives on
            self._tell(Trouble("send_alert_failed", repr(problem)))
            answer = refusal(TocsinError("the alert could not be taken: this is our fault, send it again"))
        if not seat.socket.closed:
            seat.socket.ack(ack, answer)


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What is no alert is answered like everything else that is wrong."""
    return {"ok": False, **answer} if "error" in answer else dict(answer)
